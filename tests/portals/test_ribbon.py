"""Where the clock ribbon puts things."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel import clock
from mashang.portals.shared import charts, ribbon, samples
from mashang.portals.shared.parts import Bar, Ribbon, RibbonRow, Segment

WORKING = samples.working("2026-11-02", "2026-12-31")
FIRST = clock.local(datetime.fromisoformat("2026-11-02 08:00"))
minutes = st.integers(0, 40 * 24 * 60)


def at(text: str) -> datetime:
    return clock.local(datetime.fromisoformat(text))


def after(n: int) -> datetime:
    return FIRST + timedelta(minutes=n)


@given(st.lists(minutes, min_size=2, max_size=12), st.booleans())
def test_later_never_stands_left_of_earlier(moments, calendar):
    moments = sorted(moments)
    row = RibbonRow("步骤", (Segment(after(moments[0]), after(moments[-1]), "done"),))
    scale = ribbon.axis(Ribbon((row,), WORKING if calendar else ()), 860)
    xs = [scale.x(after(m)) for m in moments]
    assert xs == sorted(xs)
    assert all(0 <= x <= scale.width + 0.001 for x in xs)


@given(minutes, minutes)
def test_the_pieces_of_a_bar_follow_each_other_and_leave_closed_days_out(a, b):
    start, end = after(min(a, b)), after(max(a, b))
    scale = ribbon.axis(Ribbon((RibbonRow("x", (Segment(start, end, "done"),)),), WORKING), 860)
    pieces = scale.pieces(start, end)
    assert all(left <= right for left, right in pieces)
    assert all(one[1] <= two[0] for one, two in zip(pieces, pieces[1:], strict=False))
    closed = [(s.x, s.x + s.width) for s in scale.stretches if s.closed]
    assert not [1 for left, right in pieces for a, b in closed if left < b - 0.01 and a + 0.01 < right]


def test_equal_working_time_is_equally_long_and_nights_take_no_room():
    row = RibbonRow("x", (Segment(at("2026-11-19 08:00"), at("2026-11-20 17:30"), "done"),))
    scale = ribbon.axis(Ribbon((row,), WORKING), 700)
    morning = scale.x(at("2026-11-19 12:00")) - scale.x(at("2026-11-19 08:00"))
    afternoon = scale.x(at("2026-11-19 17:30")) - scale.x(at("2026-11-19 14:30"))
    assert morning / afternoon == pytest.approx(4 / 3)
    assert scale.x(at("2026-11-19 17:30")) == pytest.approx(scale.x(at("2026-11-20 08:00")))


def test_a_weekend_breaks_the_bar_and_is_named():
    drawing = ribbon.draw(samples.ribbon(), 960)
    planning = drawing.rows[2]
    assert [r.kind for r in planning.rects] == ["doing", "doing", "planned"]
    assert [g.label for g in drawing.closed] == ["周末不计"]
    assert [head.text for head in drawing.heads] == ["11-19 周四", "11-20 第 1 日", "11-23 第 2 日", "11-24 第 3 日"]


def test_many_days_make_the_ribbon_wider_rather_than_unreadable():
    row = RibbonRow("x", (Segment(at("2026-11-02 08:00"), at("2026-12-28 17:30"), "done"),))
    drawing = ribbon.draw(Ribbon((row,), WORKING), 500)
    assert float(drawing.width) > 500
    xs = [float(h.x) for h in drawing.heads]
    assert all(b - a > 33 for a, b in zip(xs, xs[1:], strict=False))


def test_now_and_promise_keep_apart_and_inside():
    close = replace(samples.ribbon(), now=at("2026-11-24 17:00"))
    drawing = ribbon.draw(close, 960)
    assert (drawing.now.anchor, drawing.promised.anchor) in {("end", "start"), ("end", "end")}
    assert ribbon.text_width("承诺") > 0
    alone = ribbon.draw(replace(samples.ribbon(), promised=None), 960)
    assert alone.promised is None


def test_every_stretch_is_also_told_in_words():
    drawing = ribbon.draw(samples.ribbon(), 960)
    assert drawing.rows[3].words[1] == "现场踏勘停表 95 分（行政许可法第四十五条）"
    untitled = ribbon.draw(samples.long_ribbon(), 960)
    assert untitled.rows[0].words == ("已完成 09-21 09:00 – 09-25 10:00",)


def test_a_ribbon_without_any_instant_is_refused():
    with pytest.raises(ValueError, match="at least one instant"):
        ribbon.draw(Ribbon((RibbonRow("x", ()),)))


def test_a_single_instant_can_be_drawn():
    moment = at("2026-11-19 09:00")
    assert ribbon.draw(Ribbon((RibbonRow("x", (Segment(moment, moment, "done"),)),), WORKING)).rows[0].rects


def test_bars_share_one_scale_and_intervals_show_their_ends():
    whole, half = charts.meters([Bar("a", 10), Bar("b", 5)])
    assert (whole.width, half.width) == ("100", "50")
    (interval,) = charts.meters([Bar("c", 93, low=92, high=94)], top=100, floor=80)
    assert (interval.x, interval.width, interval.interval) == ("60", "10", True)
    assert charts.meters([Bar("zero", 0)])[0].width == "0.6"


def test_a_spark_needs_two_values():
    assert charts.spark([1.0]) is None
    assert charts.spark([1, 1]).line == "M2 2L118 2"
    assert charts.spark([1, 2], [0, 1], [2, 3]).band.endswith("Z")
