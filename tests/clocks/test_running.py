"""Running clocks: begun, suspended, resumed, extended, stopped, and what the law refuses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.clocks import shipped
from mashang.clocks.rules import (
    Calendar,
    ClockRow,
    due_of,
    explain_row,
    extend,
    lasting,
    read_rule,
    resume,
    start,
    stop,
    suspend,
    write_rule,
)
from mashang.clocks.rules.running import _counting
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


ACCEPTED = at("2026-03-02T09:10")


def make_clock(code: str = "XK-20", **changes: object) -> ClockRow:
    asked = {"at": ACCEPTED, "calendar": shipped.calendar(), "case_id": 1, "step_id": None, "party": "unit:7"}
    return start(shipped.rules()[code], **{**asked, **changes})  # type: ignore[arg-type]


def refused(code: str, act: object, *args: object) -> Refused:
    with pytest.raises(Refused) as refusal:
        act(*args)  # type: ignore[operator]
    assert refusal.value.code == code
    return refusal.value


@pytest.mark.row("A9")
def test_a_site_visit_suspends_the_statutory_clock_and_not_the_promised_one(calendar: Calendar) -> None:
    statutory, promised = make_clock(), make_clock("CN-x", limit="3wd")
    paused = resume(suspend(statutory, at("2026-03-04T09:00"), "site_visit"), at("2026-03-06T11:00"), calendar)
    assert statutory.due_at == at("2026-03-30T17:30")
    assert paused.due_at == at("2026-04-02T17:30")
    assert promised.due_at == at("2026-03-05T17:30")
    text = refused("clock.ground", suspend, promised, at("2026-03-04T09:00"), "site_visit").text
    assert "听证" in text


def test_a_suspended_clock_has_no_due_time_and_runs_up_no_lateness() -> None:
    clock = suspend(make_clock(), at("2026-03-04T09:00"), "hearing")
    assert (clock.state, clock.due_at) == ("suspended", None)
    refused("clock.suspended", suspend, clock, at("2026-03-05T09:00"), "hearing")


def test_two_grounds_at_once_take_their_union(calendar: Calendar) -> None:
    clock = suspend(make_clock(), at("2026-03-04T09:00"), "hearing")
    clock = suspend(clock, at("2026-03-06T09:00"), "expert_review")
    clock = resume(clock, at("2026-03-10T09:00"), calendar, "hearing")
    assert clock.state == "suspended"
    clock = resume(clock, at("2026-03-12T09:00"), calendar)
    one = resume(suspend(make_clock(), at("2026-03-04T09:00"), "hearing"), at("2026-03-12T09:00"), calendar)
    assert clock.due_at == one.due_at == at("2026-04-09T17:30")  # seven working days; Qingming between


PROCEDURES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 200), st.sampled_from(["hearing", "expert_review"])), max_size=4
)


@given(PROCEDURES)
def test_whatever_overlaps_the_clock_rests_until_the_last_has_ended_and_leaves_out_their_union(
    procedures: list[tuple[int, int, str]],
) -> None:
    """Each procedure is a step's: it begins after so many hours, lasts so many, and rests on a ground."""
    calendar, clock = shipped.calendar(), make_clock()
    moments = [(begin, 1, step) for step, (begin, _, _) in enumerate(procedures)]
    moments += [(begin + length, 0, step) for step, (begin, length, _) in enumerate(procedures)]
    lasts: set[int] = set()
    for hour, begins, step in sorted(moments):
        now, ground = ACCEPTED + timedelta(hours=hour), procedures[step][2]
        if begins:
            clock = suspend(clock, now, ground, of=step)
            refused("clock.suspended", suspend, clock, now, ground, None, step)
        else:
            clock = resume(clock, now, calendar, ground, step)
        lasts = lasts | {step} if begins else lasts - {step}
        assert {p.of for p in lasting(clock)} == lasts
        assert clock.state == ("suspended" if lasts else "running")
    spans = [(ACCEPTED + timedelta(hours=a), ACCEPTED + timedelta(hours=a + n)) for a, n, _ in procedures]
    assert clock.due_at == calendar.due(ACCEPTED, clock.total, spans, _counting(clock)).at


