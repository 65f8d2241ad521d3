"""Schemes scored on values that are given, which stores nothing; the platform's own runs, read; figures, reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils.translation import gettext
from ninja import Path, Query, Router

from mashang.kernel import clock
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.said import said, told
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.rules import output
from mashang.performance.rules.engine import Result, evaluate, faults_beside
from mashang.performance.rules.frozen import fingerprint, freeze
from mashang.performance.rules.parse import parse, toml
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.table import Table, Unreadable, table_from, table_of
from mashang.text.rules import clean

from . import sums
from .base import given, operation
from .door import Called
from .problems import pointer_to

router = Router(tags=["scores"])
_LINE = re.compile(r"第 (\d+) 行(?:（.*）)? ?(.*)")
_FORM = said("values 应当是 CSV 文本，或由对象组成的数组，每格是文字、数或 null。")


@contextmanager
def _pointing(place: Callable[[Fault], str]) -> Iterator[None]:
    """Faults of a text or table that lies inside the body point to where they are in it."""
    try:
        yield
    except Refused as no:
        raise Refused.of([Fault(f.code, f.text, place(f)) for f in no.faults]) from no


def _in_scheme(fault: Fault) -> str:
    return "/scheme"


def _in_values(values: Any) -> Callable[[Fault], str]:
    """Row and column of values that came as objects; a table that came as text has its rows in the sentence."""
    return (lambda _fault: "/values") if isinstance(values, str) else _in_rows


def _in_rows(fault: Fault) -> str:
    found = _LINE.match(fault.field)
    return pointer_to("values", int(found[1]) - 1, *([found[2]] if found[2] else [])) if found else "/values"


def _scheme(text: str) -> Scheme:
    with _pointing(_in_scheme):
        raw = toml(text.encode("utf-8", "replace"))
        for part in ("nodes", "indicators"):
            if isinstance(raw.get(part), dict) and len(raw[part]) > sums.NODES:
                raise Refused(
                    "scheme.large",
                    said("方案太大：{part} 最多 {most} 个，请用命令 mashang score。", part=part, most=sums.NODES),
                )
        return parse(raw)


def _table(values: Any, scheme: Scheme) -> Table:
    """The values as the engine takes them. Rows that are objects are counted from 1 in sentences, from 0 in pointers."""
    if isinstance(values, str):
        with _pointing(_in_values(values)), _whole(scheme):
            return table_from(values.encode("utf-8", "replace"), "values.csv", scheme)
    rows = _rows(values)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if len(columns) * len(rows) > sums.CELLS:
        raise Refused("values.many", said("数据太大：最多 {most} 格，请分次提交。", most=sums.CELLS), "values")
    lines = [(n, [row.get(name, "") for name in columns]) for n, row in enumerate(rows, 1)]
    with _pointing(_in_values(values)), _whole(scheme):
        return table_of([(0, columns), *lines], scheme)


@contextmanager
def _whole(scheme: Scheme) -> Iterator[None]:
    """Beside cells that could not be read, what is wrong with the others."""
    try:
        yield
    except Unreadable as no:
        raise Refused.of_many([*no.every, *(_too_many(scheme, no.table) or faults_beside(scheme, no))]) from no


def _rows(values: Any) -> list[dict[str, str]]:
    """Rows of text, with every cell that is none of text, number and null as a fault."""
    if not isinstance(values, list) or len(values) > sums.MOST:
        raise Refused("values.form", said("{form}最多 {most} 行。", form=_FORM, most=sums.MOST), "values")
    faults = [
        Fault("values.form", _FORM, pointer_to("values", n)) for n, row in enumerate(values) if type(row) is not dict
    ]
    faults += [
        Fault("values.form", _FORM, pointer_to("values", n, clean(name)))
        for n, row in enumerate(values)
        if type(row) is dict
        for name, cell in row.items()
        if cell is not None and type(cell) not in (str, int, float)
    ]
    if faults:
        raise Refused.of(faults)
    return [{clean(name): "" if c is None else clean(str(c)) for name, c in row.items()} for row in values]


@operation(router, "POST", "/score/check", {200: sums.SchemeChecked}, summary="Whether a scheme, and values, are sound")
def check_score(request: Called, asked: sums.SchemeGiven) -> HttpResponse:
    """All faults at once: the scheme's in `scheme`, the values' at their row and column."""
    scheme = _scheme(asked.scheme)
    table = None if asked.values is None else _table(asked.values, scheme)
    if table is not None:
        _evaluated(scheme, table, asked.values)
    answer = sums.SchemeChecked(
        code=scheme.code, name=scheme.name, version=scheme.version, nodes=len(scheme.nodes), indicators=len(scheme.indicators),
        units=0 if table is None else len(table), notices=[] if table is None else [told(notice, gettext) for notice in table.notices],
    )  # fmt: skip
    return given(answer)


@operation(router, "POST", "/score/run", {200: sums.Scored}, summary="Scores and ranks at every node of a scheme")
def run_score(request: Called, asked: sums.ScoreAsked) -> HttpResponse:
    """As `mashang score run` does: nothing is rounded, the digest is that of the same scheme and values anywhere."""
    scheme = _scheme(asked.scheme)
    table = _table(asked.values, scheme)
    result = _evaluated(scheme, table, asked.values)
    answer = sums.Scored(
        digest=fingerprint(freeze(scheme, table)),
        notices=[told(notice, gettext) for notice in table.notices],
        units=list(_units(result)),
    )
    return given(answer)


def _too_many(scheme: Scheme, table: Table) -> list[Fault]:
    if len(table) * (len(scheme.nodes) + len(scheme.indicators)) <= sums.SCORES:
        return []
    text = said("结果太大：单位数乘以节点和指标数最多 {most}，请分次提交。", most=sums.SCORES)
    return [Fault("score.many", text, "values")]


def _evaluated(scheme: Scheme, table: Table, values: Any) -> Result:
    if faults := _too_many(scheme, table):
        raise Refused.of(faults)
    with _pointing(_in_values(values)):
        return evaluate(scheme, table)


def _units(result: Result) -> Iterator[sums.UnitScores]:
    head, *rows = output.scores_long(result)
    lines: list[dict[str, Any]] = [dict(zip(map(str, head), row, strict=True)) for row in rows]
    for (unit, period), found in groupby(lines, key=lambda r: (r["unit"], r.get("period", ""))):
        nodes = list(found)
        scores = [
            sums.NodeScore(
                node=r["node"], name=r["name"], score=float(r["score"]) if r["score"] else None, shown=r["shown"],
                rank=r["rank"] or None, of=r["of"],
            )
            for r in nodes
        ]  # fmt: skip
        yield sums.UnitScores(unit=unit, period=period, grade=nodes[0]["grade"], scores=scores)


@operation(router, "GET", "/scores", {200: sums.RunPage}, summary="Runs on the platform, the latest first")
def list_scores(request: Called, asked: Query[sums.RunsAsked]) -> HttpResponse:
    """Of regions in which the token reaches a unit."""
    by = request.auth
    schemes = [scheme.id for scheme in queries.schemes(by, asked.region)]
    runs = queries.runs(by, *schemes, period=asked.period, limit=asked.limit)
    return given(sums.RunPage(items=[sums.RunLine(**_line(run)) for run in runs]))


@operation(router, "GET", "/scores/{run}", {200: sums.RunShown}, summary="Totals, ranks and grades of a run")
def read_score(request: Called, run: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> HttpResponse:
    """Of the units that the token reaches; `digest` is that of the frozen inputs."""
    by = request.auth
    info = queries.run_for(run, by)
    units = [sums.UnitPlace(**asdict(row)) for row in queries.board(run, by)]
    return given(sums.RunShown(**_line(info), units=units))


@operation(
    router, "POST", "/figures", {201: sums.FigureKept}, summary="Report a figure of a unit that the token reaches"
)
def report_figure(request: Called, given_: sums.FigureGiven) -> HttpResponse:
    """The same figure with the same evidence again has the same answer and no other effect; another value is 409: a figure
    that was reported changes only by a correction at the desk."""
    by, now = request.auth, clock.now()
    unit = org.unit(given_.unit)
    if not org.may(by, "performance.report", units=[unit.id], region=unit.region):
        raise NotFound("没有找到这个单位，请从单位列表中选择。")
    form = actions.NewFigure(
        clean(given_.scheme), clean(given_.indicator), given_.unit, given_.period, given_.value, clean(given_.evidence)
    )
    kept = queries.figure_for(actions.report(form, by=by, now=now), by)
    answer = sums.FigureKept(
        id=kept.id, scheme=kept.scheme_code, unit=kept.unit, indicator=kept.column, period=kept.period, value=kept.value,
        evidence=kept.evidence, at=kept.at, stands=queries.stands(kept.id),
    )  # fmt: skip
    return given(answer, 201)


def _line(run: queries.RunInfo) -> dict[str, Any]:
    return {
        "id": run.id, "scheme": run.scheme.code, "version": run.scheme.version, "name": run.scheme.name,
        "region": run.scheme.region, "period": run.period, "at": run.at, "digest": run.digest,
    }  # fmt: skip
