"""What makes a day a working day: the yearly notice, regional orders, and what is assumed before the notice is out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mashang.kernel.refused import Fault, Refused, together
from mashang.kernel.said import said

# 全国年节及纪念日放假办法 (2024) art. 2: those that fall on the same date each year. The others follow moon or sun.
FIXED = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}


@dataclass(frozen=True, slots=True)
class Day:
    """One day that a notice names: off, or a weekend day that is worked."""

    date: date
    name: str
    off: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's holiday notice (国务院办公厅放假安排); `papers` are where it was published. Later `version`s replace."""

    year: int
    days: tuple[Day, ...]
    papers: tuple[str, ...] = ()
    version: int = 1

    @property
    def known(self) -> bool:
        """An empty notice says nothing: the year is still to be announced."""
        return bool(self.days)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A regional order about some days, such as a typhoon stoppage (三停一休): always with its document number.

    `hours` None makes the days rest days; a timetable makes them working days of those hours.
    """

    region: str
    first: date
    last: date
    reason: str
    document: str
    hours: str | None = None

    def __post_init__(self) -> None:
        together(lambda: read_document(self.document), self._in_order)

    def _in_order(self) -> None:
        if self.last < self.first:
            raise Refused("overlay.reversed", "地区停工安排的起止日期颠倒，请核对。", "last")


def read_reason(text: str) -> str:
    """Why something is ordered. Refuses none."""
    if not text.strip():
        raise Refused("overlay.reason", "请写明事由，例如台风停工。", "reason")
    return text.strip()


def read_document(text: str) -> str:
    """The number of the document that orders something. Refuses none."""
    if not text.strip():
        raise Refused("overlay.document", "地区停工安排必须写明文号。", "document")
    return text.strip()


def read_notice(data: Mapping[str, Any], version: int = 1) -> Notice:
    """A notice from its JSON form (year, papers, days of name, date, isOffDay), as NateScarlet/holiday-cn writes it.

    Refuses, naming every fault, what is no date, a date named twice, and a date that is not near the year.
    """
    year = data.get("year")
    if not isinstance(year, int) or not 1949 < year < 2200:
        raise Refused("notice.year", "放假通知缺少年份，或年份不是数字，请核对文件。", "year")
    rows = data.get("days")
    if not isinstance(rows, list):
        raise Refused("notice.days", "放假通知缺少日期列表（days），请核对文件。", "days")
    faults: list[Fault] = []
    days: dict[date, Day] = {}
    for number, row in enumerate(rows, 1):
        day = _read_day(row, number, year, faults)
        if day and day.date in days:
            faults.append(
                Fault(
                    "notice.twice", said("第 {number} 条的日期 {date} 重复出现。", number=number, date=day.date), "days"
                )
            )
        elif day:
            days[day.date] = day
    if faults:
        raise Refused.of(faults)
    return Notice(year, tuple(days.values()), tuple(str(paper) for paper in data.get("papers") or ()), version)


def _read_day(row: object, number: int, year: int, faults: list[Fault]) -> Day | None:
    if not isinstance(row, dict) or not isinstance(row.get("isOffDay"), bool):
        faults.append(
            Fault(
                "notice.row",
                said("第 {number} 条须有 name、date 和 isOffDay（true 或 false）。", number=number),
                "days",
            )
        )
        return None
    try:
        day = date.fromisoformat(str(row.get("date")))
    except ValueError:
        faults.append(
            Fault(
                "notice.date", said("第 {number} 条的日期“{day}”不存在。", number=number, day=row.get("date")), "days"
            )
        )
        return None
    if not date(year - 1, 12, 1) <= day <= date(year + 1, 1, 31):
        faults.append(
            Fault(
                "notice.far",
                said("第 {number} 条的日期 {day} 不属于 {year} 年的通知。", number=number, day=day, year=year),
                "days",
            )
        )
        return None
    return Day(day, str(row.get("name") or ""), row["isOffDay"])


def doubts(notice: Notice) -> list[str]:
    """What a reader should look at again before a notice is used; none of it is forbidden.

    More than six days' work on end (全国年节及纪念日放假办法 art. 7), a day marked off or worked that is so anyway.
    """
    named = {day.date: day for day in notice.days}
    found = []
    for day in notice.days:
        if day.off is False and day.date.weekday() < 5:
            found.append(f"{day.date} 本来就是工作日，却标为调休上班。")
    run, day_ = 0, date(notice.year, 1, 1)
    while notice.known and day_.year == notice.year:
        worked = not named[day_].off if day_ in named else day_.weekday() < 5
        run = run + 1 if worked else 0
        if run == 7:
            found.append(f"到 {day_} 已连续上班七天，超过六天，请核对。")
        day_ += timedelta(days=1)
    return found


def latest(notices: Sequence[Notice]) -> list[Notice]:
    """For each year the notice of the highest version, in the order of years."""
    best: dict[int, Notice] = {}
    for notice in notices:
        if notice.year not in best or notice.version >= best[notice.year].version:
            best[notice.year] = notice
    return [best[year] for year in sorted(best)]
