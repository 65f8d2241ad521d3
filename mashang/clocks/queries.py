"""What others may ask: rules, calendars, the clocks of a case. Rules and calendars are kept per process.

What is kept is as fresh as the newest `Revision` seen, looked at again at most every `FRESH` seconds, so that the hot
path sends no statement for it. A clock begun on a calendar replaced in those seconds is caught by `recompute`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from django.db import connection, transaction

from mashang.kernel import sql
from mashang.kernel.clock import ZONE, local
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from . import shipped
from .events import SENTENCES as SENTENCES
from .rules import (
    Calendar,
    ClockRow,
    ClockRule,
    Extended,
    Ground,
    Limit,
    Line,
    Notice,
    OpeningHours,
    Overlay,
    Pause,
    compile_calendar,
    explain_row,
    period_of,
    read_notice,
    read_rule,
)

FRESH = 5.0  # seconds
PLACES = 20_000  # whose calendars a process keeps
COLUMNS = (
    "id, case_id, step_id, code, label, kind, party, amount, unit, extended, started_at, due_at, warn_at,"
    " state, fired_at, warned_at, stopped_at, pauses, extensions, rule_version, calendar_version, region, unit_id, effect"
)


class Moved(NamedTuple):
    """A due time that a revised calendar moved, and whom to tell."""

    clock_id: int
    case_id: int
    step_id: int | None
    label: str
    party: str
    old_due_at: datetime
    new_due_at: datetime


@dataclass(slots=True)
class _Kept:
    """What this process holds of one revision."""

    revision: int
    looked: float
    rules: dict[str, list[ClockRule]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    hours: list[OpeningHours] = field(default_factory=list)
    compiled: dict[object, Calendar] = field(default_factory=dict)
    calendars: dict[tuple[str, int | None], Calendar] = field(default_factory=dict)


_kept: list[_Kept] = []


def forget() -> None:
    """Drop what this process keeps: after a change it made itself, and between tests."""
    _kept.clear()


def revision() -> int:
    """The version of calendars and rules that this process computes with."""
    return _current().revision


def rule_for(code: str, version: int | None = None) -> ClockRule:
    """The clock rule of a code: its newest version, or the one that a running clock began under."""
    versions = _current().rules.get(code)
    if not versions:
        raise Refused(
            "clock.rule-unknown", said("没有编号为“{code}”的时钟规则，请管理员先在时钟目录中登记。", code=code)
        )
    if version is None:
        return versions[-1]
    if not 1 <= version <= len(versions):
        raise Refused("clock.rule-version", said("时钟规则“{code}”没有第 {version} 版。", code=code, version=version))
    return versions[version - 1]


def rules() -> list[ClockRule]:
    """The newest version of every clock rule, by code."""
    return [versions[-1] for _, versions in sorted(_current().rules.items())]


class Published(NamedTuple):
    """A version of a clock rule, with whoever published it and when."""

    rule: ClockRule
    by: str
    at: datetime


def versions(code: str) -> list[Published]:
    """Every version of a clock rule, the newest first. Refuses an unknown code."""
    rule_for(code)
    found = sql.run(
        "select r.version, v.by, v.at from clocks_rule r join clocks_revision v on v.id = r.revision_id"
        " where r.code = %s order by r.version desc",
        [code],
    )
    return [Published(rule_for(code, version), by, local(at)) for version, by, at in found.fetchall()]


class Use(NamedTuple):
    """How many clocks a version has: those that run (suspended ones too), of how many cases and steps, and all ever."""

    running: int
    cases: int
    steps: int
    ever: int


def in_use(code: str | None = None) -> dict[tuple[str, int], Use]:
    """Clocks by rule and version; of one rule when its code is given. Reads every clock: ask it for administrators alone."""
    found = sql.run(
        "select code, rule_version, count(*) filter (where state <> 'stopped'),"
        " count(distinct case_id) filter (where state <> 'stopped'),"
        " count(distinct step_id) filter (where state <> 'stopped'), count(*)"
        " from clocks_clock where %s::text is null or code = %s group by code, rule_version",
        [code, code],
    )
    return {(row[0], row[1]): Use(*row[2:]) for row in found.fetchall()}


def known_grounds() -> dict[str, Ground]:
    """Every lawful ground of suspension, by code: those that come with the platform, and those of rules."""
    return {**{g.code: g for rule in rules() for g in rule.grounds}, **shipped.grounds()}


def known_effects() -> dict[str, str]:
    """What may follow when a clock runs out: code → words."""
    return {**{rule.effect: rule.effect_label for rule in rules()}, **shipped.effects()}


def calendar_for(region: str, unit_id: int | None, at: datetime | None = None) -> Calendar:
    """The calendar of a place: national notices, orders for its region, hours of the unit. Refuses an `at` outside it."""
    kept = _current()
    calendar = kept.calendars.get((region, unit_id))
    if calendar is None:
        if len(kept.calendars) >= PLACES:  # anybody may ask for any place
            kept.calendars.clear()
        calendar = kept.calendars[region, unit_id] = _compiled(kept, region, unit_id).scoped(region, unit_id)
    if at is not None:
        calendar.second(at)
    return calendar


def _compiled(kept: _Kept, region: str, unit_id: int | None) -> Calendar:
    """Places that no order and no hours of their own tell apart share one compiled calendar."""
    hours = tuple(h for h in kept.hours if h.applies(region, unit_id))
    overlays = tuple(o for o in kept.overlays if region.startswith(o.region))
    if (hours, overlays) not in kept.compiled:
        kept.compiled[hours, overlays] = compile_calendar(
            kept.notices, overlays, hours, region=region, unit_id=unit_id, version=kept.revision
        )
    return kept.compiled[hours, overlays]


class Order(NamedTuple):
    """A regional order ("overlay") or opening hours ("opening") in force, in words: what, and when ("" is always). `region`
    "" is everywhere, `unit` None every unit there."""

    table: str
    id: int
    words: str
    when: str
    region: str
    unit: int | None


def orders() -> list[Order]:
    """Orders and opening hours in force, newest first."""
    overlays = sql.run(
        "select id, region, first, last, reason, document, hours from clocks_overlay where withdrawn_id is null order by id desc"
    ).fetchall()
    found = [
        Order("overlay", id_, said(
            "{reason}（{document}）{hours}", reason=reason, document=document, hours=open_ or said("停工"),
        ), period_of(first, last), region, None)
        for id_, region, first, last, reason, document, open_ in overlays
    ]  # fmt: skip
    rows = sql.run(f"select id, {OPENING} from clocks_opening where withdrawn_id is null order by id desc").fetchall()
    for id_, *row in rows:
        hours = opening_from(row)
        found.append(Order("opening", id_, hours.words, hours.when, hours.region, hours.unit_id))
    return found


OPENING = "hours, region, unit_id, season_first, season_last, valid_from, valid_to, rest_hours"


def opening_from(row: Sequence[Any]) -> OpeningHours:
    """Opening hours from the columns of `OPENING`."""
    season = (row[3], row[4]) if row[3] else None
    return OpeningHours(row[0], row[1], row[2], season, row[5], row[6], row[7])


def notices() -> list[Notice]:
    """Every version of every year's notice, in order."""
    return list(_current().notices)


