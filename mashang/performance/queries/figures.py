"""Reported figures as their reporters see them: what is wanted of each unit, what stands, what waits for a correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import queries as org

from .. import sources
from ..gathering import columns_of, reports, units_scored
from ..models import Correction, Figure, Input, Run, Scheme
from ..rules import scheme as rules
from ..rules.parse import read_scheme
from ..rules.reporting import Wanted, scored, wanted
from .results import RunInfo, SchemeInfo, info_of, run_info_of

RIGHT = "performance.report"


@dataclass(frozen=True, slots=True)
class FigureInfo:
    """A figure: who reported it (a reference) and when; for one that came of a correction why, and who approved it."""

    id: int
    scheme_code: str
    column: str
    unit: int
    period: str
    value: float
    evidence: str
    at: datetime
    by: str
    reason: str = ""
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionInfo:
    """What was asked of a figure and what came of it; `state` as the model names it."""

    id: int
    figure: FigureInfo
    value: float
    evidence: str
    reason: str
    asked_at: datetime
    asked_by: str
    state: str
    label: str
    decided_at: datetime | None
    decided_by: str
    answer: str
    made: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """What is wanted of a unit: the figure that stands, those before it, the last correction asked of it if any."""

    wanted: Wanted
    figure: FigureInfo | None = None
    before: tuple[FigureInfo, ...] = ()
    correction: CorrectionInfo | None = None


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """What is wanted of one unit in a period: how much must be there, how much of it is not, and how many corrections wait."""

    unit: int
    name: str
    group: str
    lines: tuple[Line, ...]

    @property
    def needed(self) -> int:
        return sum(line.wanted.needed for line in self.lines)

    @property
    def missing(self) -> int:
        return sum(line.wanted.needed and line.figure is None for line in self.lines)

    @property
    def waiting(self) -> int:
        return sum(
            line.correction is not None and line.correction.state == Correction.State.ASKED for line in self.lines
        )


def schemes_to_report(by: Actor) -> list[SchemeInfo]:
    """The newest frozen version of each scheme of regions in which the actor reports for a unit, the newest of all first."""
    newest: dict[tuple[str, str], Scheme] = {}
    for row in Scheme.objects.filter(frozen_at__isnull=False).order_by("id"):
        newest[row.region_id, row.code] = row
    mine = _mine(by)
    found = [row for row in newest.values() if any(u.region.startswith(row.region_id) for u in mine)]
    return [info_of(row) for row in sorted(found, key=lambda row: -row.pk)]


def figures_of(scheme: int, period: str, by: Actor, unit: int | None = None) -> list[UnitFigures]:
    """Of every unit that the actor reports for (or of one; not found if it is none of these): what is wanted of the actor, and
    what stands."""
    row, rule = _frozen(scheme)
    units = _reach(row, rule, period, by)
    if unit is not None:
        units = [u for u in units if u.id == unit]
        if not units:
            raise NotFound("没有找到由您上报数据的这个单位。")
    chains, asked = _chains(row.code, period, [u.id for u in units])
    return [
        UnitFigures(
            u.id, u.short_name, u.scheme_class,
            tuple(
                _line(one, chains.get((u.id, one.column), []), asked)
                for one in wanted(rule, u.scheme_class)
                if reports(by, u, one)
            ),
        )
        for u in units
    ]  # fmt: skip


def measured_of(scheme: int, by: Actor) -> list[tuple[str, str]]:
    """Indicators of a scheme that the platform counts, each with the label of its measure: nobody reports those."""
    _row, rule = _frozen(scheme)
    return [
        (leaf.name, str(sources.source(leaf.source.removeprefix("measure:")).label))
        for leaf in rule.indicators.values()
        if leaf.source != "reported"
    ]


def answers_for(by: Actor, scheme: int) -> list[str]:
    """The scored units above the actor's own unit, where it is not scored itself: they report in its place."""
    row, rule = _frozen(scheme)
    known = [u.id for u in org.units_in(row.region_id) if scored(rule, u.scheme_class) and u.valid_to is None]
    above = org.answering(known).get(by.unit_id)
    return [org.unit(above).short_name] if above is not None and above != by.unit_id else []


def figure_for(figure: int, by: Actor) -> FigureInfo:
    """A figure that stands or stood, not found for those who do not report for its unit."""
    row = Figure.objects.filter(pk=figure).first()
    if row is None or not _reports(by, row.unit_id):
        raise NotFound("没有找到这一数据。")
    return _figure(row)


def stands(figure: int) -> bool:
    """Whether no correction has come after it."""
    return not Figure.objects.filter(corrects=figure).exists()


