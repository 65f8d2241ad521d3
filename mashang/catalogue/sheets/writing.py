"""Definitions out into a workbook or CSV. What a spreadsheet would take for a formula is made plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mashang.kernel.sheet import FORMULA, defused

from ..rules import ItemSpec
from .columns import ITEM, ITEM_CODE, ITEM_SHEET, MATERIAL, MATERIAL_SHEET


def _cell(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(vertical="top", wrap_text="\n" in text)
    if text.startswith(FORMULA):
        cell.quotePrefix = True


def _fill(sheet: Worksheet, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for column, title in enumerate(titles, 1):
        _cell(sheet, 1, column, title)
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = max(10, 2 * len(title) + 4)
    for number, row in enumerate(rows, 2):
        for column, text in enumerate(row, 1):
            _cell(sheet, number, column, text)
    sheet.freeze_panes = "B2"


def to_excel(specs: Sequence[ItemSpec]) -> bytes:
    """Two sheets, 事项 and 材料; all cells are text, so that codes keep their leading zeros."""
    book = Workbook()
    items = book.active
    assert isinstance(items, Worksheet)
    items.title = ITEM_SHEET
    _fill(items, [c.title for c in ITEM], ([c.write(s) for c in ITEM] for s in specs))
    rows = ([s.code, *(c.write(m) for c in MATERIAL)] for s in specs for m in s.materials)
    _fill(book.create_sheet(MATERIAL_SHEET), [ITEM_CODE, *(c.title for c in MATERIAL)], rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def to_csv(specs: Sequence[ItemSpec]) -> bytes:
    """The item sheet in UTF-8 with BOM, as spreadsheets like it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([c.title for c in ITEM])
    writer.writerows([defused(c.write(s)) for c in ITEM] for s in specs)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
