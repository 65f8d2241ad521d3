"""Schemes, runs and boards: who stands where, how sure that is, and the inputs anyone can compute it from again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound
from mashang.org import queries as org

from ..models import Run, Scheme, Score
from ..rules.engine import Result, evaluate
from ..rules.frozen import fingerprint, thaw
from ..rules.parse import read_scheme
from ..rules.periods import in_time
from ..rules.statistics import half_up

RIGHT = "performance.view"


@dataclass(frozen=True, slots=True)
class SchemeInfo:
    id: int
    code: str
    version: str
    name: str
    region: str
    frozen_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A scoring of a period; `digest` is the SHA-256 of its frozen inputs."""

    id: int
    scheme: SchemeInfo
    period: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A unit's total, its rank in its group and the ranks that its measured counts leave open (90 %)."""

    unit: int
    name: str
    group: str
    score: float
    shown: str
    rank: int
    rank_low: int
    rank_high: int
    peers: int
    grade: str


def schemes(by: Actor, region: str = "") -> list[SchemeInfo]:
    """Schemes of the regions the actor may see, newest version last."""
    rows = Scheme.objects.filter(region__code__startswith=region).order_by("region", "code", "id")
    return [info_of(row) for row in rows if org.may(by, RIGHT, region=row.region_id) or _sees_some(by, row.region_id)]


def unit_classes(regions: Collection[str]) -> Mapping[str, str]:
    """The classes that frozen schemes over these regions know, each by its name: what a unit there may be put into."""
    rows = Scheme.objects.filter(frozen_at__isnull=False).order_by("id").values_list("id", "region_id")
    holding = [id_ for id_, region in rows if any(one.startswith(region) for one in regions)]
    texts = Scheme.objects.filter(pk__in=holding).order_by("id").values_list("text", flat=True)
    return {code: name for text in texts for code, name in class_names(text).items()}


def class_names(text: str) -> Mapping[str, str]:
    """Classes of unit in a scheme's file, each by the first words of its note."""
    classes = read_scheme(text).raw.get("classes", {})
    return {k: str(c.get("note", k)).partition("：")[0] for k, c in classes.items() if isinstance(c, Mapping)}


def scheme_text(scheme: int, by: Actor) -> str:
    """The scheme's file as it was written: schemes are open to all who may see scores of the region."""
    row = Scheme.objects.filter(pk=scheme).first()
    if row is None or not _sees_some(by, row.region_id):
        raise NotFound("没有找到这个考评方案。")
    return row.text


def runs(by: Actor, *schemes: int, period: str = "", limit: int | None = None) -> list[RunInfo]:
    """The runs of these schemes, the latest first: those of a period if one is named, `limit` of them at most."""
    known = Scheme.objects.filter(pk__in=schemes).values_list("pk", "region_id")
    rows = Run.objects.filter(scheme__in=[id_ for id_, region in known if _sees_some(by, region)]).order_by("-id")
    rows = rows.filter(period=period) if period else rows
    return [run_info_of(row) for row in rows.select_related("scheme").defer("inputs")[:limit]]


def latest_run(by: Actor, region: str, period: str = "", code: str = "") -> RunInfo | None:
    """The run that stands for a region: the latest of the latest period, or of the period named; of any scheme, or of one."""
    asked = {"scheme__region": region, "period": period, "scheme__code": code}
    rows = Run.objects.filter(**{name: value for name, value in asked.items() if value})
    periods = set(rows.values_list("period", flat=True))
    if not periods or not _sees_some(by, region):
        return None
    last = rows.filter(period=max(periods, key=in_time)).select_related("scheme").defer("inputs").order_by("-id")
    return run_info_of(last[0])


