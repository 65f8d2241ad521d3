"""A file someone uploads, as tables of text: workbook or CSV, UTF-8 or GB18030, with limits against hostile files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.sheet import encoding_of, records
from mashang.text.rules import clean
from mashang.text.rules.workbook import sheets

MAX_BYTES, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 10 << 20, 20_000, 100, 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `number` as the spreadsheet shows it, `cells` by column title."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    titles: tuple[str, ...]
    lines: tuple[Line, ...]


def _refuse(text: str, code: str = "file") -> Refused:
    return Refused(f"sheet.{code}", text, "file")


def cell_text(value: object) -> str:
    """A cell as people see it: whole numbers without .0, dates as YYYY-MM-DD."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = "\n".join(clean(part).strip() for part in str(value).splitlines()).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text


def _table(name: str, rows: Iterator[tuple[int, Sequence[object]]]) -> Table:
    number, head = next(((n, row) for n, row in rows if any(cell_text(c) for c in row)), (0, []))
    titles = tuple(cell_text(c) for c in head)
    if twice := {t for t in titles if t and titles.count(t) > 1}:
        raise _refuse(
            _("“%(s)s”表第 %(n)d 行的列名重复：%(t)s。") % {"s": name, "n": number, "t": "、".join(sorted(twice))},
            "title",
        )
    lines = []
    for number, row in rows:
        cells = {title: cell_text(cell) for title, cell in zip(titles, row, strict=False) if title}
        if any(len(cell) > MAX_CELL for cell in cells.values()):
            raise _refuse(_("“%(s)s”表第 %(n)d 行有超过 2 万字的单元格，请缩短。") % {"s": name, "n": number}, "cell")
        if any(cells.values()):
            lines.append(Line(number, cells))
        if len(lines) > MAX_ROWS:
            raise _refuse(_("“%(s)s”表超过 2 万行，请分成几个文件导入。") % {"s": name}, "rows")
    return Table(name, titles, tuple(lines))


def _csv_rows(data: bytes, filename: str) -> Iterator[tuple[int, list[str]]]:
    """UTF-8 or GB 18030; after the last row, every row with broken quotes is refused."""
    faults: list[Fault] = []
    for number, row in records(data, encoding_of(data, filename, "sheet.encoding", "file"), faults, "sheet.quotes"):
        yield number, row[:MAX_COLUMNS]
    if faults:
        raise Refused.of_many(faults)


def tables(data: bytes, filename: str) -> list[Table]:
    """The tables of a file. Refuses empty, oversize, broken or foreign files with one sentence."""
    if not data:
        raise _refuse(_("文件是空的，请重新选择。"), "empty")
    if len(data) > MAX_BYTES:
        raise _refuse(_("文件超过 10 MB，请分成几个文件导入。"), "size")
    suffix = filename.rpartition(".")[2].lower()
    if suffix in ("xlsx", "xlsm"):
        return [_table(name, enumerate(rows, 1)) for name, rows in sheets(data, rows=MAX_ROWS, columns=MAX_COLUMNS)]
    if suffix in ("csv", "txt"):
        return [_table(filename, _csv_rows(data, filename))]
    raise _refuse(_("只能导入 .xlsx 或 .csv 文件，其他表格请另存为 .xlsx。"), "type")
