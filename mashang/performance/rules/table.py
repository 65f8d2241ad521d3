"""Figures of units as they come: a CSV or Excel sheet, wide or long, read whole, every fault named with row and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.kernel.sheet import LONGEST_VALUE, number_in
from mashang.performance.rules.reading import Rows, rows_of
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.statistics import Array, digits

LONG = (("indicator", "指标"), ("value", "数值"))
_ERRORS = re.compile(r"=.*|#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are (period, unit). `numbers` hold figures and numeric attributes (NaN = missing), `texts` groups."""

    units: tuple[str, ...]
    periods: tuple[str, ...]
    numbers: Mapping[str, Array]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    spare: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.units)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is no fault and should be known: columns that nothing reads, per cents that may be ratios."""
        doubts = tuple(
            said("“{name}”的数都不大于 1，像是写成了比例；百分数请写成 95 这样的数，确实不到 1% 的不用改。", name=name)
            for name in self.doubts
        )
        return (said("没有用到的列：{names}。", names=[*self.spare]), *doubts) if self.spare else doubts

    def place(self, row: int) -> str:
        """How a reader finds the row: its line in the file, else its unit and period."""
        if self.lines and self.lines[row]:
            return said("第 {first} 行（{unit}）", first=self.lines[row], unit=self.units[row])
        return f"{self.units[row]} {self.periods[row]}".strip()


class Unreadable(Refused):
    """A table of which not all could be read: every fault of its cells and rows, what could be read (NaN for the rest), and
    which cells (row of the table, column) could not."""

    def __init__(self, faults: Sequence[Fault], table: Table, cells: frozenset[tuple[int, str]]) -> None:
        no = Refused.of_many(faults)
        super().__init__(no.code, no.text, no.field, no.faults)
        self.every, self.table, self.cells = tuple(faults), table, cells


def read_table(path: Path, scheme: Scheme) -> Table:
    """The figures of a .csv (UTF-8, UTF-16 or GB18030, with or without BOM) or .xlsx file; refuses with all faults."""
    return table_from(path.read_bytes(), path.name, scheme)


def table_from(data: bytes, name: str, scheme: Scheme, period: str = "") -> Table:
    """The same from the bytes of a file of this name."""
    faults: list[Fault] = []
    return table_of(rows_of(data, name, faults), scheme, faults, period)


def table_of(rows: Rows, scheme: Scheme, faults: list[Fault] | None = None, period: str = "") -> Table:
    """Cells to figures; `rows` are (line, cells), the first the header. Rows that name no period are of `period`; without that
    they are a fault beside rows that do. Refuses with all faults."""
    faults = [] if faults is None else faults
    rows = [(line, [c.strip() for c in cells]) for line, cells in rows if any(c.strip() for c in cells)]
    if len(rows) < 2:
        faults.append(Fault("values.no-rows", "文件里没有数据行：第一行是表头，其后每行一个单位。"))
        raise Refused.of_many(faults)
    read = _Reading(scheme, rows[0][1], faults, period)
    for line, cells in rows[1:]:
        read.row(line, cells)
    table = read.table()
    if faults:
        raise Unreadable(faults, table, frozenset(read.unread))
    return table


class _Reading:
    """One pass over the rows: cells kept as text by (unit, period) and column, then columns turned into numbers."""

    def __init__(self, scheme: Scheme, header: list[str], faults: list[Fault], meant: str) -> None:
        self.scheme, self.faults, self.header, self.meant = scheme, faults, header, meant
        self.without_period: list[int] = []
        self.names = _columns(scheme)
        self.unit = _find(header, scheme.unit_columns)
        self.period = _find(header, scheme.period_columns)
        self.long = tuple(_find(header, names) for names in LONG)
        self.cells: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
        self.lines: dict[tuple[str, str], int] = {}
        self.wide: dict[str, int] = {}
        self.doubts: list[str] = []
        self.unread: set[tuple[int, str]] = set()
        for at, name in enumerate(header):
            if name in self.names and not self.is_long:
                if self.names[name] in self.wide:
                    self._twice(header[self.wide[self.names[name]]], name)
                self.wide[self.names[name]] = at
        for names in (scheme.unit_columns, scheme.period_columns, *(LONG if self.is_long else ())):
            found = [name for name in header if name in names]
            for name in dict.fromkeys(found[1:]):
                self._twice(found[0], name)
        if self.unit is None:
            names = [*scheme.unit_columns]
            self.fault("values.no-unit-column", said("表头里没有单位列，列名应当是：{names}。", names=names), "第 1 行")

    @property
    def is_long(self) -> bool:
        return None not in self.long

    def _twice(self, first: str, name: str) -> None:
        text = said("表头里“{name}”这一列出现了两次。", name=name)
        if first != name:
            text = said("表头里“{first}”和“{name}”说的是同一列，请只留一列。", first=first, name=name)
        self.fault("values.column-twice", text, f"第 1 行 {name}")

    def fault(self, code: str, text: str, place: str) -> None:
        self.faults.append(Fault(code, text, place))

    def row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self.header):
            text = said("第 {line} 行有 {n} 列，表头有 {wanted} 列。", line=line, n=len(cells), wanted=len(self.header))
            self.fault("values.width", text, f"第 {line} 行")
            return
        if self.unit is None:
            return
        key = (cells[self.unit], self._period(line, cells))
        if not key[0]:
            self.fault(
                "values.no-unit",
                said("第 {line} 行没有写单位。", line=line),
                f"第 {line} 行 {self.header[self.unit]}",
            )
        elif _ERRORS.fullmatch(key[0]):
            self._not_computed(line, self.header[self.unit], key[0])
        elif self.period is not None and _ERRORS.fullmatch(key[1]):
            self._not_computed(line, self.header[self.period], key[1])
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

    def _period(self, line: int, cells: list[str]) -> str:
        """The period that a row names, else the one that is meant where none is named."""
        given = cells[self.period] if self.period is not None else ""
        if not self._missing(given):
            return given
        self.without_period.append(line)
        return self.meant

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
        self._periods()
        keys = list(self.cells)
        texts = {
            a.id: tuple(self._text(k, a.id) for k in keys) for a in self.scheme.attributes.values() if not a.number
        }
        numeric = [n for n in dict.fromkeys(self.names.values()) if n not in texts]
        numbers = {name: self._numbers(keys, name) for name in numeric if name in found}
        read = {*self.names, *(self.header[at] for at in (self.unit, self.period) if at is not None)}
        spare = () if self.is_long else tuple(h for h in self.header if h and h not in read)
        lines = tuple(self.lines[k] for k in keys)
        units, periods = tuple(k[0] for k in keys), tuple(k[1] for k in keys)
        return Table(units, periods, numbers, texts, lines, spare, tuple(self.doubts))

    def _periods(self) -> None:
        """One period written in two ways (2026-1, 2026-01) would be scored as two, and rows without any as one more."""
        if any(period for _unit, period in self.lines) and not self.meant:
            for line in self.without_period:
                text = said("第 {line} 行没有写期间，别的行写了，请补上。", line=line)
                self.fault("values.no-period", text, f"第 {line} 行 {self.header[self.period or 0]}")
            self.cells = {key: held for key, held in self.cells.items() if key[1]}
        first: dict[str, str] = {}
        for (_unit, period), line in self.lines.items():
            if period == self.meant:
                continue
            plain = (
                unicodedata.normalize("NFKC", "".join(period[:LONGEST_VALUE].split())).upper() + period[LONGEST_VALUE:]
            )
            known = first.setdefault(re.sub(r"(?<!\d)0+(?=\d)", "", plain), period)
            if known != period:
                text = said(
                    "第 {line} 行的期间“{period}”在别的行写作“{known}”，请统一。", line=line, period=period, known=known
                )
                self.fault("values.period", text, f"第 {line} 行 {self.header[self.period or 0]}")

    def _not_computed(self, line: int, name: str, cell: str) -> None:
        text = said(
            "第 {line} 行“{name}”是没有算出结果的公式或错误值“{cell}”，请在表格软件里改正并重新计算。",
            line=line, name=name, cell=cell[:40],
        )  # fmt: skip
        self.fault("values.not-a-number", text, f"第 {line} 行 {name}")

    def _text(self, key: tuple[str, str], name: str) -> str:
        line, cell = self.cells[key].get(name, (self.lines[key], ""))
        if self._missing(cell):
            self.fault(
                "values.no-group",
                said("第 {line} 行（{unit}）没有写“{name}”。", line=line, unit=key[0], name=name),
                f"第 {line} 行 {name}",
            )
        elif _ERRORS.fullmatch(cell):
            self._not_computed(line, name, cell)
        return cell

    def _numbers(self, keys: Sequence[tuple[str, str]], name: str) -> Array:
        """A column as numbers; faults name it as its file does."""
        cells = [self.cells[k].get(name, (self.lines[k], "")) for k in keys]
        filled = [(line, c) for line, c in cells if not self._missing(c)]
        kinds = {c.endswith(("%", "％")) for _, c in filled}
        unit = self.scheme.indicators[name].unit if name in self.scheme.indicators else ""
        shown = self.header[self.wide[name]] if name in self.wide else name
        if len(kinds) == 2:
            self._mixed(shown, filled)
        column = np.array([self._number(line, c, shown, unit) for line, c in cells], dtype=float)
        if np.isnan(column).sum() > len(cells) - len(filled):
            self.unread |= {
                (row, name) for row in np.flatnonzero(np.isnan(column)).tolist() if not self._missing(cells[row][1])
            }
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

    def _missing(self, cell: str) -> bool:
        return not cell or cell in self.scheme.missing_marks

    def _number(self, line: int, cell: str, name: str, unit: str) -> float:
        if self._missing(cell):
            return np.nan
        if _ERRORS.fullmatch(cell):
            self._not_computed(line, name, cell)
            return np.nan
        value = number_in(cell, unit == "share")
        if np.isnan(value):
            text = said("第 {line} 行“{name}”应当是数，现在是“{cell}”。", line=line, name=name, cell=cell[:40])
            self.fault("values.not-a-number", text, f"第 {line} 行 {name}")
            return np.nan
        if (plain := unicodedata.normalize("NFKC", cell)) != cell:
            text = said(
                "第 {line} 行“{name}”的“{cell}”用了全角字符，请改为“{plain}”。",
                line=line,
                name=name,
                cell=cell[:40],
                plain=plain,
            )
            self.fault("values.full-width", text, f"第 {line} 行 {name}")
        if not np.isfinite(value):
            self.fault(
                "values.not-a-number",
                said("第 {line} 行“{name}”的数太大：“{cell}”。", line=line, name=name, cell=cell[:40]),
                f"第 {line} 行 {name}",
            )
        return value

    def _range(self, cells: Sequence[tuple[int, str]], column: Array, name: str, unit: str) -> None:
        """What figures of a unit are like: a share stands between 0 and 1, a count is whole, a per cent is no ratio."""
        if unit == "share":
            off, wanted = (column < 0) | (column > 1), said("0 到 1 之间的比例")
        elif unit == "count":
            off, wanted = (column < 0) | (np.floor(column) != column) & ~np.isnan(column), said("不小于 0 的整数")
        elif unit == "percent":
            off, wanted = ratios(column), said("百分数（如 95），像是写成了比例")
            if not off.any() and (column > 0).any() and not ((column < 0) | (column > 1)).any():
                self.doubts.append(name)
        else:
            return
        code = "values.count" if unit == "count" else "values.percent-mixed"
        for at in np.flatnonzero(off).tolist():
            line, cell = cells[at]
            text = said(
                "第 {line} 行“{name}”的“{cell}”应当是{wanted}。", line=line, name=name, cell=cell, wanted=wanted
            )
            self.fault(code, text, f"第 {line} 行 {name}")


def ratios(column: Array) -> NDArray[np.bool_]:
    """Which figures of a column of per cents are ratios: those up to 1, when most others are over 10, or all of them with
    nothing between and nothing negative."""
    held = column[~np.isnan(column)]
    gap = bool((held > 10).any()) and not ((held < 0) | (held > 1) & (held <= 10)).any()
    if gap or np.median(np.append(held, 0)) > 10:
        return np.asarray((column > 0) & (column <= 1))
    return np.zeros(len(column), dtype=bool)


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


def _find(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((at for at, name in enumerate(header) if name in names), None)
