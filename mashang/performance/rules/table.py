"""Figures of units as they come: a CSV or Excel sheet, wide or long, read whole, every fault named with row and column."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mashang.kernel.refused import SHOWN, Fault, Refused
from mashang.kernel.said import said
from mashang.kernel.sheet import encoding_of
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.statistics import Array, digits
from mashang.text.rules.workbook import sheets

NUMBER = re.compile(r"[+-]?(\d+(,\d{3})*|\d*)(\.\d*)?([eE][+-]?\d+)?")
LONG = ({"indicator", "指标"}, {"value", "数值"})

LONGEST = 131_072  # characters in one cell
ROWS, COLUMNS = 10_000, 200  # of a workbook
LINES = 50_000  # of a CSV


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are (period, unit). `numbers` hold figures and numeric attributes (NaN = missing), `texts` groups."""

    units: tuple[str, ...]
    periods: tuple[str, ...]
    numbers: Mapping[str, Array]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    spare: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.units)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is no fault and should be known: columns that nothing reads."""
        return (said("没有用到的列：{names}。", names=[*self.spare]),) if self.spare else ()

    def place(self, row: int) -> str:
        """How a reader finds the row: its line in the file, else its unit and period."""
        if self.lines and self.lines[row]:
            return said("第 {first} 行（{unit}）", first=self.lines[row], unit=self.units[row])
        return f"{self.units[row]} {self.periods[row]}".strip()


Rows = list[tuple[int, list[str]]]


def read_table(path: Path, scheme: Scheme) -> Table:
    """The figures of a .csv (UTF-8, UTF-16 or GB18030, with or without BOM) or .xlsx file; refuses with all faults."""
    return table_from(path.read_bytes(), path.name, scheme)


def table_from(data: bytes, name: str, scheme: Scheme) -> Table:
    """The same from the bytes of a file of this name."""
    faults: list[Fault] = []
    rows = _sheet(data) if name.lower().endswith((".xlsx", ".xlsm")) else _rows(decode(data), faults)
    return table_of(rows, scheme, faults)


def decode(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with a mark, or GB18030; refuses anything else, NULs, and rows in another encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with suppress(UnicodeDecodeError):
            if "\0" not in (text := data.decode("utf-16")):
                return text
        raise Refused("values.encoding", "读不出文件的文字：请存为 UTF-8 或 GB18030 编码的 CSV。")
    try:
        return data.decode(encoding_of(data, said("数据文件")))
    except Refused as no:
        raise Refused.of([Fault("values.encoding", fault.text) for fault in no.faults]) from None


def _sheet(data: bytes) -> Rows:
    """The first sheet of a workbook."""
    _name, rows = next(sheets(data, rows=ROWS, columns=COLUMNS))
    return [(n, [_cell(c) for c in row]) for n, row in enumerate(rows, 1)]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _rows(text: str, faults: list[Fault]) -> Rows:
    """Cells by line; a line with broken quotes is a fault, and reading goes on after it."""
    lines, rows, start = text.splitlines(keepends=True), [], 0
    if len(lines) > LINES:
        raise Refused("values.lines", said("表格最多 {n} 行，请分成几个文件。", n=LINES))
    while start < len(lines) and len(faults) < SHOWN:
        csv.field_size_limit(LONGEST)
        reader = csv.reader(lines[start:], strict=True)
        at = start
        try:
            for cells in reader:
                rows.append((at + 1, cells))
                at = start + reader.line_num
            break
        except csv.Error:
            faults.append(
                Fault(
                    "values.quotes",
                    said("第 {line} 行引号不成对或用法有误，请检查双引号。", line=at + 1),
                    f"第 {at + 1} 行",
                )
            )
            start = at + 1
    return rows


def table_of(rows: Rows, scheme: Scheme, faults: list[Fault] | None = None) -> Table:
    """Cells to figures; `rows` are (line, cells), the first the header. Refuses with all faults."""
    faults = [] if faults is None else faults
    rows = [(line, [c.strip() for c in cells]) for line, cells in rows if any(c.strip() for c in cells)]
    if len(rows) < 2:
        faults.append(Fault("values.no-rows", "文件里没有数据行：第一行是表头，其后每行一个单位。"))
        raise Refused.of_many(faults)
    read = _Reading(scheme, rows[0][1], faults)
    for line, cells in rows[1:]:
        read.row(line, cells)
    table = read.table()
    if faults:
        raise Refused.of_many(faults)
    return table


class _Reading:
    """One pass over the rows: cells kept as text by (unit, period) and column, then columns turned into numbers."""

    def __init__(self, scheme: Scheme, header: list[str], faults: list[Fault]) -> None:
        self.scheme, self.faults, self.header = scheme, faults, header
        self.names = _columns(scheme)
        self.unit = _find(header, scheme.unit_columns)
        self.period = _find(header, scheme.period_columns)
        self.long = tuple(_find(header, names) for names in LONG)
        self.cells: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
        self.lines: dict[tuple[str, str], int] = {}
        self.wide: dict[str, int] = {}
        for at, name in enumerate(header):
            if name in self.names and not self.is_long:
                if self.names[name] in self.wide:
                    self.fault(
                        "values.column-twice",
                        said("表头里“{name}”这一列出现了两次。", name=name),
                        f"第 1 行 {name}",
                    )
                self.wide[self.names[name]] = at
        if self.unit is None:
            names = [*scheme.unit_columns]
            self.fault("values.no-unit-column", said("表头里没有单位列，列名应当是：{names}。", names=names), "第 1 行")

    @property
    def is_long(self) -> bool:
        return None not in self.long

    def fault(self, code: str, text: str, place: str) -> None:
        self.faults.append(Fault(code, text, place))

    def row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self.header):
            text = said("第 {line} 行有 {n} 列，表头有 {wanted} 列。", line=line, n=len(cells), wanted=len(self.header))
            self.fault("values.width", text, f"第 {line} 行")
            return
        if self.unit is None:
            return
        key = (cells[self.unit], cells[self.period] if self.period is not None else "")
        if not key[0]:
            self.fault(
                "values.no-unit",
                said("第 {line} 行没有写单位。", line=line),
                f"第 {line} 行 {self.header[self.unit]}",
            )
        elif self.is_long:
            self._long(line, cells, key)
        elif key in self.lines:
            text = said(
                "第 {line} 行的单位“{unit}”与第 {first} 行重复。",
                line=line,
                unit=" ".join(key).strip(),
                first=self.lines[key],
            )
            self.fault("values.duplicate", text, f"第 {line} 行 {self.header[self.unit]}")
        else:
            self.lines[key] = line
            self.cells[key] = {name: (line, cells[at]) for name, at in self.wide.items()}

    def _long(self, line: int, cells: list[str], key: tuple[str, str]) -> None:
        indicator, value = (cells[at] for at in self.long if at is not None)
        name = self.names.get(indicator)
        place = f"第 {line} 行 {indicator}"
        if name is None:
            self.fault(
                "values.unknown-indicator",
                said("第 {line} 行的指标“{indicator}”不在方案里。", line=line, indicator=indicator),
                place,
            )
            return
        self.lines.setdefault(key, line)
        held = self.cells.setdefault(key, {})
        if name in held:
            text = said(
                "第 {line} 行的单位“{unit}”、指标“{indicator}”与第 {first} 行重复。",
                line=line,
                unit=key[0],
                indicator=indicator,
                first=held[name][0],
            )
            self.fault("values.duplicate", text, place)
        held[name] = (line, value)

    def table(self) -> Table:
        found = set(self.wide) if not self.is_long else {name for held in self.cells.values() for name in held}
        for name in _needed(self.scheme):
            if name not in found:
                self.fault(
                    "values.no-column", said("缺少“{name}”的数据：表里没有这一列（或这一指标）。", name=name), name
                )
        keys = list(self.cells)
        texts = {
            a.id: tuple(self._text(k, a.id) for k in keys) for a in self.scheme.attributes.values() if not a.number
        }
        numeric = [n for n in dict.fromkeys(self.names.values()) if n not in texts]
        numbers = {name: self._numbers(keys, name) for name in numeric if name in found}
        read = {*self.names, *(self.header[at] for at in (self.unit, self.period) if at is not None)}
        spare = () if self.is_long else tuple(h for h in self.header if h and h not in read)
        lines = tuple(self.lines[k] for k in keys)
        return Table(tuple(k[0] for k in keys), tuple(k[1] for k in keys), numbers, texts, lines, spare)

    def _text(self, key: tuple[str, str], name: str) -> str:
        line, cell = self.cells[key].get(name, (self.lines[key], ""))
        if not cell:
            self.fault(
                "values.no-group",
                said("第 {line} 行（{unit}）没有写“{name}”。", line=line, unit=key[0], name=name),
                f"第 {line} 行 {name}",
            )
        return cell

    def _numbers(self, keys: Sequence[tuple[str, str]], name: str) -> Array:
        """A column as numbers; faults name it as its file does."""
        cells = [self.cells[k].get(name, (self.lines[k], "")) for k in keys]
        filled = [(line, c) for line, c in cells if c and c not in self.scheme.missing_marks]
        kinds = {c.endswith(("%", "％")) for _, c in filled}
        unit = self.scheme.indicators[name].unit if name in self.scheme.indicators else ""
        shown = self.header[self.wide[name]] if name in self.wide else name
        if len(kinds) == 2:
            self._mixed(shown, filled)
        column = np.array([self._number(line, c, shown, unit) for line, c in cells], dtype=float)
        self._range(cells, column, shown, unit)
        return digits(column, self.scheme.digits) if self.scheme.digits else column

    def _mixed(self, name: str, filled: Sequence[tuple[int, str]]) -> None:
        marked = [f for f in filled if f[1].endswith(("%", "％"))]
        plain = [f for f in filled if not f[1].endswith(("%", "％"))]
        fewer = min(marked, plain, key=len)
        for line, cell in fewer:
            text = said(
                "第 {line} 行“{name}”写作“{cell}”，而同列其他数{percent}百分号，请统一。",
                line=line,
                name=name,
                cell=cell,
                percent="不带" if fewer is marked else "带",
            )
            self.fault("values.percent-mixed", text, f"第 {line} 行 {name}")

    def _number(self, line: int, cell: str, name: str, unit: str) -> float:
        if not cell or cell in self.scheme.missing_marks:
            return np.nan
        plain = unicodedata.normalize("NFKC", cell)
        body = plain.removesuffix("%").strip()
        if not NUMBER.fullmatch(body) or not any(ch.isdigit() for ch in body):
            text = said("第 {line} 行“{name}”应当是数，现在是“{cell}”。", line=line, name=name, cell=cell[:40])
            self.fault("values.not-a-number", text, f"第 {line} 行 {name}")
            return np.nan
        if plain != cell:
            text = said(
                "第 {line} 行“{name}”的“{cell}”用了全角字符，请改为“{plain}”。",
                line=line,
                name=name,
                cell=cell[:40],
                plain=plain,
            )
            self.fault("values.full-width", text, f"第 {line} 行 {name}")
        value = float(body.replace(",", ""))
        if not np.isfinite(value):
            self.fault(
                "values.not-a-number",
                said("第 {line} 行“{name}”的数太大：“{cell}”。", line=line, name=name, cell=cell[:40]),
                f"第 {line} 行 {name}",
            )
        return value / 100 if plain.endswith("%") and unit == "share" else value

    def _range(self, cells: Sequence[tuple[int, str]], column: Array, name: str, unit: str) -> None:
        """A share stands between 0 and 1; a column of per cents with a few figures up to 1 has shares mixed in."""
        if unit == "share":
            off = (column < 0) | (column > 1)
        elif unit == "percent" and np.nanmedian(np.append(column, 0)) > 10:
            off = (column > 0) & (column <= 1)
        else:
            return
        for (line, cell), bad in zip(cells, off, strict=True):
            if bad:
                wanted = said("0 到 1 之间的比例") if unit == "share" else said("百分数（如 95），像是写成了比例")
                self.fault(
                    "values.percent-mixed",
                    said(
                        "第 {line} 行“{name}”的“{cell}”应当是{wanted}。", line=line, name=name, cell=cell, wanted=wanted
                    ),
                    f"第 {line} 行 {name}",
                )


def _columns(scheme: Scheme) -> dict[str, str]:
    """Header names that mean something: id, Chinese name and aliases of each indicator, rater column and attribute."""
    names: dict[str, str] = {}
    for attribute in scheme.attributes.values():
        names |= dict.fromkeys((attribute.id, *attribute.columns), attribute.id)
    for leaf in scheme.indicators.values():
        if leaf.inputs == (leaf.id,):
            names |= dict.fromkeys((leaf.name, *leaf.columns), leaf.id)
    for leaf in scheme.indicators.values():
        names |= {name: name for name in leaf.inputs}
    return names


def _needed(scheme: Scheme) -> Iterator[str]:
    """Columns without which nothing can be computed; one whose gaps the scheme provides for may be left out whole."""
    yield from scheme.attributes
    for leaf in scheme.indicators.values():
        if leaf.missing == "refuse" and leaf.role in ("part", "veto"):
            yield from leaf.inputs


def _find(header: Sequence[str], names: Sequence[str] | set[str]) -> int | None:
    return next((at for at, name in enumerate(header) if name in names), None)
