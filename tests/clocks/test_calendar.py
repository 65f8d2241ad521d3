"""Due times: golden dates, the options of statutes, seasons, regional orders, what no notice settles yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from mashang.clocks import shipped
from mashang.clocks.rules import (
    Calendar,
    Counting,
    Day,
    Limit,
    Notice,
    OpeningHours,
    Overlay,
    compile_calendar,
    doubts,
    read_notice,
)
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def local(text: str) -> date:
    return date.fromisoformat(text)


def at_work(calendar: Calendar, moment: datetime) -> bool:
    """Whether the second that begins then is one of working hours."""
    return calendar.elapsed(moment, moment + timedelta(seconds=1), "wh") == 1


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2025-01-24", 5, "2025-02-07"),  # Sunday 26 January worked, Spring Festival between
        ("2025-01-24", 20, "2025-02-27"),  # crosses Saturday 8 February at work
        ("2026-02-13", 1, "2026-02-14"),  # make-up Saturday
        ("2026-02-13", 20, "2026-03-19"),  # nine-day holiday
        ("2026-02-14", 5, "2026-02-28"),  # both ends Saturdays at work
        ("2026-09-24", 10, "2026-10-15"),  # Mid-Autumn, National Day, 10 October at work
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-04-30", 45, "2026-07-07"),  # joint handling
        ("2024-09-13", 20, "2024-10-17"),  # four make-up days
        ("2020-01-20", 20, "2020-02-25"),  # Spring Festival extended by a second notice
        ("2019-04-26", 5, "2019-05-06"),  # Sundays 28 April and 5 May at work
    ],
)
def test_golden_working_days(calendar: Calendar, start: str, days: int, end: str) -> None:
    assert calendar.due(local(start), Limit(days, "wd")).day == local(end)


@pytest.mark.row("A8")
@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-03-02T09:10", "4wh", "2026-03-02T15:40"),  # across lunch
        ("2026-03-02T14:30", "3wh", "2026-03-02T17:30"),  # due exactly at closing stays at closing
        ("2026-03-02T08:00", "4wh", "2026-03-02T12:00"),  # and so at the lunch break
        ("2026-03-02T12:30", "1wh", "2026-03-02T15:30"),  # begun in the lunch break
        ("2026-03-02T19:00", "4wh", "2026-03-03T12:00"),  # begun after closing
        ("2026-02-14T16:30", "2wh", "2026-02-24T09:00"),  # from a make-up Saturday over the holiday
        ("2026-03-06T16:00", "24h", "2026-03-07T16:00"),  # hours run through the weekend
    ],
)
def test_hours_run_from_the_instant(calendar: Calendar, start: str, limit: str, due: str) -> None:
    assert calendar.due(at(start), Limit.parse(limit)).at == at(due)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02", 30, "2026-04-01"),  # an ordinary day
        ("2026-03-02", 5, "2026-03-09"),  # ends on Saturday, rolls to Monday
        ("2026-09-21", 10, "2026-10-08"),  # ends on 1 October, rolls over the holiday
        ("2026-02-01", 13, "2026-02-14"),  # ends on a Saturday that is worked: stays
        ("2026-01-31", 28, "2026-02-28"),
    ],
)
def test_natural_days_roll_off_rest_days(calendar: Calendar, start: str, days: int, end: str) -> None:
    assert calendar.due(local(start), Limit(days, "nd")).day == local(end)


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-01-15", "6mo", "2026-07-15"),  # the same date
        ("2025-08-31", "6mo", "2026-02-28"),  # no 31st: the month's last day (民法典 202), a worked Saturday
        ("2024-02-29", "1yr", "2025-02-28"),  # no 29th
        ("2025-12-31", "2mo", "2026-02-28"),
        ("2025-10-01", "3mo", "2026-01-04"),  # 1 January is off, rolls to the worked Sunday
        ("2026-03-02", "on:2026-06-30", "2026-06-30"),  # a date that an order names
    ],
)
def test_months_years_and_named_dates(calendar: Calendar, start: str, limit: str, end: str) -> None:
    assert calendar.due(local(start), Limit.parse(limit, periods=True)).day == local(end)


def test_statutes_differ_in_what_they_count(calendar: Calendar) -> None:
    five = Limit(5, "wd")
    assert calendar.due(local("2026-03-02"), five, (), Counting(start_day=True)).day == local("2026-03-06")
    assert calendar.due(local("2026-03-07"), five, (), Counting(start_day=True)).day == local("2026-03-13")
    assert calendar.due(local("2026-03-02"), Limit(5, "nd"), (), Counting(rolls=False)).day == local("2026-03-07")
    assert calendar.due(at("2026-03-02T09:00"), five).at == at("2026-03-09T17:30")
    midnight = calendar.due(at("2026-03-02T09:00"), five, (), Counting(day_ends="midnight"))
    assert (midnight.at, midnight.day) == (at("2026-03-10T00:00"), local("2026-03-09"))
    opening = Counting(hour_ends="opening")
    assert calendar.due(at("2026-03-06T14:30"), Limit(3, "wh"), (), opening).at == at("2026-03-09T08:00")
    assert calendar.due(at("2026-03-06T14:30"), Limit(2, "wh"), (), opening).at == at("2026-03-06T16:30")


def test_overlapping_pauses_take_their_union(calendar: Calendar) -> None:
    start, limit = local("2026-03-02"), Limit(10, "wd")
    one = [(local("2026-03-04"), local("2026-03-10"))]
    two = [(local("2026-03-04"), local("2026-03-09")), (local("2026-03-06"), local("2026-03-10"))]
    assert calendar.due(start, limit, one) == calendar.due(start, limit, two)
    assert calendar.due(start, limit, one).day == local("2026-03-23")  # five working days later than 16 March


def test_a_day_that_a_pause_touches_is_not_counted(calendar: Calendar) -> None:
    pause = [(at("2026-03-04T16:00"), at("2026-03-05T09:00"))]
    assert calendar.due(at("2026-03-02T09:00"), Limit(3, "wd"), pause).day == local("2026-03-09")
    to_midnight = [(at("2026-03-04T16:00"), at("2026-03-05T00:00"))]
    assert calendar.due(at("2026-03-02T09:00"), Limit(3, "wd"), to_midnight).day == local("2026-03-06")


def test_hours_lose_just_the_paused_part(calendar: Calendar) -> None:
    pause = [(at("2026-03-02T10:00"), at("2026-03-02T11:00")), (at("2026-03-02T10:30"), at("2026-03-02T11:30"))]
    assert calendar.due(at("2026-03-02T09:00"), Limit(4, "wh"), pause).at == at("2026-03-02T17:00")
    assert calendar.due(at("2026-03-02T09:00"), Limit(24, "h"), pause).at == at("2026-03-03T10:30")


def test_a_pause_that_begins_after_the_end_changes_nothing(calendar: Calendar) -> None:
    due = calendar.due(at("2026-03-02T09:00"), Limit(3, "wh")).at
    assert calendar.due(at("2026-03-02T09:00"), Limit(3, "wh"), [(due, due + timedelta(days=3))]).at == due


def test_rolling_over_a_pause_is_a_matter_of_the_rule(calendar: Calendar) -> None:
    pause = [(local("2026-03-09"), local("2026-03-10"))]  # the Monday rolled to, and Tuesday
    start, limit = local("2026-03-02"), Limit(5, "nd")
    assert calendar.due(start, limit, pause).day == local("2026-03-09")
    assert calendar.due(start, limit, pause, Counting(over_pauses=True)).day == local("2026-03-11")


def test_past_the_known_notices_a_date_is_provisional(calendar: Calendar) -> None:
    known = calendar.due(local("2026-12-01"), Limit(20, "wd"))
    assert (known.day, known.provisional) == (local("2026-12-29"), False)
    unknown = calendar.due(local("2026-12-20"), Limit(20, "wd"))
    assert (unknown.day, unknown.provisional) == (local("2027-01-18"), True)  # Monday to Friday less 1 January
    assert calendar.settled_to == local("2026-12-31")
    assert not calendar.works(local("2027-10-01"))


def test_loading_the_next_notice_settles_the_year() -> None:
    notice = Notice(2027, (Day(local("2027-01-01"), "元旦", True), Day(local("2027-01-04"), "元旦", True)))
    later = compile_calendar([*shipped.notices(), notice])
    due = later.due(local("2026-12-20"), Limit(20, "wd"))
    assert (due.day, due.provisional) == (local("2027-01-19"), False)


def test_a_later_version_of_a_notice_replaces_the_earlier() -> None:
    first = [notice for notice in shipped.notices() if notice.year == 2026]
    moved = Notice(2026, (*first[0].days, Day(local("2026-03-02"), "试验", True)), version=2)
    calendar = compile_calendar([*shipped.notices(), moved])
    assert not calendar.works(local("2026-03-02"))
    assert compile_calendar([moved, *shipped.notices()]).works(local("2026-03-03"))


def test_a_typhoon_stops_the_clock_where_it_was_ordered() -> None:
    order = Overlay("3508", local("2026-07-20"), local("2026-07-21"), "台风停工", "龙政防指〔2026〕3号")
    there = compile_calendar(shipped.notices(), [order], region="350821")
    elsewhere = compile_calendar(shipped.notices(), [order], region="350602")
    start, limit = local("2026-07-17"), Limit(3, "wd")
    assert there.due(start, limit).day == local("2026-07-24")
    assert elsewhere.due(start, limit).day == local("2026-07-22")
    half = Overlay(
        "3508", local("2026-07-20"), local("2026-07-20"), "台风停工半日", "龙政防指〔2026〕4号", "14:30-17:30"
    )
    calendar = compile_calendar(shipped.notices(), [half], region="350821")
    assert calendar.due(at("2026-07-20T08:00"), Limit(3, "wh")).at == at("2026-07-20T17:30")


def test_an_order_needs_its_number_and_its_dates_in_order() -> None:
    with pytest.raises(Refused) as refusal:
        Overlay("3508", local("2026-07-21"), local("2026-07-20"), "台风停工", " ")
    assert [fault.code for fault in refusal.value.faults] == ["overlay.document", "overlay.reversed"]


def test_opening_hours_change_with_the_season_and_the_unit() -> None:
    hours = [
        OpeningHours("08:00-12:00,15:00-18:00", region="35", season=("05-01", "09-30")),
        OpeningHours("09:00-12:00,13:30-17:00", unit_id=7),
    ]
    province = compile_calendar(shipped.notices(), hours=hours, region="350800", unit_id=1)
    assert province.due(at("2026-06-01T11:00"), Limit(2, "wh")).at == at("2026-06-01T16:00")
    assert province.due(at("2026-03-02T11:00"), Limit(2, "wh")).at == at("2026-03-02T15:30")
    unit = compile_calendar(shipped.notices(), hours=hours, region="350800", unit_id=7)
    assert unit.due(at("2026-06-01T11:00"), Limit(2, "wh")).at == at("2026-06-01T14:30")
    winter = OpeningHours("08:30-12:00,14:00-17:30", season=("10-01", "04-30"))
    assert winter.holds(local("2026-12-01"))
    assert winter.holds(local("2026-02-01"))
    assert not winter.holds(local("2026-06-01"))


def test_a_few_days_go_before_a_season_and_a_season_before_what_always_holds() -> None:
    always = OpeningHours("08:30-12:00,14:00-17:30", region="35", valid_from=local("2026-01-01"))
    summer = OpeningHours(
        "08:00-12:00,15:00-18:00", region="35", season=("06-01", "09-30"), valid_to=local("2028-12-31")
    )
    rush = OpeningHours("07:00-12:00", region="35", valid_from=local("2026-07-06"), valid_to=local("2026-07-10"))
    for hours in permutations((always, summer, rush)):
        calendar = compile_calendar(shipped.notices(), hours=hours, region="350800")
        for day, opens, closed in (
            ("2026-03-02", "08:30", "08:00"),
            ("2026-06-01", "08:00", "07:00"),
            ("2026-07-07", "07:00", "06:59"),
        ):
            assert at_work(calendar, at(f"{day}T{opens}")) and not at_work(calendar, at(f"{day}T{closed}")), (
                hours,
                day,
            )
    newer = OpeningHours("09:00-12:00", region="35", valid_from=local("2026-02-01"))
    longer = OpeningHours("09:00-12:00", region="35", season=("05-01", "10-15"))
    years = replace(always, valid_from=local("2024-01-01"), valid_to=local("2028-12-31"))
    for older, later, day in (
        (always, newer, "2026-03-02"),
        (years, newer, "2026-03-02"),
        (summer, longer, "2026-08-03"),
    ):
        calendar = compile_calendar(shipped.notices(), hours=(older, later), region="350800")
        assert not at_work(calendar, at(f"{day}T08:45")) and at_work(
            calendar, at(f"{day}T09:00")
        )  # of two alike the later one


@pytest.mark.row("A21")
def test_a_counter_open_at_weekends_makes_saturday_no_working_day() -> None:
    hours = [OpeningHours("08:00-12:00,14:30-17:30", unit_id=9, rest_hours="09:00-12:00")]
    counter = compile_calendar(shipped.notices(), hours=hours, unit_id=9)
    saturday = at("2026-03-07T10:00")
    assert not counter.works(saturday.date())
    assert counter.due(saturday, Limit(1, "wd")).day == local("2026-03-09")


def test_counting_back_and_warning(calendar: Calendar) -> None:
    assert calendar.back(at("2026-03-20T09:00"), Limit(7, "wd")).day == local("2026-03-11")
    assert calendar.back(local("2026-03-20"), Limit(7, "nd")).day == local("2026-03-13")
    assert calendar.back(at("2026-03-20T09:00"), Limit(4, "wh")).at == at("2026-03-19T14:30")
    due = calendar.due(at("2026-03-02T09:00"), Limit(5, "wd")).at
    assert calendar.warning(at("2026-03-02T09:00"), due, Limit(1, "wd")) == at("2026-03-06T08:00")
    short = calendar.due(at("2026-03-02T09:00"), Limit(1, "wd")).at
    assert calendar.warning(at("2026-03-02T09:00"), short, Limit(1, "wd")) == at("2026-03-03T08:00")
    assert calendar.warning(at("2026-03-02T09:00"), at("2026-03-02T10:00"), Limit(2, "h")) is None


@pytest.mark.parametrize(
    ("event", "limit", "day"),
    [
        ("2026-06-30", "1mo", "2026-05-30"),  # not the working day before
        ("2026-03-31", "1mo", "2026-02-28"),  # that month's last day
        ("2026-01-15", "2mo", "2025-11-15"),
        ("2026-12-31", "1mo", "2026-11-30"),
        ("2028-02-29", "1yr", "2027-02-28"),
        ("2026-06-30", "on:2026-06-01", "2026-06-01"),
    ],
)
def test_months_and_years_are_counted_back_to_their_date(calendar: Calendar, event: str, limit: str, day: str) -> None:
    assert calendar.back(local(event), Limit.parse(limit, periods=True)).day == local(day)


@pytest.mark.parametrize("limit", ["999999999yr", "300mo", "9999999mo", "on:2000-01-01", "on:9000-01-01"])
def test_what_lies_outside_the_calendar_is_refused_backwards_too(calendar: Calendar, limit: str) -> None:
    with pytest.raises(Refused, match="日历"):
        calendar.back(local("2026-06-30"), Limit.parse(limit, periods=True))


@pytest.mark.parametrize(("ahead", "warned"), [("999999999nd", True), ("999999wd", True), ("999999h", False)])
def test_a_warning_before_the_calendar_begins_is_one_of_the_last_day(
    calendar: Calendar, ahead: str, warned: bool
) -> None:
    """As of every limit too short for its warning."""
    start, due = at("2026-03-02T09:00"), calendar.due(at("2026-03-02T09:00"), Limit(1, "wd")).at
    moment = calendar.warning(start, due, Limit.parse(ahead))
    assert moment == (at("2026-03-03T08:00") if warned else None)


def test_what_is_used_leaves_out_the_union_of_pauses(calendar: Calendar) -> None:
    pauses = [(local("2026-03-04"), local("2026-03-09")), (local("2026-03-06"), local("2026-03-10"))]
    assert calendar.elapsed(at("2026-03-02T09:00"), at("2026-03-12T10:00"), "wd", pauses) == 3
    assert calendar.elapsed(at("2026-03-02T09:00"), at("2026-03-12T10:00"), "nd") == 10
    assert calendar.elapsed(at("2026-03-02T09:00"), at("2026-03-03T09:00"), "wh") == 7 * 3600
    assert calendar.elapsed(at("2026-03-02T09:00"), at("2026-03-03T09:00"), "h") == 24 * 3600


@pytest.mark.parametrize("moment", [local("2006-12-31"), local("2037-01-01"), at("1999-01-01T00:00")])
def test_dates_outside_the_calendar_are_refused(calendar: Calendar, moment: date) -> None:
    with pytest.raises(Refused, match="超出工作日历") as refusal:
        calendar.due(moment, Limit(1, "wd"))
    assert refusal.value.code == "calendar.outside"


@pytest.mark.parametrize("limit", ["9000wd", "99999nd", "99999wh", "999999h", "50yr", "9000yr"])
def test_limits_that_leave_the_calendar_are_refused(calendar: Calendar, limit: str) -> None:
    with pytest.raises(Refused, match="超出工作日历"):
        calendar.due(local("2026-03-02"), Limit.parse(limit, periods=True))


@pytest.mark.parametrize("unit", ["wd", "nd", "wh", "h"])
def test_reversed_pauses_are_refused(calendar: Calendar, unit: str) -> None:
    for pause in ((local("2026-03-05"), local("2026-03-04")), (at("2026-03-05T10:00"), at("2026-03-05T09:00"))):
        with pytest.raises(Refused, match="起止颠倒"):
            calendar.due(local("2026-03-02"), Limit(20, unit), [pause])


def test_an_instant_of_another_zone_is_turned_into_local_time(calendar: Calendar) -> None:
    late = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # 01:00 on the third
    assert calendar.due(late, Limit(1, "wd")).day == local("2026-03-04")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("20x", "limit.unit"),
        ("20WD", "limit.unit"),
        ("6mo", "limit.unit"),  # months are for rules, not for offices
        ("wd", "limit.form"),
        ("-3wd", "limit.form"),
        ("1.5h", "limit.form"),
        ("２０wd", "limit.form"),  # full-width digits
        ("0wd", "limit.nothing"),
        ("", "limit.form"),
    ],
)
def test_limits_that_mean_nothing_are_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        Limit.parse(text)
    assert refusal.value.code == code


@pytest.mark.parametrize("text", ["8-12", "12:00-08:00", "08:00-25:00", "08:00-12:00,11:00-13:00", ""])
def test_opening_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        OpeningHours(text)
    assert refusal.value.code.startswith("hours.")


def test_every_fault_of_a_notice_is_named_at_once() -> None:
    days = [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-02-30", "isOffDay": True},
        {"name": "元旦", "date": "2029-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-02", "isOffDay": "yes"},
    ]
    with pytest.raises(Refused) as refusal:
        read_notice({"year": 2027, "days": days})
    codes = [fault.code for fault in refusal.value.faults]
    assert codes == ["notice.twice", "notice.date", "notice.far", "notice.row"]


def test_a_notice_that_makes_people_work_seven_days_is_doubted() -> None:
    notice = Notice(2027, (Day(local("2027-03-06"), "调休", False), Day(local("2027-03-03"), "调休", False)))
    assert any("连续上班七天" in doubt for doubt in doubts(notice)) is False
    both = Notice(2027, (Day(local("2027-03-06"), "调休", False), Day(local("2027-03-07"), "调休", False)))
    assert any("连续上班七天" in doubt for doubt in doubts(both))
    assert any("本来就是工作日" in doubt for doubt in doubts(notice))


def test_the_shipped_years_have_the_published_number_of_working_days(calendar: Calendar) -> None:
    counts = {2019: 250, 2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248}
    for year, expected in counts.items():
        first, last = calendar.index(date(year, 1, 1)), calendar.index(date(year, 12, 31))
        assert calendar.before[last + 1] - calendar.before[first] == expected, year
