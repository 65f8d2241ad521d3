"""A running clock as a value: each step gives a new row or refuses; the database only keeps what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .calendar import Calendar
from .counting import Counting, Due, Line
from .explain import explain
from .limit import Limit
from .rule import ClockRule, Kind

State = Literal["running", "suspended", "stopped"]
LONG = 30  # days after which an open suspension warns when no expected end was told


class Pause(NamedTuple):
    """A suspension; `end` None while it is open. `expected`: the end that the applicant was told; `of`: the step that has it."""

    start: datetime
    end: datetime | None
    ground: str
    expected: datetime | None = None
    of: int | None = None

    @property
    def told(self) -> datetime:
        """From when on it lasts too long."""
        return self.expected or self.start + _DAY * LONG


class Extended(NamedTuple):
    """An extension, an act of its own: when, by how much, and on what ground."""

    at: datetime
    limit: str
    ground: str


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A row of clocks_clock. `limit` is the limit begun with; extensions come on top.

    `due_at` is None while suspended (unless it was late already: a pause never cures lateness). `warn_at`: when to
    warn before the end, or of a suspension that lasts too long. `id` is 0 until written.
    """

    case_id: int
    step_id: int | None
    code: str
    label: str
    kind: Kind
    party: str
    limit: str
    started_at: datetime
    due_at: datetime | None
    rule: ClockRule = field(repr=False, compare=False)
    warn_at: datetime | None = None
    provisional: bool = False
    state: State = "running"
    fired_at: datetime | None = None
    warned_at: datetime | None = None
    stopped_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extended, ...] = ()
    rule_version: int = 1
    calendar_version: int = 0
    region: str = ""
    unit_id: int | None = None
    effect: str = ""
    id: int = 0

    @property
    def total(self) -> Limit:
        """The limit with its extensions."""
        total = Limit.parse(self.limit, periods=True)
        for extension in self.extensions:
            total = total.plus(Limit.parse(extension.limit, periods=True))
        return total

    @property
    def wake_at(self) -> datetime | None:
        """When a sweep must next look at the clock: its warning or its due time, whichever is still to fire and first."""
        if self.state == "stopped":
            return None
        pending = [
            moment
            for moment, done in ((self.warn_at, self.warned_at), (self.due_at, self.fired_at))
            if moment is not None and done is None
        ]
        return min(pending, default=None)


def start(
    rule: ClockRule,
    *,
    at: datetime,
    calendar: Calendar,
    case_id: int,
    step_id: int | None = None,
    party: str,
    limit: Limit | str | None = None,
    label: str = "",
) -> ClockRow:
    """Set a clock going at `at`. `limit` is needed, and allowed, only where the rule leaves it to the case."""
    length = rule.length(limit)
    back = rule.direction == "before"
    due = calendar.back(at, length) if back else calendar.due(at, length, counting=rule.counting)
    return ClockRow(
        case_id=case_id,
        step_id=step_id,
        code=rule.code,
        label=label or rule.label,
        kind=rule.kind,
        party=party,
        limit=str(length),
        started_at=at,
        due_at=due.at,
        rule=rule,
        warn_at=warning_of(rule, at, due.at, calendar),
        provisional=due.provisional,
        rule_version=rule.version,
        calendar_version=calendar.version,
        region=calendar.region,
        unit_id=calendar.unit_id,
        effect=rule.effect,
    )


def suspend(
    row: ClockRow, at: datetime, ground: str, expected: datetime | None = None, of: int | None = None
) -> ClockRow:
    """Suspend on a legal ground that the clock's rule allows; `expected` is the end told to the applicant, `of` the step
    whose work it is for.

    Another ground, or another step on the same, may begin while the first still lasts: only their union is left out.
    Suspending a clock that is late already is recorded, but its due time stands (pausing after the deadline does not cure
    lateness).
    """
    _refuse_stopped(row)
    found = row.rule.ground(ground)
    if not found:
        raise _unlawful(row, ground)
    if any(pause.of == of for pause in lasting(row, ground)):
        raise Refused(
            "clock.suspended",
            said("“{label}”已因“{ground}”中止，尚未恢复，不必重复中止。", label=row.label, ground=found.label),
            "ground",
        )
    _refuse_before(row, at)
    late, pause = row.due_at is not None and at >= row.due_at, Pause(at, None, ground, expected, of)
    return replace(
        row,
        state="suspended",
        pauses=(*row.pauses, pause),
        due_at=row.due_at if late else None,
        warn_at=min([pause.told, *(p.told for p in lasting(row) if p.told > at)]),
        warned_at=None,
    )


def _unlawful(row: ClockRow, ground: str) -> Refused:
    allowed = [g.label for g in row.rule.grounds]
    return Refused(
        "clock.ground",
        said(
            "“{label}”不能以“{ground}”为由中止；可以中止的事由：{allowed}。",
            label=row.label,
            ground=ground,
            allowed=allowed,
        )
        if allowed
        else said("“{label}”不能以“{ground}”为由中止；该时限依法不得中止。", label=row.label, ground=ground),
        "ground",
    )


def lasting(row: ClockRow, ground: str = "", of: int | None = None) -> list[Pause]:
    """The suspensions that last: all of them, or on one `ground`, or of one step; what belongs to no step counts with each."""
    open_ = (pause for pause in row.pauses if pause.end is None)
    return [p for p in open_ if ground in ("", p.ground) and (of is None or p.of in (None, of))]


