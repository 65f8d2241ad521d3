"""One page for every kind of case: what rooms answered, put into what the components draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal

from django.utils.translation import gettext as _

from mashang.cases import queries as cases
from mashang.cases.queries import Line
from mashang.cases.rules import main_clock
from mashang.clocks import queries as clocks
from mashang.clocks.rules import WEEKEND, Calendar, ClockRow, Limit, lasting
from mashang.clocks.rules import Line as CountLine
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.said import said, told
from mashang.org import queries as org

from . import parts, words

HOUR = 3600


def remaining(
    due_at: datetime | None,
    now: datetime,
    calendar: Calendar,
    *,
    held: bool = False,
    settled: datetime | None = None,
    provisional: bool = False,
    ground: str = "",
    outcome: str = "",
) -> parts.Remaining:
    """How far off a due time is, counted by the calendar: working days, or hours on the last day. `outcome`: what to call
    it once it is settled."""
    if settled is not None:
        return parts.Remaining("done", due_at=settled, ground=outcome)
    if held:
        return parts.Remaining("paused", ground=ground or _("停表中"), due_at=due_at)
    if due_at is None:
        return parts.Remaining("none")
    if now > due_at:
        days = calendar.elapsed(due_at, now, "wd")
        return parts.Remaining("late", *_amount(days, now - due_at), due_at, "", provisional)
    days = calendar.elapsed(now, due_at, "wd")
    kind: parts.RemainingKind = "soon" if days <= 1 else "left"
    if days == 0:
        seconds = calendar.elapsed(now, due_at, "wh")
        if seconds < HOUR:
            return parts.Remaining("soon", seconds // 60, "min", due_at, "", provisional)
        return parts.Remaining("soon", seconds // HOUR, "wh", due_at, "", provisional)
    return parts.Remaining(kind, days, "wd", due_at, "", provisional)


def _amount(days: int, span: timedelta) -> tuple[int, parts.Unit]:
    if days:
        return days, "wd"
    hours = int(span.total_seconds()) // HOUR
    return (hours, "h") if hours else (max(int(span.total_seconds()) // 60, 1), "min")


def row_remaining(row: cases.Row | cases.Task, now: datetime) -> parts.Remaining:
    """The same for a line of a list."""
    case = row.case if isinstance(row, cases.Task) else row
    calendar = clocks.calendar_for(case.region, case.lead_unit_id, now)
    due = row.due_at or case.due_at  # a step without a clock of its own waits on the case's
    held = row.held or (due is case.due_at and case.held)
    return remaining(due, now, calendar, held=held, settled=case.settled_at, outcome=case.state_label)


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything a case page draws. `why` explains the due time shown; `lines` are the timeline, oldest first."""

    view: cases.CaseView
    state: tuple[str, str]
    remaining: parts.Remaining
    ribbon: parts.Ribbon | None
    why_title: str
    why: list[parts.WhyLine]
    moments: list[parts.Moment]
    lines: Sequence[Line]
    clocks: Sequence[ClockRow]
    units: dict[int, str]


def case_page(view: cases.CaseView, by: Actor, now: datetime) -> CasePage:
    """The page of a case that the actor was let in to."""
    rows = cases.clocks_of(view)
    lines = cases.timeline(view, by)
    case = view.case
    calendar = clocks.calendar_for(case.region, case.lead_unit_id, now)
    main = main_clock((r for r in rows if r.step_id is None), stopped=True)
    live = main and main.state != "stopped"
    ground = _ground(main) if main and main.state == "suspended" else ""
    due = case.due_at or min((s.due_at for s in view.open_steps if s.due_at), default=None)
    left = remaining(
        due, now, calendar, held=case.held, settled=case.settled_at, ground=ground,
        provisional=bool(live and main and main.provisional), outcome=view.state_label,
    )  # fmt: skip
    explained = main if live or case.settled_at else None  # nothing falls due while it waits for the applicant
    return CasePage(
        view,
        (state_lamp(case.settled_at, case.state, left), view.state_label),
        left,
        ribbon(view, rows, calendar, now),
        _("为什么是 %(day)s") % {"day": words.date_words(clock.local(explained.due_at).date())}
        if explained and explained.due_at
        else _("时限怎么算"),
        why(explained, now) if explained else [],
        moments(lines),
        lines,
        rows,
        {u.id: u.short_name for u in org.units_of(case.units)},
    )


def state_lamp(settled: datetime | None, state: str, left: parts.Remaining) -> str:
    """The lamp of a state: a settled case is done, a running one as its clock stands."""
    return "done" if settled else left.lamp


def _ground(row: ClockRow) -> str:
    last = (lasting(row) or row.pauses)[-1].ground
    known = row.rule.ground(last)
    return known.label if known else last


def why(row: ClockRow, now: datetime) -> list[parts.WhyLine]:
    """The count of a clock, day by day: days in a row that do not count for one reason stand in one line."""
    by_hours, begun = Limit.parse(row.limit, periods=True).by_hours, clock.local(row.started_at).date()
    start = _("%(when)s %(start)s，自此时起算") if by_hours else _("%(when)s %(start)s，当日不计")
    start %= {"when": words.when(row.started_at), "start": told(row.rule.trigger, _)}
    lines = [parts.WhyLine(_("起算"), start, source="民法典第二百零一条")]
    told_of = (line for line in clocks.explanation(row, now) if line.counted or line.day != begun)
    for reason, days in groupby(told_of, _reason):
        if reason:
            lines.append(_off([line.day for line in days], *reason))
            continue
        lines += [_counted(line, by_hours) for line in days]
    if row.due_at:
        tail = _("（暂定，待下一年放假通知）") if row.provisional else ""
        lines.append(parts.WhyLine(_("到期"), words.when(row.due_at) + tail, "due", str(row.rule.source)))
    return lines