def titles_of(figures: Iterable[FigureInfo]) -> dict[int, Wanted]:
    """What the column of each figure, by its id, is called and asks for, by the newest frozen scheme over its unit that knows
    it; of any number of figures in one statement."""
    keys = {figure.id: (figure.scheme_code, org.unit(figure.unit).region, figure.column) for figure in figures}
    known = columns_of({(code, region) for code, region, _column in keys.values()})
    return {
        id_: known[code, region].get(column, Wanted(column, column)) for id_, (code, region, column) in keys.items()
    }


def scheme_of(figure: FigureInfo, by: Actor) -> SchemeInfo | None:
    """The scheme under which the actor sees the figure's unit, if one still reports it."""
    region = org.unit(figure.unit).region
    known = schemes_to_report(by)
    return next((s for s in known if s.code == figure.scheme_code and region.startswith(s.region)), None)


def corrections_for(by: Actor, limit: int = 200) -> list[CorrectionInfo]:
    """Corrections asked for units the actor reports for: all that wait, then the last ones decided, newest first."""
    rows = (
        Correction.objects.filter(figure__unit__in=[u.id for u in _mine(by)]).select_related("figure").order_by("-id")
    )
    waiting, decided = rows.filter(state=Correction.State.ASKED), rows.exclude(state=Correction.State.ASKED)
    return [_correction(row) for row in (*waiting, *decided[:limit])]


def corrections_waiting(by: Actor) -> int:
    """How many of them wait."""
    return Correction.objects.filter(figure__unit__in=[u.id for u in _mine(by)], state=Correction.State.ASKED).count()


def correction_for(correction: int, by: Actor) -> CorrectionInfo:
    """One correction, not found for those who do not report for its unit."""
    row = Correction.objects.select_related("figure").filter(pk=correction).first()
    if row is None or not _reports(by, row.figure.unit_id):
        raise NotFound("没有找到这项更正。")
    return _correction(row)


def runs_using(figures: Iterable[int]) -> dict[int, list[RunInfo]]:
    """The runs that froze each of these figures, the latest first: a correction later leaves them as they are."""
    found: dict[int, list[RunInfo]] = {}
    uses = Input.objects.filter(figure__in=list(figures)).order_by("-run_id")
    pairs = [(figure, run) for figure, run in uses.values_list("figure_id", "run_id") if figure is not None]
    rows = Run.objects.filter(pk__in={run for _figure, run in pairs}).select_related("scheme").defer("inputs")
    known = {row.pk: run_info_of(row) for row in rows}
    for figure, run in pairs:
        found.setdefault(figure, []).append(known[run])
    return found


def _frozen(scheme: int) -> tuple[Scheme, rules.Scheme]:
    row = Scheme.objects.filter(pk=scheme, frozen_at__isnull=False).first()
    if row is None:
        raise NotFound("没有找到这个已定稿的考评方案。")
    return row, read_scheme(row.text)


def _mine(by: Actor) -> list[org.UnitInfo]:
    return [u for u in org.units_in() if org.may(by, RIGHT, units=[u.id], region=u.region)]


def _reports(by: Actor, unit: int) -> bool:
    known = org.unit(unit)
    return org.may(by, RIGHT, units=[known.id], region=known.region)


def _reach(row: Scheme, rule: rules.Scheme, period: str, by: Actor) -> list[org.UnitInfo]:
    found = units_scored(row.region_id, period, rule)
    return [u for u in found if org.may(by, RIGHT, units=[u.id], region=u.region)]


Chains = Mapping[tuple[int, str], Sequence[FigureInfo]]


def _chains(code: str, period: str, units: Sequence[int]) -> tuple[Chains, Mapping[int, CorrectionInfo]]:
    """Figures of each unit and column from the first to the one that stands, and the last correction asked of each figure."""
    chains: dict[tuple[int, str], list[FigureInfo]] = {}
    for row in Figure.objects.filter(scheme_code=code, period=period, unit__in=units).order_by("id"):
        chains.setdefault((row.unit_id, row.indicator), []).append(_figure(row))
    held = [figure.id for chain in chains.values() for figure in chain]
    asked = Correction.objects.filter(figure__in=held).select_related("figure").order_by("id")
    return chains, {row.figure_id: _correction(row) for row in asked}


def _line(one: Wanted, chain: Sequence[FigureInfo], asked: Mapping[int, CorrectionInfo]) -> Line:
    if not chain:
        return Line(one)
    return Line(one, chain[-1], tuple(chain[:-1]), asked.get(chain[-1].id))


def _figure(row: Figure) -> FigureInfo:
    return FigureInfo(
        row.pk, row.scheme_code, row.indicator, row.unit_id, row.period, row.value, row.evidence, row.reported_at,
        row.reported_by, row.reason, row.approved_by,
    )  # fmt: skip


def _correction(row: Correction) -> CorrectionInfo:
    return CorrectionInfo(
        row.pk, _figure(row.figure), row.value, row.evidence, row.reason, row.asked_at, row.asked_by, row.state,
        str(Correction.State(row.state).label), row.decided_at, row.decided_by, row.answer, row.made_id,
    )  # fmt: skip