def clocks_of(case_id: int) -> list[ClockRow]:
    """Every clock of a case, begun first first, stopped ones too."""
    return rows(sql.run(f"select {COLUMNS} from clocks_clock where case_id = %s order by started_at, id", [case_id]))


def open_clocks(case_id: int, step_id: int | None = None) -> list[ClockRow]:
    """The clocks of a case that an act may move, locked until the transaction ends so that no sweep fires them meanwhile.

    With `step_id`: those of that step and those of the case itself; without: all of them.
    """
    return rows(sql.run(*reading_open("%s", [case_id], step_id)))


def reading_open(case: str, values: Sequence[Any], step_id: int | None) -> tuple[str, list[Any]]:
    """`open_clocks` as a statement (its answer goes through `rows`), for the case whose id the SQL expression gives."""
    text = (
        f"select {COLUMNS} from clocks_clock where case_id = ({case}) and state <> 'stopped'"
        " and (%s::bigint is null or step_id is null or step_id = %s) order by id for no key update"
    )
    return text, [*values, step_id, step_id]


def explanation(row: ClockRow, now: datetime) -> list[Line]:
    """The row's due time, day by day, on the calendar of its place; an open pause is taken to end now."""
    return explain_row(row, calendar_for(row.region, row.unit_id), now)