def _reason(line: CountLine) -> tuple[str, str] | None:
    """Why a day does not count, and by which article; the days of a weekend have one reason. None for one that counts."""
    if line.counted:
        return None
    return (said("周末休息，不计"), WEEKEND) if line.article == WEEKEND else (line.why, line.article)


def _counted(line: CountLine, by_hours: bool) -> parts.WhyLine:
    label = _("累计 %(n)s") % {"n": _hours(line.number)} if by_hours else _("第 %(n)s 日") % {"n": line.number}
    return parts.WhyLine(label, f"{words.day_words(line.day)} {words.weekday(line.day)}", "count")


def _hours(seconds: int) -> str:
    return _("%(n).1f 小时") % {"n": seconds / HOUR}


def _off(days: list[date], reason: str, article: str) -> parts.WhyLine:
    first, last = words.day_words(days[0]), words.day_words(days[-1])
    return parts.WhyLine(_("不计"), f"{first}{'' if first == last else ' — ' + last} {told(reason, _)}", "off", article)


def moments(lines: Iterable[Line]) -> list[parts.Moment]:
    """The timeline, newest first, with a lamp where something went wrong or waits."""
    lamps: dict[str, parts.LampState] = {
        "overdue": "late",
        "notice": "hold",
        "start_visit": "hold",
        "remind": "warn",
        "supervised": "late",
        "revoked": "late",
        "erased": "hold",
    }
    found = []
    for line in lines:
        verb = line.verb.partition(".")[2]
        lamp: parts.LampState | Literal[""] = "late" if line.facts.get("breach") else lamps.get(verb, "")
        found.append(parts.Moment(line.at, line.text, line.by, lamp))
    return found[::-1]


def ribbon(view: cases.CaseView, rows: Sequence[ClockRow], calendar: Calendar, now: datetime) -> parts.Ribbon | None:
    """A line a step, what happened against what was promised; long cases show their last forty days. None where nothing was
    done in them."""
    case = view.case
    steps = [s for s in view.steps if s.opened_at is not None and s.state != "dropped"]
    if not steps:
        return None
    end = case.settled_at or now
    main = main_clock((r for r in rows if r.step_id is None), stopped=True)
    promised = main.due_at if main and main.state != "stopped" else None
    last = max([end, *([promised] if promised else []), *(s.due_at for s in steps if s.due_at and s.state == "open")])
    first = max(case.opened_at, end - timedelta(days=40))
    pauses = [(p.start, p.end or now, _pause_name(r, p.ground)) for r in rows if r.step_id is None for p in r.pauses]
    drawn = tuple(_row(s, first, now, pauses) for s in steps if (s.done_at or now) >= first)
    if case.settled_at and not any(row.segments for row in drawn):
        return None
    days = clock.local(first).date(), clock.local(last).date()
    return parts.Ribbon(
        drawn, tuple(_open_hours(calendar, *days)), now if case.settled_at is None else None, promised,
        closed=_closed(calendar, *days), uid=f"ribbon-{case.pk}",
    )  # fmt: skip


def _pause_name(row: ClockRow, code: str) -> str:
    known = row.rule.ground(code)
    return _(known.label) if known else code


def _row(
    step: cases.Step, first: datetime, now: datetime, pauses: list[tuple[datetime, datetime, str]]
) -> parts.RibbonRow:
    opened, done, due = step.opened_at, step.done_at, step.due_at
    start, end = max(opened or first, first), done or now
    late_from = due if due and end > due else None
    kind: parts.SegmentKind = "done" if done else "doing"
    to = words.when(end) if done else _("现在")
    title = _("%(from)s 至 %(to)s") % {"from": words.when(opened or first), "to": to}
    segments = [parts.Segment(start, late_from or end, kind, title)] if (late_from or end) > start else []
    if late_from and due:
        segments.append(
            parts.Segment(max(late_from, start), end, "late", _("超过时限 %(due)s") % {"due": words.when(due)})
        )
    if due and not done and due > now:
        segments.append(parts.Segment(now, due, "planned", _("应于 %(due)s 前办结") % {"due": words.when(due)}))
    if step.kind == "site_visit":
        segments += [
            parts.Segment(max(a, start), min(b, end), "pause", _("停表：%(why)s") % {"why": why})
            for a, b, why in pauses
            if b > start and a < end
        ]
    note = (_("已办") if done else _("在办")) if not late_from else _("超期")
    return parts.RibbonRow(_(step.label), tuple(segments), note, due)


def _closed(calendar: Calendar, first: date, last: date) -> dict[date, str]:
    """What the days without working time are called, weekends apart."""
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    named = ((day, calendar.names.get(calendar.index(day), ("",))[0]) for day in every if not calendar.works(day))
    return {day: told(name, _) for day, name in named if name}


def _open_hours(calendar: Calendar, first: date, last: date) -> Iterable[tuple[datetime, datetime]]:
    """The open stretches of each working day, as the scale of the ribbon."""
    day = first
    while day <= last:
        if calendar.works(day):
            for opens, closes in calendar.tables[calendar.index(day)].spans:
                start = calendar.index(day) * 86400
                yield calendar.instant(start + opens), calendar.instant(start + closes)
        day += timedelta(days=1)
