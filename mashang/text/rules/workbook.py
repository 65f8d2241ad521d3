"""A workbook someone uploads (.xlsx), as rows of cells. It is looked through before it is opened: what a few bytes may claim,
a sheet of a million rows or a part of gigabytes, is refused and never made."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.kernel.sheet import column_number

UNPACKED, ELEMENTS, SHEETS = 64 << 20, 5_000_000, 20
_PLACE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    CalamineError, zipfile.BadZipFile, zlib.error, expat.ExpatError, RuntimeError, EOFError, OSError, ValueError, IndexError,
)  # fmt: skip


def sheets(data: bytes, *, rows: int, columns: int) -> Iterator[tuple[str, list[list[Any]]]]:
    """Name and cells of each sheet (the first twenty), from A1 on. Refuses what is no workbook, one that is too large when
    unpacked, and any cell beyond these rows and columns."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_checked(data, _Look(rows, columns))))
        if not book.sheet_names:
            raise ValueError("a workbook has a sheet")
        for name in book.sheet_names[:SHEETS]:
            yield name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except _BROKEN as fault:
        raise Refused("workbook.broken", "工作簿打不开，可能已损坏或有密码，请另存为 .xlsx 后重试。", "file") from fault


def _checked(data: bytes, look: _Look) -> bytes:
    """The parts of the workbook that hold its cells, looked through and packed anew: no other reader can find others."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(out, "w") as plain:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED:
            raise Refused("workbook.large", "工作簿解开后太大，请删去图片和多余的表再导入。", "file")
        for name in dict.fromkeys(packed.namelist()):
            if name == "[Content_Types].xml" or (
                name.startswith(("_rels/", "xl/")) and name.endswith((".xml", ".rels"))
            ):
                if packed.getinfo(name).compress_type not in _KINDS:
                    raise zipfile.BadZipFile
                text = packed.read(name)
                look.through(text)
                plain.writestr(name, text)
    return out.getvalue()


class _Look:
    """One pass over the parts of a workbook, counting as the reader of cells will: a cell without a place follows the one
    before it."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.elements = 0

    def through(self, part: bytes) -> None:
        self.row = self.column = self.cell_row = self.cell_column = 0
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._doctype
        parser.Parse(part, True)

    def _doctype(self, *_declared: object) -> None:
        raise ValueError("a workbook declares no types of its own")

    def _start(self, name: str, given: dict[str, str]) -> None:
        self.elements += 1
        kind = name.rpartition(":")[2]
        if kind == "row":
            self.row, self.column = int(given["r"]) if "r" in given else self.row + 1, 0
        elif kind == "c":
            self._cell(given.get("r", ""))
        elif kind in ("v", "is") and (self.cell_row > self.rows or self.cell_column > self.columns):
            self._refuse()
        if self.elements > ELEMENTS:
            self._refuse()

    def _cell(self, place: str) -> None:
        self.cell_row, self.column = self.row, self.column + 1
        if place:
            found = _PLACE.fullmatch(place)
            if found is None:
                raise ValueError(place)
            self.cell_row, self.column = int(found[2]), column_number(found[1])
        self.cell_column = self.column

    def _refuse(self) -> None:
        text = said(
            "工作表最多 {rows} 行、{columns} 列，请删去多余的行和列，或者分成几个文件。",
            rows=self.rows,
            columns=self.columns,
        )
        raise Refused("workbook.size", text, "file")