def resume(row: ClockRow, at: datetime, calendar: Calendar, ground: str = "", of: int | None = None) -> ClockRow:
    """End the suspension (on one `ground`, of one step, or all of them); when none lasts any more the due time is computed
    anew."""
    _refuse_stopped(row)
    ending = lasting(row, ground, of)
    if not ending:
        raise Refused("clock.running", said("“{label}”没有中止，不需要恢复。", label=row.label), "ground")
    if any(at < pause.start for pause in ending):
        raise Refused("clock.reversed", said("“{label}”的恢复时间早于中止时间，请核对。", label=row.label), "at")
    pauses = tuple(pause._replace(end=at) if pause in ending else pause for pause in row.pauses)
    row = replace(row, pauses=pauses)
    if left := lasting(row):
        ahead = [pause.told for pause in left if pause.told > at]
        return replace(row, warn_at=min(ahead), warned_at=None) if ahead else row
    return _timed(replace(row, state="running", warned_at=None), calendar)


def extend(row: ClockRow, limit: Limit | str, at: datetime, calendar: Calendar, ground: str) -> ClockRow:
    """Lengthen the limit, as far and as often as the rule allows, with a reason, and before it has run out."""
    _refuse_stopped(row)
    more = Limit.parse(limit, periods=True) if isinstance(limit, str) else limit
    allowed = row.rule.extension
    if not allowed:
        raise Refused("clock.no-extension", said("“{label}”依规定不得延长。", label=row.label), "limit")
    if len(row.extensions) >= allowed.times:
        raise Refused(
            "clock.extended",
            said("“{label}”最多延长 {times} 次，已经用完。", label=row.label, times=allowed.times),
            "limit",
        )
    if not ground.strip():
        raise Refused("clock.reason", "请写明延长的理由，并告知申请人。", "ground")
    if more.unit == allowed.limit.unit and more.amount > allowed.limit.amount:
        raise Refused(
            "clock.too-long",
            said("“{label}”一次最多延长{most}。", label=row.label, most=allowed.limit.label),
            "limit",
        )
    if row.due_at is not None and at > row.due_at:
        raise Refused("clock.late", said("“{label}”已经到期，延长须在到期之前办理。", label=row.label), "at")
    _refuse_before(row, at)
    row.total.plus(more)
    row = replace(row, extensions=(*row.extensions, Extended(at, str(more), ground)))
    return _timed(replace(row, warned_at=None), calendar) if row.state == "running" else row


def stop(row: ClockRow, at: datetime) -> ClockRow:
    """What was promised is done (or fell away): the clock stands still for good; open pauses end with it."""
    _refuse_stopped(row)
    _refuse_before(row, at)
    pauses = tuple(pause if pause.end else pause._replace(end=at) for pause in row.pauses)
    return replace(row, state="stopped", stopped_at=at, pauses=pauses)


def due_of(row: ClockRow, calendar: Calendar, now: datetime | None = None) -> Due:
    """When the row is due by its own pauses and extensions; with `now` an open pause is taken to end then.

    A pause that begins after the due time that stood without it changes nothing.
    """
    if row.rule.direction == "before":
        return calendar.back(row.started_at, row.total)
    return calendar.due(row.started_at, row.total, _effective(row, calendar, now), _counting(row))


def explain_row(row: ClockRow, calendar: Calendar, now: datetime | None = None) -> list[Line]:
    """The count of the row, day by day, with the grounds of its pauses."""
    spans = _effective(row, calendar, now)
    grounds = {pause.start: pause.ground for pause in row.pauses}
    names = [_named(row, grounds[first]) for first, _ in spans]
    return explain(calendar, row.started_at, row.total, spans, _counting(row), names, row.rule.source)


def _effective(row: ClockRow, calendar: Calendar, now: datetime | None) -> list[tuple[datetime, datetime]]:
    kept: list[tuple[datetime, datetime]] = []
    for pause in sorted(row.pauses):
        end = pause.end or now
        if end is None or end <= pause.start:
            continue
        if pause.start >= calendar.due(row.started_at, row.total, kept, _counting(row)).at:
            break
        kept.append((pause.start, end))
    return kept


def _counting(row: ClockRow) -> Counting:
    return replace(row.rule.counting, over_pauses=True) if row.pauses else row.rule.counting


def _named(row: ClockRow, code: str) -> str:
    ground = row.rule.ground(code)
    return f"{ground.label}，{ground.article}" if ground and ground.article else ground.label if ground else code


def _timed(row: ClockRow, calendar: Calendar) -> ClockRow:
    due = due_of(row, calendar)
    return replace(
        row,
        due_at=due.at,
        provisional=due.provisional,
        warn_at=warning_of(row.rule, row.started_at, due.at, calendar),
        calendar_version=calendar.version,
    )


def warning_of(rule: ClockRule, started_at: datetime, due_at: datetime, calendar: Calendar) -> datetime | None:
    """When the coming end of a clock is warned of, by its rule."""
    if rule.warn is None or rule.direction == "before":
        return None
    return calendar.warning(started_at, due_at, rule.warn)


def _refuse_stopped(row: ClockRow) -> None:
    if row.state == "stopped":
        raise Refused("clock.stopped", said("“{label}”已经结束，不能再变动。", label=row.label))


def _refuse_before(row: ClockRow, at: datetime) -> None:
    if at < row.started_at and row.rule.direction == "after":
        raise Refused("clock.reversed", said("“{label}”的办理时间早于起算时间，请核对。", label=row.label), "at")


_DAY = date(2000, 1, 2) - date(2000, 1, 1)
