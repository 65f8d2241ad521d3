"""What times are computed from: notices, regional orders, opening hours, clock rules.

Each change adds a `Revision`, which is in force once committed; `recomputing` then moves what runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext_noop

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.ledger.actions import record
from mashang.ledger.rules import Entry

from .. import queries, shipped
from ..rules import (
    YEAR,
    ClockRule,
    NewVersion,
    Notice,
    OpeningHours,
    Overlay,
    Timetable,
    next_version,
    read_notice,
    read_reason,
    too_long,
    write_rule,
)
from .recomputing import Recomputed, recompute
from .writing import columns

SEEDED = gettext_noop("系统初始化")
PAPER = 500
ORDER: Mapping[str, int] = {"reason": 100, "document": 100, "hours": 100}
HOURS: Mapping[str, int] = {"hours": 100, "rest_hours": 100}
"""Characters that are kept at most."""


@transaction.atomic
def seed_catalogue(*, by: str = SEEDED, now: datetime) -> int:
    """Load the shipped notices and clock rules that are not there yet, whatever version. Gives how many were new."""
    years = {notice.year for notice in queries.notices()}
    codes = {rule.code for rule in queries.rules()}
    notices = [notice for notice in shipped.notices() if notice.known and notice.year not in years]
    rules = [rule for code, rule in shipped.rules().items() if code not in codes]
    if notices or rules:
        revision = revise("装入随附的放假通知和时钟目录", by=by, now=now)
        note("clock.seeded", "calendar", by=by, now=now, facts={"notices": len(notices), "rules": len(rules)})
        for notice in notices:
            _insert_notice(notice, revision)
        _insert_rules(rules, revision)
    return len(notices) + len(rules)


def revise(what: str, *, by: str, now: datetime) -> int:
    """Note a change that times depend on; gives the new version. Processes see it within `queries.FRESH` seconds."""
    sql.run("select pg_advisory_xact_lock(hashtext('clocks_revision'))")
    found = sql.run("insert into clocks_revision (what, by, at) values (%s, %s, %s) returning id", [what, by, now])
    queries.forget()
    transaction.on_commit(queries.forget)
    return int(found.fetchone()[0])


def load_notice(data: Mapping[str, Any], *, by: Actor | str, now: datetime) -> Recomputed:
    """Keep a notice as the next version of its year, and move what runs. Refuses an empty or faulty notice."""
    read = read_notice(data)
    if any(len(paper) > PAPER for paper in read.papers):
        raise Refused("text.long", said("不能超过 {most} 个字。", most=PAPER), "paper")
    if not read.known:
        raise Refused(
            "notice.empty", said("{year} 年的放假通知没有任何日期，请等通知公布后再装入。", year=read.year), "days"
        )
    with transaction.atomic():
        revision = revise(f"装入 {read.year} 年放假通知", by=_name(by), now=now)
        former = [notice for notice in queries.notices() if notice.year == read.year]
        version = 1 + max((notice.version for notice in former), default=0)
        _insert_notice(replace(read, version=version), revision)
        note("calendar.notice_loaded", "calendar", by=by, now=now, facts={"year": read.year, "version": version})
    return recompute(now=now, since=_first_day([*former, read]))


def _first_day(versions: Sequence[Notice]) -> datetime:
    """The first day that a year's notices settle: some begin in the December before."""
    named = (day.date for notice in versions for day in notice.days)
    return datetime.combine(min([date(versions[-1].year, 1, 1), *named]), time(), ZONE)


def load_overlay(overlay: Overlay, *, by: Actor | str, now: datetime) -> Recomputed:
    """Keep a regional order (with its reason and document number), and move what runs there. Refuses hours that are none,
    texts and periods that are too long: once kept, they would stop or slow every clock of the place."""
    read_reason(overlay.reason)
    faults = too_long(overlay, ORDER)
    if (overlay.last - overlay.first).days >= YEAR:
        faults.append(Fault("overlay.long", "一次地区安排最长一年，请核对止日；更长的请分次登记。", "last"))
    _fits(faults)
    if overlay.hours:
        Timetable.parse(overlay.hours)
    with transaction.atomic():
        revision = revise(f"地区安排 {overlay.document}", by=_name(by), now=now)
        sql.run(
            "insert into clocks_overlay (region, first, last, hours, reason, document, revision_id)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                overlay.region,
                overlay.first,
                overlay.last,
                overlay.hours or "",
                overlay.reason,
                overlay.document,
                revision,
            ],
        )
        facts = {"region": overlay.region, "first": overlay.first, "last": overlay.last, "reason": overlay.reason}
        note("calendar.order_loaded", "calendar", by=by, now=now, facts=facts | {"document": overlay.document})
    return recompute(now=now)


def load_hours(hours: OpeningHours, *, by: Actor | str, now: datetime) -> Recomputed:
    """Keep opening hours of a region or a unit, and move what runs there. Refuses texts that are too long, and an end
    before the beginning."""
    faults = too_long(hours, HOURS)
    if hours.valid_from and hours.valid_to and hours.valid_to < hours.valid_from:
        faults.append(Fault("hours.ends", "停用日期早于启用日期，请核对。", "valid_to"))
    _fits(faults)
    first, last = hours.season or ("", "")
    with transaction.atomic():
        revision = revise(f"办公时间 {hours.hours}", by=_name(by), now=now)
        sql.run(
            "insert into clocks_opening (region, unit_id, hours, rest_hours, season_first, season_last, valid_from,"
            " valid_to, revision_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [hours.region, hours.unit_id, hours.hours, hours.rest_hours, first, last, hours.valid_from, hours.valid_to,
             revision],
        )  # fmt: skip
        facts = {"region": hours.region, "unit": hours.unit_id, "hours": _whole(hours)}
        note("calendar.hours_loaded", "calendar", by=by, now=now, facts=facts)
    return recompute(now=now)


