"""From the bytes of a file to rows of cells as text: CSV in the usual encodings, or the first sheet of a workbook."""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from xml.parsers import expat

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.kernel.sheet import column_number, encoding_of, records
from mashang.text.rules.workbook import sheets

LONGEST = 131_072  # characters in one cell
ROWS, COLUMNS = 10_000, 200  # of a workbook
LINES = 50_000  # rows of a CSV
_WITHOUT_VALUE = re.compile(rb"""\st\s*=\s*["']e["']|<(\w+:)?f[\s/>]""")
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")

Rows = list[tuple[int, list[str]]]
"""Row as a spreadsheet counts it (from 1), and its cells."""


def rows_of(data: bytes, name: str, faults: list[Fault]) -> Rows:
    """The cells of a .csv (UTF-8, UTF-16 or GB18030, with or without BOM) or .xlsx file of this name."""
    return _sheet(data) if name.lower().endswith((".xlsx", ".xlsm")) else _rows(_without_utf16(data), faults)


def _without_utf16(data: bytes) -> bytes:
    """Text in UTF-16, which is known by its mark, as UTF-8; other bytes as they are."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with suppress(UnicodeDecodeError):
            return data.decode("utf-16").encode()
    return data


def _rows(data: bytes, faults: list[Fault]) -> Rows:
    """Cells by row; a row with broken quotes or an endless cell is a fault, and reading goes on after it."""
    rows: Rows = []
    broken: list[Fault] = []
    for row, cells in records(data, _encoding(data), broken, "values.quotes"):
        if row > LINES:
            raise Refused(
                "values.lines",
                said("表格最多 {n} 行。一行一个指标的长表请改为宽表：每个单位一行，每个指标一列。", n=LINES),
            )
        if any(len(cell) > LONGEST for cell in cells):
            text = said("第 {line} 行有一格超过 {most} 个字，请检查双引号或删减。", line=row, most=LONGEST)
            faults.append(Fault("values.long-cell", text, f"第 {row} 行"))
        else:
            rows.append((row, cells))
    faults += [Fault(f.code, f.text, f"第 {f.field.rstrip(':')} 行") for f in broken]
    return rows


def _encoding(data: bytes) -> str:
    try:
        return encoding_of(data, said("数据文件"))
    except Refused as no:
        raise Refused.of([Fault("values.encoding", fault.text) for fault in no.faults]) from None


def _sheet(data: bytes) -> Rows:
    """The first sheet. A cell that shows an error, or a formula that nobody has worked out, is told as it is written (#REF!,
    =A1/B1): it is not empty."""
    _name, rows = next(sheets(data, rows=ROWS, columns=COLUMNS))
    cells = [[_cell(c) for c in row] for row in rows]
    for row, column, text in _without_value(data):
        if row <= len(cells) and column <= len(cells[row - 1]):
            cells[row - 1][column - 1] = text
    return list(enumerate(cells, 1))


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _without_value(data: bytes) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of the first sheet's errors and unworked formulas. The workbook has been looked through before."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        path = _first_sheet(packed)
        part = packed.read(path) if path in packed.namelist() else b""
    if _WITHOUT_VALUE.search(part):
        found = _Cells()
        _parse(part, found.start, found.end, found.text)
        yield from found.without_value


def _first_sheet(packed: zipfile.ZipFile) -> str:
    ids: list[str] = []
    targets: dict[str, str] = {}

    def sheet(name: str, given: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            ids.extend(value for key, value in given.items() if key.endswith(":id"))

    def relation(name: str, given: dict[str, str]) -> None:
        if "Id" in given and "Target" in given:
            targets[given["Id"]] = given["Target"]

    for part, handler in (("xl/workbook.xml", sheet), ("xl/_rels/workbook.xml.rels", relation)):
        if part in packed.namelist():
            _parse(packed.read(part), handler)
    target = targets.get(ids[0], "") if ids else ""
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _parse(
    part: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.Parse(part, True)


class _Cells:
    """One pass over a sheet: cells whose value is an error, or whose formula has none."""

    def __init__(self) -> None:
        self.without_value: list[tuple[int, int, str]] = []
        self.row = self.column = 0
        self.kind = self.inside = ""
        self.held: dict[str, str] = {}

    def start(self, name: str, given: dict[str, str]) -> None:
        self.inside = name.rpartition(":")[2]
        if self.inside == "row":
            self.row, self.column = int(given.get("r", self.row + 1)), 0
        elif self.inside == "c":
            self.column += 1
            if place := _PLACE.fullmatch(given.get("r", "").upper()):
                self.column = column_number(place[1])
            self.kind, self.held = given.get("t", ""), {}
        elif self.inside in ("f", "v"):
            self.held[self.inside] = ""

    def text(self, piece: str) -> None:
        if self.inside in self.held:
            self.held[self.inside] += piece

    def end(self, name: str) -> None:
        self.inside = ""
        if name.rpartition(":")[2] != "c":
            return
        if self.kind == "e":
            self.without_value.append((self.row, self.column, self.held.get("v") or "#N/A"))
        elif "f" in self.held and not self.held.get("v") and self.kind != "str":
            self.without_value.append((self.row, self.column, "=" + self.held["f"]))
