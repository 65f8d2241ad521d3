"""Whose second was it? Each second of a case belongs to exactly one party, and the parts add up to the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from mashang.kernel.refused import Refused

EXCLUDED, APPLICANT = "excluded", "applicant"


class StepSpan(NamedTuple):
    """A step in somebody's hands: `closed_at` None while it is open."""

    party: str
    opened_at: datetime
    closed_at: datetime | None = None


class Exclusion(NamedTuple):
    """Time that the law does not count (a hearing, an expert review), with its ground; `end` None while it lasts."""

    start: datetime
    end: datetime | None
    ground: str = ""


class Share(NamedTuple):
    """A stretch of the case and the one party it belongs to: "excluded", "applicant" or "unit:ID"."""

    party: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Parts:
    """The case cut into shares, end to end, from its beginning to its end."""

    shares: tuple[Share, ...]
    totals: dict[str, timedelta] = field(default_factory=dict)

    @property
    def whole(self) -> timedelta:
        return self.shares[-1].end - self.shares[0].start if self.shares else timedelta()

    def weighed(self, measure: Callable[[datetime, datetime], int]) -> dict[str, int]:
        """The totals in another measure that adds up, such as a calendar's working seconds."""
        sums: dict[str, int] = {}
        for party, start, end in self.shares:
            sums[party] = sums.get(party, 0) + measure(start, end)
        return sums


def attribute(
    began: datetime,
    ended: datetime,
    *,
    lead: str,
    exclusions: Sequence[Exclusion] = (),
    applicant: Sequence[tuple[datetime, datetime | None]] = (),
    steps: Sequence[StepSpan] = (),
) -> Parts:
    """Give each moment of a case, from `began` to `ended` (now, if it is open), to one party.

    Precedence: a lawful exclusion; else the applicant, while something is waited for from them; else the unit of the
    critical open step, which is the one that closes last (of several, the one open longest, then the party's name);
    else the lead unit. Spans may overlap and stick out in any way. Refuses an end before the beginning.
    """
    if ended < began:
        raise Refused("attribution.reversed", "办件的结束时间早于开始时间，请核对。")
    spans = [*((s.start, s.end) for s in exclusions), *applicant, *((s.opened_at, s.closed_at) for s in steps)]
    marks = {began, ended}
    for span in spans:
        marks.update(mark for mark in span if mark is not None and began < mark < ended)
    edges = sorted(marks)
    shares: list[Share] = []
    for left, right in zip(edges, edges[1:], strict=False):
        party = _holder(left, exclusions, applicant, steps, lead, ended)
        if shares and shares[-1].party == party:
            shares[-1] = Share(party, shares[-1].start, right)
        else:
            shares.append(Share(party, left, right))
    totals: dict[str, timedelta] = {}
    for share in shares:
        totals[share.party] = totals.get(share.party, timedelta()) + (share.end - share.start)
    return Parts(tuple(shares), totals)


def _holder(
    moment: datetime,
    exclusions: Sequence[Exclusion],
    applicant: Sequence[tuple[datetime, datetime | None]],
    steps: Sequence[StepSpan],
    lead: str,
    ended: datetime,
) -> str:
    if any(_covers(moment, s.start, s.end) for s in exclusions):
        return EXCLUDED
    if any(_covers(moment, start, end) for start, end in applicant):
        return APPLICANT
    open_ = [s for s in steps if _covers(moment, s.opened_at, s.closed_at)]
    if not open_:
        return lead
    last = max(min(s.closed_at or ended, ended) for s in open_)
    return min((s for s in open_ if (s.closed_at or ended) >= last), key=lambda s: (s.opened_at, s.party)).party


def _covers(moment: datetime, start: datetime, end: datetime | None) -> bool:
    return start <= moment and (end is None or moment < end)
