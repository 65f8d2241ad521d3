"""Excel in and out: a run as a workbook, and an empty sheet of the figures a scheme wants reported."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import queries as org

from ..models import Scheme
from ..rules.parse import read_scheme
from .results import board, result_of, run_info, scheme_text


def workbook(run: int, by: Actor) -> bytes:
    """Two sheets: the board, and every unit's score at every node (exact numbers, shown with two decimals)."""
    info, result = run_info(run), result_of(run)
    rows = board(run, by)
    book = Workbook()
    first = book.active
    _fill(first, "考评结果", ["单位", "类别", "得分", "名次", "名次区间", "参评单位", "等次"], (
        [r.name, r.group, r.score, r.rank, f"{r.rank_low}–{r.rank_high}", r.peers, r.grade] for r in rows
    ))  # fmt: skip
    items = result.scheme.items
    place = {unit: n for n, unit in enumerate(result.table.units)}
    _fill(book.create_sheet(), "各级得分", ["单位", *(items[k].name for k in items)], (
        [r.name, *(_cell(float(result.scores[k][place[str(r.unit)]])) for k in items)] for r in rows
    ))  # fmt: skip
    _fill(book.create_sheet(), "说明", ["项目", "内容"], [
        ["方案", f"{info.scheme.name}（{info.scheme.code} 第{info.scheme.version}版）"],
        ["期间", info.period],
        ["输入封存码（SHA-256）", info.digest],
    ])  # fmt: skip
    return _bytes(book)


def figures_template(scheme: int, by: Actor) -> bytes:
    """An empty table to fill in: one row a unit of the scheme's classes, one column a figure that is reported."""
    rule = read_scheme(scheme_text(scheme, by))
    row = Scheme.objects.filter(pk=scheme).first()
    if row is None:
        raise NotFound("没有找到这个考评方案。")
    units = [
        u
        for u in org.units_in(row.region_id)
        if u.scheme_class in rule.classes or (u.scheme_class and not rule.classes)
    ]
    columns = [c for leaf in rule.indicators.values() if leaf.source == "reported" for c in leaf.inputs]
    book = Workbook()
    head = [rule.unit_columns[0], *([rule.class_by] if rule.class_by else []), *columns]
    _fill(book.active, "上报数据", head, (
        [u.short_name, *([u.scheme_class] if rule.class_by else [])] for u in units
    ))  # fmt: skip
    return _bytes(book)


def _cell(value: float) -> float | None:
    return None if math.isnan(value) else value


def _fill(sheet: Worksheet, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    sheet.title = title
    for line in (head, *rows):
        sheet.append(list(line))
    for cells in sheet.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a name that begins with "=" stays a name
            elif isinstance(cell.value, float):
                cell.number_format = "0.00"
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