def board(run: int, by: Actor) -> list[BoardRow]:
    """Totals of the units that the actor may see, by group and rank."""
    run_for(run, by)
    root, decimals = _shape(run)
    found = Score.objects.filter(run=run, node=root).order_by("group", "rank", "unit")
    names = {u.id: u.short_name for u in seen(by, [s.unit_id for s in found])}
    return [
        BoardRow(
            s.unit_id, names[s.unit_id], s.group, s.score, half_up(s.score, decimals), s.rank, s.rank_low, s.rank_high,
            s.peers, s.grade,
        )
        for s in found
        if s.unit_id in names
    ]  # fmt: skip


def unscored(run: int, by: Actor) -> list[str]:
    """The names of the units that took part in the run and of which nothing could be scored, as far as the actor may see."""
    run_for(run, by)
    root, _ = _shape(run)
    scored = set(Score.objects.filter(run=run, node=root).values_list("unit_id", flat=True))
    return [u.short_name for u in seen(by, {int(unit) for unit in result_of(run).table.units} - scored)]


def frozen_inputs(run: int, by: Actor) -> tuple[str, str]:
    """The canonical inputs and their SHA-256, with which anyone recomputes the run (`mashang score recompute`). They hold every
    unit's figures, and ranks come out of no fewer: forbidden for those who see some units of the region alone."""
    if not takes_inputs(by, run_for(run, by)):
        raise Forbidden("封存的输入含有各单位的数据，由能查看整个地区成绩的人下载。")
    return Run.objects.values_list("inputs", "digest").get(pk=run)


def takes_inputs(by: Actor, run: RunInfo) -> bool:
    """Whether the scores of the run's whole region are the actor's to see, so that its inputs may be taken."""
    return org.may(by, RIGHT, region=run.scheme.region)


def recomputes(run: int) -> bool:
    """Whether the stored scores come out of the frozen inputs again, to the last digit, and the digest is theirs."""
    row = Run.objects.filter(pk=run).first()
    if row is None:
        raise NotFound("没有找到这次考评计算。")
    if fingerprint(row.inputs) != row.digest:
        return False
    result = evaluate(*thaw(row.inputs))
    place = {unit: n for n, unit in enumerate(result.table.units)}
    stored = Score.objects.filter(run=run).values_list("unit_id", "node", "score")
    return all(float(result.scores[node][place[str(unit)]]) == score for unit, node, score in stored)


@lru_cache(maxsize=8)
def result_of(run: int) -> Result:
    """The whole result of a run, worked out from its frozen inputs; runs never change, so the last few are kept."""
    row = Run.objects.filter(pk=run).first()
    if row is None:
        raise NotFound("没有找到这次考评计算。")
    return evaluate(*thaw(row.inputs))


def run_for(run: int, by: Actor) -> RunInfo:
    """The run, not found for those who see none of its region's units."""
    row = Run.objects.select_related("scheme").defer("inputs").filter(pk=run).first()
    if row is None or not _sees_some(by, row.scheme.region_id):
        raise NotFound("没有找到这次考评计算。")
    return run_info_of(row)


def seen(by: Actor, units: Iterable[int]) -> list[org.UnitInfo]:
    """Those of the units whose scores are the actor's to see, each by its own region: a scheme's is wider."""
    return [u for u in org.units_of(units) if org.may(by, RIGHT, units=[u.id], region=u.region)]


def check_unit(by: Actor, unit: int) -> None:
    """A unit that is not the actor's to see is not told apart from nothing."""
    if not seen(by, [unit]):
        raise NotFound("没有找到这次考评计算。")


def _shape(run: int) -> tuple[str, int]:
    scheme = result_of(run).scheme
    return scheme.root, scheme.decimals


def _sees_some(by: Actor, region: str) -> bool:
    """Whether any unit of the region is the actor's to see."""
    return bool(seen(by, (u.id for u in org.units_in(region))))


def info_of(row: Scheme) -> SchemeInfo:
    return SchemeInfo(row.pk, row.code, row.version, row.name, row.region_id, row.frozen_at)


def run_info_of(row: Run) -> RunInfo:
    return RunInfo(row.pk, info_of(row.scheme), row.period, row.at, row.digest)
