"""Excel in and out: a run as a workbook, and the table of figures that a scheme wants reported."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import queries as org

from ..models import Scheme
from ..rules import scheme as rules
from ..rules.parse import read_scheme
from ..rules.reporting import Wanted, heading, wanted
from ..rules.words import UNITS as WRITTEN
from .figures import figures_of
from .results import board, class_names, result_of, run_for, scheme_text

GREY = PatternFill("solid", fgColor="DDDDDD")


def workbook(run: int, by: Actor) -> bytes:
    """Three sheets: the board, every unit's score at every node (exact numbers, shown with two decimals), and where they come from."""
    info, result = run_for(run, by), result_of(run)
    rows, classes = board(run, by), class_names(scheme_text(info.scheme.id, by))
    book = Workbook()
    first = book.active
    _fill(first, "考评结果", ["单位", "类别", "得分", "名次", "名次区间", "参评单位", "等次"], (
        [r.name, classes.get(r.group, r.group), r.score, r.rank, f"{r.rank_low}–{r.rank_high}", r.peers, r.grade] for r in rows
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


def figures_template(scheme: int, period: str, by: Actor) -> bytes:
    """The table to fill in for a period: one row a unit that the actor reports for, one column a figure that is reported, with
    those that stand already; what a class is freed from is grey. A second sheet says what each column is."""
    known = figures_of(scheme, period, by)
    if not known:
        raise NotFound("没有由您上报数据的单位。")
    row = Scheme.objects.filter(pk=scheme).first()
    if row is None:
        raise NotFound("没有找到这个考评方案。")
    rule = read_scheme(row.text)
    columns = _columns(rule)
    klass = rule.attributes.get(rule.class_by)
    head = [heading(rule.unit_columns), *([heading(klass.columns or (klass.id,))] if klass else [])]
    names = class_names(row.text)
    book = Workbook()
    sheet = book.active
    short, lines = [unit.name for unit in known], []
    for unit in known:
        held = {line.wanted.column: line.figure.value if line.figure else None for line in unit.lines}
        group = [names.get(unit.group, unit.group)] if klass else []
        name = unit.name if short.count(unit.name) == 1 else org.unit(unit.unit).name
        lines.append([name, *group, *(held.get(one.column) for one in columns.values())])
    _fill(sheet, "上报数据", [*head, *columns], lines, number="General")
    for n, unit in enumerate(known, 2):
        asked = {line.wanted.column for line in unit.lines}
        for m, one in enumerate(columns.values(), len(head) + 1):
            if one.column not in asked:
                sheet.cell(n, m).fill = GREY
    _fill(book.create_sheet(), "说明", ["列", "指标", "填写", "采集时间", "采集单位"], (
        [name, one.title, WRITTEN[one.unit], one.collected, one.lead] for name, one in columns.items()
    ))  # fmt: skip
    return _bytes(book)


def _columns(rule: rules.Scheme) -> dict[str, Wanted]:
    """Head of each reported column, as `report_sheet` reads it: the indicator's name where that means only this one."""
    found = wanted(rule)
    names = [one.name for one in found]
    plain = {one.column: one.name if not one.marks and names.count(one.name) == 1 else one.column for one in found}
    taken = {name for leaf in rule.indicators.values() for name in (leaf.name, *leaf.columns)}
    plain |= {a.id: heading([n for n in (*a.columns, a.id) if n not in taken]) for a in rule.attributes.values()}
    return {plain[one.column]: one for one in found}


def _cell(value: float) -> float | None:
    return None if math.isnan(value) else value


def _fill(
    sheet: Worksheet, title: str, head: Sequence[str], rows: Iterable[Sequence[object]], number: str = "0.00"
) -> None:
    sheet.title = title
    for line in (head, *rows):
        sheet.append(list(line))
    for cells in sheet.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a name that begins with "=" stays a name
            elif isinstance(cell.value, float):
                cell.number_format = number
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for n, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(n)].width = min(40, max(12, 2 * len(name) + 2))


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