def test_the_warning_of_a_long_suspension_is_of_one_that_lasts(calendar: Calendar) -> None:
    long, short = at("2026-03-16T17:30"), at("2026-03-10T17:30")
    clock = suspend(make_clock(), at("2026-03-04T09:00"), "hearing", long, of=1)
    clock = suspend(clock, at("2026-03-05T09:00"), "hearing", short, of=2)
    assert clock.warn_at == short
    assert resume(clock, at("2026-03-06T09:00"), calendar, "hearing", 2).warn_at == long


def test_pausing_after_the_deadline_does_not_cure_lateness(calendar: Calendar) -> None:
    clock = make_clock("CN-x", limit="3wd")
    paused = suspend(clock, at("2026-03-05T18:00"), "hearing")  # half an hour too late
    assert paused.due_at == clock.due_at
    again = resume(paused, at("2026-03-20T09:00"), calendar)
    assert again.due_at == clock.due_at


def test_an_over_long_suspension_is_warned_of() -> None:
    told = suspend(make_clock(), at("2026-03-04T09:00"), "hearing", at("2026-03-16T17:30"))
    assert told.warn_at == at("2026-03-16T17:30")
    assert suspend(make_clock(), at("2026-03-04T09:00"), "hearing").warn_at == at("2026-04-03T09:00")


def test_a_suspension_never_lets_a_clock_fall_due_within_it(calendar: Calendar) -> None:
    clock = make_clock("FY-J", at=at("2026-02-05T09:00"))  # thirty days: Saturday 7 March, so Monday the 9th
    assert clock.due_at == at("2026-03-09T17:30")
    clock = resume(suspend(clock, at("2026-03-09T09:00"), "review_suspension"), at("2026-03-10T10:00"), calendar)
    assert clock.due_at == at("2026-03-11T17:30")


def test_an_extension_is_an_act_of_its_own_and_has_bounds(calendar: Calendar) -> None:
    clock, now = make_clock(), at("2026-03-20T09:00")
    longer = extend(clock, "10wd", now, calendar, "案情复杂")
    assert (str(longer.total), longer.limit) == ("30wd", "20wd")
    assert longer.due_at == at("2026-04-14T17:30")
    refused("clock.extended", extend, longer, "1wd", now, calendar, "再延")
    refused("clock.too-long", extend, clock, "11wd", now, calendar, "案情复杂")
    refused("limit.unit-differs", extend, clock, "10nd", now, calendar, "案情复杂")
    refused("clock.reason", extend, clock, "10wd", now, calendar, " ")
    refused("clock.late", extend, clock, "10wd", at("2026-03-30T17:31"), calendar, "案情复杂")
    refused("clock.no-extension", extend, make_clock("XK-BZ"), "1wd", ACCEPTED, calendar, "忙")


def test_a_stopped_clock_keeps_its_stop_and_moves_no_more() -> None:
    clock = make_clock("XK-BZ")
    late = stop(clock, at("2026-03-09T17:31"))
    assert (late.due_at, late.stopped_at) == (at("2026-03-09T17:30"), at("2026-03-09T17:31"))
    refused("clock.stopped", stop, late, at("2026-03-10T09:00"))
    refused("clock.stopped", suspend, late, at("2026-03-10T09:00"), "hearing")


def test_stopping_while_suspended_ends_the_pause_and_is_in_time() -> None:
    clock = stop(suspend(make_clock(), at("2026-03-04T09:00"), "hearing"), at("2026-08-01T09:00"))
    assert clock.pauses[0].end == at("2026-08-01T09:00")
    assert clock.due_at is None and clock.stopped_at == at("2026-08-01T09:00")


def test_time_does_not_run_backwards(calendar: Calendar) -> None:
    before = ACCEPTED - timedelta(days=1)
    refused("clock.reversed", suspend, make_clock(), before, "hearing")
    refused("clock.reversed", stop, make_clock(), before)
    refused("clock.reversed", resume, suspend(make_clock(), ACCEPTED, "hearing"), before, calendar)
    refused("clock.running", resume, make_clock(), ACCEPTED, calendar)


def test_a_limit_is_the_rules_or_the_cases_own() -> None:
    refused("clock.limit-missing", lambda: make_clock("CN-x"))
    refused("clock.limit-fixed", lambda: make_clock("XK-20", limit="30wd"))
    refused("limit.unit", lambda: make_clock("CN-x", limit="3x"))


