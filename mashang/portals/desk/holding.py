"""In whose hands the time of a case went: each of its working hours in one party's, so that the parts add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from mashang.cases.queries import Line, Step
from mashang.clocks import queries as clocks
from mashang.clocks.rules import APPLICANT, EXCLUDED, ClockRow, Exclusion, Parts, StepSpan, attribute
from mashang.clocks.rules import Share as Stretch
from mashang.kernel.said import listed, said, told
from mashang.portals.shared.casepage import CasePage

Hand = tuple[int, datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Share:
    """Who held it, why if no unit did, working hours, and how much of the whole that is."""

    name: str
    note: str
    hours: str
    share: str


def shares(page: CasePage, now: datetime) -> list[Share]:
    """Who held the case for how many working hours, the longest first; none while no working hour has passed."""
    case = page.view.case
    end = max(case.settled_at or now, case.opened_at)
    hands = {_party(s): list(_hands(s, s.opened_at, page)) for s in page.view.steps if s.opened_at}
    spans = list(_spans(page))
    supplements, idle = list(_supplements(page.lines)), list(_unasked(page, spans, end))
    cut = attribute(
        case.opened_at, end, lead=f"unit:{case.lead_unit_id}", exclusions=list(_stopped(page.clocks)),
        applicant=[*supplements, *idle], steps=spans,
    )  # fmt: skip
    calendar = clocks.calendar_for(case.region, case.lead_unit_id, now)
    seconds = Parts(tuple(_by_unit(cut, hands))).weighed(lambda start, stop: calendar.elapsed(start, stop, "wh"))
    whole = sum(seconds.values())
    notes = {EXCLUDED: _grounds(page.clocks), APPLICANT: _waiting(bool(supplements), bool(idle))}
    return [
        Share(_name(party, page), notes.get(party, ""), _("%(n).1f 小时") % {"n": -less / 3600}, f"{-less / whole:.0%}")
        for less, party in sorted((-spent, party) for party, spent in seconds.items() if spent)
    ]


def _name(party: str, page: CasePage) -> str:
    if party == APPLICANT:
        return _("申请人")
    return _("依法不计入时限") if party == EXCLUDED else page.units.get(int(party.partition(":")[2]), "")


def _waiting(supplements: bool, idle: bool) -> str:
    words = [*([said("补正")] if supplements else []), *([said("还没有请求到场检查")] if idle else [])]
    return told(listed(words), _)


def _grounds(rows: Sequence[ClockRow]) -> str:
    grounds = {pause.ground: row.rule.ground(pause.ground) for row in _statutory(rows) for pause in row.pauses}
    return told(listed([known.label if known else code for code, known in grounds.items()]), _)


def _by_unit(cut: Parts, hands: Mapping[str, Sequence[Hand]]) -> Iterator[Stretch]:
    """The shares of steps as shares of the units that had the step then."""
    for share in cut.shares:
        if share.party not in hands:
            yield share
            continue
        for unit, opened, closed in hands[share.party]:
            start, end = max(share.start, opened), min(share.end, closed or share.end)
            if start < end:
                yield share._replace(party=f"unit:{unit}", start=start, end=end)


def _hands(step: Step, opened: datetime, page: CasePage) -> Iterator[Hand]:
    """The units that had the step, one after the other."""
    over = [line for line in page.lines if line.verb.endswith(".hand_over") and line.facts.get("step") == step.label]
    for line in over:
        yield line.facts.get("was", step.unit_id), opened, line.at
        opened = line.at
    yield step.unit_id, opened, None


def _statutory(rows: Iterable[ClockRow]) -> list[ClockRow]:
    return [row for row in rows if row.step_id is None and row.kind == "statutory" and row.party != APPLICANT]


def _stopped(rows: Iterable[ClockRow]) -> Iterator[Exclusion]:
    return (Exclusion(p.start, p.end, p.ground) for row in _statutory(rows) for p in row.pauses)


def _supplements(lines: Sequence[Line]) -> Iterator[tuple[datetime, datetime | None]]:
    """From each notice of what is missing to what was handed in on it."""
    begun: datetime | None = None
    for line in lines:
        if line.verb == "application.notice":
            begun = line.at
        elif line.verb == "application.supplement" and begun:
            yield begun, line.at
            begun = None
    if begun:
        yield begun, None


def _spans(page: CasePage) -> Iterator[StepSpan]:
    """When somebody had each step to do: one that waits to be asked for, while the time of its unit runs."""
    asked = _to_be_asked(page)
    for step in page.view.steps:
        if step.opened_at is None or step.state == "dropped":
            continue
        if step.kind not in asked:
            yield StepSpan(_party(step), step.opened_at, step.done_at)
            continue
        for row in page.clocks:
            if row.step_id == step.pk:
                yield StepSpan(_party(step), row.started_at, row.stopped_at)


def _unasked(page: CasePage, spans: Sequence[StepSpan], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When nothing was to be done but what the applicant has not asked for yet."""
    asked = _to_be_asked(page)
    for step in page.view.steps:
        start, stop = step.opened_at, step.done_at or end
        if start is None or step.state == "dropped" or step.kind not in asked:
            continue
        for span in sorted(spans, key=lambda s: s.opened_at):
            if start < span.opened_at < stop:
                yield start, span.opened_at
            start = max(start, span.closed_at or end)
        if start < stop:
            yield start, stop


def _to_be_asked(page: CasePage) -> set[str]:
    """Kinds of steps that wait until the applicant asks for them."""
    return {kind for verb in page.view.procedure.actions.values() if verb.untimed for kind in verb.steps}


def _party(step: Step) -> str:
    return f"step:{step.pk}"