@contextmanager
def recomputing() -> Iterator[None]:
    """One at a time computes clocks anew; readers of moves wait, for its windows are not committed in the order of their ids."""
    if connection.in_atomic_block:
        sql.run(f"select pg_advisory_xact_lock({_MOVING})")
        yield
        return
    sql.run(f"select pg_advisory_lock({_MOVING})")
    try:
        yield
    finally:
        sql.run(f"select pg_advisory_unlock({_MOVING})")


_MOVING = "hashtext('clocks_move')"


@transaction.atomic
def moves_after(move_id: int, limit: int) -> list[tuple[int, Moved]]:
    """What revised calendars moved after the move with this id, oldest first, each with its own id: for whoever tells.

    Waits for a recomputation, so that none is committed later with a smaller id.
    """
    sql.run(f"select pg_advisory_xact_lock_shared({_MOVING})")
    found = sql.run(
        "select m.id, m.clock_id, m.case_id, c.step_id, c.label, c.party, m.old_due_at, m.new_due_at"
        " from clocks_move m join clocks_clock c on c.id = m.clock_id where m.id > %s order by m.id limit %s",
        [move_id, limit],
    )
    return [(n, Moved(a, b, c, d, e, local(old), local(new))) for n, a, b, c, d, e, old, new in found.fetchall()]


def rows(found: Iterable[Sequence[Any]]) -> list[ClockRow]:
    """Rows of `COLUMNS` as values, each with the rule version that it began under."""
    return [_row(values) for values in found]


def _row(v: Sequence[Any]) -> ClockRow:
    started, due = v[10].astimezone(ZONE), _at(v[11])
    unsettled = due is not None and calendar_for(v[21], v[22]).unsettled_between(started, due, v[8])
    return ClockRow(
        id=v[0], case_id=v[1], step_id=v[2], code=v[3], label=v[4], kind=v[5], party=v[6],
        limit=str(Limit(v[7], v[8])), started_at=started, due_at=due, warn_at=_at(v[12]), provisional=unsettled,
        state=v[13], fired_at=_at(v[14]), warned_at=_at(v[15]), stopped_at=_at(v[16]),
        pauses=tuple(_pause(p) for p in sql.read_json(v[17])),
        extensions=tuple(_extended(e) for e in sql.read_json(v[18])), rule_version=v[19], calendar_version=v[20],
        region=v[21], unit_id=v[22], effect=v[23], rule=rule_for(v[3], v[19]),
    )  # fmt: skip


def _at(value: datetime | None) -> datetime | None:
    return value and value.astimezone(ZONE)


def _pause(p: Sequence[Any]) -> Pause:
    start, end, ground, expected, of = (*p, None, None)[:5]
    return Pause(_read(start), end and _read(end), ground or "", expected and _read(expected), of)


def _extended(e: Sequence[str]) -> Extended:
    return Extended(_read(e[0]), e[1], e[2])


def _read(text: str | None) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone(ZONE)


def _current() -> _Kept:
    tick = monotonic()
    if _kept and tick - _kept[0].looked < FRESH:
        return _kept[0]
    number = sql.run("select coalesce(max(id), 0) from clocks_revision").fetchone()[0]
    if _kept and _kept[0].revision == number:
        _kept[0].looked = tick
        return _kept[0]
    _kept[:] = [_load(number, tick)]
    return _kept[0]


def _load(number: int, tick: float) -> _Kept:
    kept = _Kept(number, tick)
    for code, definition, version in sql.run(
        "select code, definition, version from clocks_rule order by code, version"
    ):
        kept.rules.setdefault(code, []).append(rule_from(json.loads(definition), version))
    for year, version, papers, days in sql.run(
        "select year, version, papers, days from clocks_notice order by year, version"
    ):
        kept.notices.append(read_notice({"year": year, "papers": papers, "days": json.loads(days)}, version))
    for row in sql.run(
        "select region, first, last, reason, document, hours from clocks_overlay where withdrawn_id is null order by id"
    ):
        kept.overlays.append(Overlay(row[0], row[1], row[2], row[3], row[4], row[5] or None))
    rows = sql.run(f"select {OPENING} from clocks_opening where withdrawn_id is null order by id").fetchall()
    kept.hours += [opening_from(row) for row in rows]
    return kept


def rule_from(definition: dict[str, Any], version: int) -> ClockRule:
    """A rule from its stored definition, which holds its grounds whole."""
    grounds = {g["code"]: Ground(**g) for g in definition["grounds"]}
    return read_rule({**definition, "grounds": [*grounds]}, grounds, version)