def test_a_limit_may_lie_before_its_event() -> None:
    notice = make_clock("XK-TZ3", at=at("2026-03-20T09:00"))  # seven working days before the hearing
    assert notice.due_at == at("2026-03-11T17:30")


def test_a_renewal_is_due_when_the_licence_ends() -> None:
    clock = make_clock("XK-YX", limit="on:2026-06-30")
    assert clock.due_at == at("2026-07-01T00:00")
    refused("limit.past", lambda: make_clock("XK-YX", limit="on:2026-01-31"))


def test_an_open_pause_counts_to_now_when_the_due_time_is_asked_for(calendar: Calendar) -> None:
    clock = suspend(make_clock(), at("2026-03-04T09:00"), "hearing")
    assert due_of(clock, calendar, at("2026-03-06T12:00")).at == at("2026-04-02T17:30")


@pytest.mark.row("A9")
def test_a_clock_explains_itself_day_by_day(calendar: Calendar) -> None:
    clock = suspend(make_clock("XK-20"), at("2026-03-04T09:00"), "hearing")
    clock = resume(clock, at("2026-03-05T11:00"), calendar)
    lines = explain_row(clock, calendar)
    assert [line.day for line in lines] == [ACCEPTED.date() + timedelta(days=i) for i in range(len(lines))]
    assert sum(line.counted for line in lines) == lines[-1].number == 20
    assert clock.due_at is not None
    assert lines[-1].day == clock.due_at.date()
    assert all(line.article for line in lines)
    assert "起算当日不计" in lines[0].why
    assert "听证" in lines[2].why
    assert "第四十五条" in lines[2].article
    assert lines[1].article == "行政许可法第四十二条第一款"


def test_the_explanation_counts_what_the_calendar_counts(calendar: Calendar) -> None:
    for code in ("XF-60", "RX-T", "CF", "HCP-7"):
        clock = make_clock(code, at=at("2026-09-01T10:20"))
        lines = explain_row(clock, calendar)
        due = due_of(clock, calendar)
        assert lines[-1].day == due.day
        if code == "RX-T":
            assert lines[-1].number == 24 * 3600
        if code == "XF-60":
            assert lines[-1].number == 60
    rolled = explain_row(make_clock("XF-15", at=at("2026-02-06T10:00")), calendar)  # ends on Saturday 21 February
    assert "顺延" in rolled[-1].why
    assert rolled[-1].article == "民法典第二百零三条"
    assert [line.number for line in rolled][-3:] == [15, 15, 15]


def test_every_shipped_rule_reads_back_from_what_is_stored() -> None:
    for rule in shipped.rules().values():
        assert read_rule({**write_rule(rule), "grounds": [g.code for g in rule.grounds]}, shipped.grounds()) == rule


CATALOGUE = [
    "XK-BZ",
    "XK-20",
    "XK-45",
    "XK-CS",
    "XK-SD",
    "XK-TZ1",
    "XK-TZ2",
    "XK-TZ3",
    "XK-YX",
    "CN-x",
    "CN-R",
    "WS-1",
    "RQ-x",
    "CNZ-x",
    "HCP-7",
    "HCP-1",
    "HCP-10",
    "RX-x",
    "RX-T",
    "RX-E2",
    "RX-E24",
    "XF-15",
    "XF-5",
    "XF-60",
    "XF-FC",
    "XF-FH",
    "GK-20",
    "GK-7",
    "GK-15",
    "FY",
    "DC-OBJ",
    "DB-x",
    "WZ-FH",
    "CF",
    "TS-5",
    "TS-30",
    "LOG",
    "PIA",
]


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_catalogue_holds_every_clock_with_its_source(code: str) -> None:
    rule = shipped.rules()[code]
    assert rule.source
    assert rule.effect_label
    assert rule.trigger
    assert isinstance(rule.verified, bool)


def test_telling_nothing_in_five_days_means_accepted() -> None:
    assert make_clock("XK-BZ").effect == "deemed_accepted"
    assert shipped.rules()["XK-YX"].effect == "deemed_renewed"


def test_what_the_law_does_not_plainly_allow_is_marked() -> None:
    doubtful = {ground.code for ground in shipped.rules()["XK-20"].grounds if ground.doubtful}
    assert doubtful == {"site_visit", "supplement"}
    assert not shipped.rules()["TS-5"].verified
