"""Lamps, rates, ranks and months, without a database."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.insight.rules import LEAST, Lamps, Rate, months_before, ranked
from mashang.kernel.clock import ZONE

COUNTS = st.integers(0, 200).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(
    ("counts", "lamp"),
    [
        ({"late": 1, "ok": 90}, "late"),  # one late case outweighs any number in time
        ({"warn": 2, "ok": 1}, "warn"),
        ({"ok": 1, "hold": 5}, "ok"),
        ({"hold": 1, "none": 3}, "hold"),
        ({"none": 3}, "none"),
        ({}, "none"),  # nothing open
        ({"late": 0, "ok": 1}, "ok"),  # a lamp that nothing shows does not burn
    ],
)
def test_a_place_shows_the_worst_lamp_that_burns(counts, lamp):
    assert Lamps(counts=counts).lamp == lamp


def test_a_lens_keeps_place_and_unit():
    lens = Lamps("350824", 7, {"late": 1}).lens("late")
    assert (lens.what, lens.place, lens.unit) == ("late", "350824", 7)


def test_a_rate_of_nothing_says_so_and_its_interval_is_everything():
    assert (Rate().share, Rate().interval) == (0.0, (0.0, 100.0))


def test_an_interval_is_wilsons():
    low, high = Rate(90, 100).interval
    assert (round(low, 3), round(high, 3)) == (82.563, 94.477)


def test_units_whose_intervals_overlap_share_the_places_between_them():
    rates = {1: Rate(99, 100), 2: Rate(98, 100), 3: Rate(40, 100), 4: Rate(LEAST - 1, LEAST - 1)}
    found = {one.unit: one for one in ranked(rates)}
    assert (found[1].rank, found[1].low, found[1].high) == (1, 1, 2)
    assert (found[2].rank, found[2].low, found[2].high) == (2, 1, 2)
    assert (found[3].rank, found[3].low, found[3].high) == (3, 3, 3)
    assert (found[4].rank, found[4].low, found[4].high) == (0, 0, 0)  # all in time, and too few to say so
    assert [one.unit for one in ranked(rates)] == [1, 2, 3, 4]


@given(st.dictionaries(st.integers(1, 30), COUNTS, max_size=12))
def test_every_rank_lies_between_the_places_that_the_counts_leave_open(counts):
    found = ranked({unit: Rate(*pair) for unit, pair in counts.items()})
    assert {one.unit for one in found} == counts.keys()
    sure = [one for one in found if one.rank]
    assert all(1 <= one.low <= one.rank <= one.high <= len(sure) for one in sure)
    assert all((one.rate.total >= LEAST) == bool(one.rank) for one in found)
    shares = [one.rate.share for one in sure]
    assert shares == sorted(shares, reverse=True)


def test_a_year_is_twelve_months_and_the_last_one_ends_now():
    now = datetime(2026, 3, 6, 9, 0, tzinfo=ZONE)
    spans = months_before(now)
    assert len(spans) == 12
    assert spans[0][0] == datetime(2025, 4, 1, tzinfo=ZONE)
    assert spans[-1] == (datetime(2026, 3, 1, tzinfo=ZONE), now)
    assert all(end == start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