def withdraw(table: Literal["overlay", "opening"], row_id: int, *, by: Actor | str, now: datetime) -> Recomputed:
    """Take a regional order or opening hours back: the row stays, marked, and what runs is moved. Refuses twice."""
    with transaction.atomic():
        revision = revise("撤销地区安排" if table == "overlay" else "撤销办公时间", by=_name(by), now=now)
        found = sql.run(_WITHDRAW[table], [revision, row_id]).fetchone()
        if found is None:
            raise Refused("clocks.withdrawn", "没有这条安排，或者它已经撤销。")
        what = _whole(queries.opening_from(found[1:])) if table == "opening" else found[1]
        note("calendar.withdrawn", "calendar", by=by, now=now, facts={"region": found[0], "what": what})
    return recompute(now=now)


_WITHDRAW = {
    "overlay": "update clocks_overlay set withdrawn_id = %s where id = %s and withdrawn_id is null"
    " returning region, reason || '（' || document || '）'",
    "opening": "update clocks_opening set withdrawn_id = %s where id = %s and withdrawn_id is null"
    f" returning region, {queries.OPENING}",
}


def _whole(hours: OpeningHours) -> str:
    """What opening hours say and when they hold, for the record, in figures that every language reads: season and period
    as from/to, hours on rest days behind a plus."""
    parts = ["/".join(hours.season)] if hours.season else []
    if hours.valid_from or hours.valid_to:
        parts.append(f"{hours.valid_from or '..'}/{hours.valid_to or '..'}")
    if hours.rest_hours:
        parts.append(f"+{hours.rest_hours}")
    return f"{hours.hours} ({'; '.join(parts)})" if parts else hours.hours


def publish_rule(rule: ClockRule, *, after: int | None = None, by: Actor | str, now: datetime) -> ClockRule:
    """Publish a rule, or its next version; clocks that run stay on the version they began under.

    `after`: the version that the new one was written from. Refuses when somebody has published another since, and a
    version that changes nothing.
    """
    with transaction.atomic():
        revision = revise(f"时钟规则 {rule.code}", by=_name(by), now=now)
        known = {known.code: known for known in queries.rules()}.get(rule.code)
        if known is not None and replace(rule, version=known.version) == known:
            text = said("内容与现行第 {version} 版相同，没有新的版本可以发布。", version=known.version)
            raise Refused("clock.unchanged", text)
        if after is not None and (known.version if known else 0) != after:
            raise Refused("conflict.clock", "您填写时已有人发布了新的版本，请刷新页面，在新版本上修改。")
        version = known.version + 1 if known else 1
        _insert_rules([rule], revision, version)
        length = str(rule.limit) if rule.limit else ""
        facts = {"code": rule.code, "label": rule.label, "version": version, "limit": length, "verified": rule.verified}
        note("clock.published", rule.code, by=by, now=now, facts=facts | {"source": rule.source})
    return queries.rule_for(rule.code)


def revise_rule(code: str, form: NewVersion, *, after: int, by: Actor | str, now: datetime) -> ClockRule:
    """Publish what a form makes of version `after` as the next one. Refuses every fault of the form at once, and what
    `publish_rule` refuses."""
    asked = next_version(queries.rule_for(code, after), form, queries.known_grounds(), queries.known_effects())
    return publish_rule(asked, after=after, by=by, now=now)


def note(verb: str, subject: str, *, by: Actor | str, now: datetime, facts: Mapping[str, Any]) -> None:
    """Record a change in the ledger, in the caller's transaction, under "clocks/calendar" or "clocks/" and the code."""
    who = by.ref if isinstance(by, Actor) else "system"
    record([Entry(f"clocks/{subject}", verb, who, now, dict(facts))])


def _fits(faults: list[Fault]) -> None:
    if faults:
        raise Refused.of(faults)


def _insert_notice(notice: Notice, revision: int) -> None:
    days = [{"name": day.name, "date": day.date.isoformat(), "isOffDay": day.off} for day in notice.days]
    sql.run(
        "insert into clocks_notice (year, version, papers, days, revision_id) values (%s, %s, %s::text[], %s::jsonb, %s)",
        [notice.year, notice.version, list(notice.papers), json.dumps(days, ensure_ascii=False), revision],
    )
    queries.forget()


def _insert_rules(rules: Sequence[ClockRule], revision: int, version: int = 1) -> None:
    if not rules:
        return
    rows = [
        (r.code, version, json.dumps(write_rule(r), ensure_ascii=False), r.source, r.verified, revision) for r in rules
    ]
    sql.run(
        "insert into clocks_rule (code, version, definition, source, verified, revision_id)"
        " select c, v, d::jsonb, s, f, r from unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::bool[],"
        " %s::bigint[]) as n (c, v, d, s, f, r)",
        columns(rows),
    )
    queries.forget()


def _name(by: Actor | str) -> str:
    return by if isinstance(by, str) else by.name or by.ref
