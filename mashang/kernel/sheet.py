"""CSV as offices have it: in which encoding a file is, and its records, every fault named with its row; how a number is written
in a cell, and a column by letters; cells that are safe to give out."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

from .refused import Fault, Refused
from .said import said

LIMIT = 1 << 28  # characters of a cell that the reader takes in at all
NUMBER = re.compile(r"[+-]?(?=\.?\d)([1-9]\d{0,2}(,\d{3})+|\d*)(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
"""A number in a cell, as people write it: commas stand before every third digit or nowhere."""
LONGEST_VALUE = 1000  # characters; thousands of accents upon one letter would be put in order in quadratic time
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes a cell with such a beginning for
AGAIN = 20  # how many times over a file is read again at most, to name broken quotes
_SMALL = 1 << 20  # characters; a smaller file may be read again as often as if it had so many
_SURE = 4  # Chinese characters of a line from which it cannot be GB 18030 that looks like UTF-8


def number_in(cell: str, share: bool = False) -> float:
    """The number that a cell holds, NaN if it is none: full-width digits, thousands' commas and a per cent sign are understood.
    Of a share the sign divides by 100."""
    if len(cell) > LONGEST_VALUE:
        return math.nan
    plain = unicodedata.normalize("NFKC", cell)
    body = plain.removesuffix("%").strip()
    if not NUMBER.fullmatch(body):
        return math.nan
    value = float(body.replace(",", ""))
    return value / 100 if share and plain.endswith("%") else value


def column_number(letters: str) -> int:
    """The number of a column that a spreadsheet names by letters: 1 for A, 27 for AA."""
    found = 0
    for letter in letters.upper():
        found = 26 * found + ord(letter) - 64
    return found


def encoding_of(data: bytes, name: str, code: str = "table.in", field: str = "in") -> str:
    """The encoding of a file of this name: UTF-8 (with or without mark) or GB 18030.

    Refuses what is no text, and a file of which some rows are in the one and some in the other, naming those.
    """
    if b"\0" in data:
        raise _no_text(data, data.index(b"\0"), name, code, field)
    try:
        data.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError as fault:
        place = fault.start
    if faults := _mixed(data):
        raise Refused.of_many(faults)
    try:
        data.decode("gb18030")
        return "gb18030"
    except UnicodeDecodeError as fault:
        raise _no_text(data, max(place, fault.start), name, code, field) from None


def _no_text(data: bytes, place: int, name: str, code: str, field: str) -> Refused:
    line = data.count(b"\n", 0, place) + 1
    text = said(
        "“{name}”不是 UTF-8 或 GB 18030 的文本（文件第 {line} 行读不出来），请另存为 CSV。", name=name, line=line
    )
    return Refused(code, text, field)


def _mixed(data: bytes) -> list[Fault]:
    """A fault for each row that is not in the encoding of the others; none where all may be GB 18030.

    Of the lines beyond ASCII most decide. Among those in GB 18030 a short one may happen to be UTF-8, a long one can't.
    """
    other, utf8, sure = [], 0, []
    for number, line in enumerate(lines_of(data, "latin-1")):
        if line.isascii():
            continue
        wide = _wide(line)
        if wide < 0:
            other.append(number)
        utf8 += wide > 0
        if wide >= _SURE:
            sure.append(number)
    if data.startswith(codecs.BOM_UTF8) or utf8 >= len(other):
        return [_not_utf8(row, column) for row, column in _cells(data, other, -1, "utf-8")]
    return [_only_utf8(row, column) for row, column in _cells(data, sure, 1, "gb18030")]


def _not_utf8(row: int, column: str) -> Fault:
    text = said(
        "第 {row} 行{column}不是 UTF-8 编码，别的行是，请把整个文件另存为 CSV（UTF-8）。", row=row, column=_of(column)
    )
    return Fault("table.mixed", text, f"{row}:{column}")


def _only_utf8(row: int, column: str) -> Fault:
    text = said(
        "第 {row} 行{column}是 UTF-8 编码，别的行不是，请把整个文件另存为 CSV（UTF-8）。", row=row, column=_of(column)
    )
    return Fault("table.mixed", text, f"{row}:{column}")


def _of(column: str) -> str:
    return said("“{column}”列", column=column) if column else ""


def _wide(latin: str) -> int:
    """How many characters of three bytes and more these bytes (as Latin-1) hold as UTF-8; -1 where they are none."""
    try:
        return sum(letter >= "\u0800" for letter in latin.encode("latin-1").decode())
    except UnicodeDecodeError:
        return -1


def _cells(data: bytes, lines: Sequence[int], sign: int, encoding: str) -> Iterator[tuple[int, str]]:
    """Each row that holds one of these lines, with its first column of which `_wide` has this sign ("" if none has)."""
    csv.field_size_limit(LIMIT)
    reader = csv.reader(lines_of(data, "latin-1"))
    heading: list[str] = []
    at = 0
    for number, row in enumerate(reader, 1):
        heading = heading or [_told(cell, encoding) for cell in row]
        if at < len(lines) and lines[at] < reader.line_num:
            named = zip(heading if number > 1 else (), row, strict=False)
            yield number, next((name for name, cell in named if _wide(cell) * sign > 0), "")
        while at < len(lines) and lines[at] < reader.line_num:
            at += 1


def _told(latin: str, encoding: str) -> str:
    return latin.encode("latin-1").decode(encoding, errors="replace").strip("\ufeff \t")


def lines_of(data: bytes, encoding: str) -> Iterator[str]:
    """The lines of a file with their ends; only line feeds and carriage returns end one."""
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def records(
    data: bytes, encoding: str, faults: list[Fault], code: str = "table.quotes"
) -> Iterator[tuple[int, list[str]]]:
    """Records with their number as a spreadsheet shows it; empty lines, and rows of empty cells, are counted and left out.

    One whose quotes are broken is added to the faults, and reading goes on at the next line: unless so many quotes stay
    open that the file would be read again for each of its lines.
    """
    csv.field_size_limit(LIMIT)
    lines: list[str] | None = None
    ends: list[int] = []
    start = number = again = 0
    while True:
        rest = lines_of(data, encoding) if lines is None else _from(lines, start)
        reader = csv.reader(rest, strict=True)
        done = 0
        try:
            for row in reader:
                number += 1
                done = reader.line_num
                if row and (row[0].strip() or len(row) == 1 or not is_blank(row)):
                    yield number, row
            return
        except csv.Error:
            lines = lines if lines is not None else list(lines_of(data, encoding))
            ends = ends or list(accumulate(map(len, lines)))
            again += ends[start + reader.line_num - 1] - ends[start + done]
            number += 1
            start += done + 1
            faults.append(_open_quote(number, start, code))
            if again > AGAIN * max(ends[-1], _SMALL):
                faults.append(_no_further(number, code))
                return


def _open_quote(number: int, line: int, code: str) -> Fault:
    text = said("第 {number} 行（文件第 {line} 行）：引号不成对，格内的引号要写两个。", number=number, line=line)
    return Fault(code, text, f"{number}:")


def _no_further(number: int, code: str) -> Fault:
    text = said("不成对的引号太多，第 {number} 行以后没有再看，请先改正以上各处。", number=number)
    return Fault(code, text, f"{number}:")


def _from(lines: Sequence[str], start: int) -> Iterator[str]:
    return (lines[place] for place in range(start, len(lines)))


def defused(text: str) -> str:
    """A cell that a spreadsheet shows and never computes."""
    return "'" + text if text.startswith(FORMULA) else text


def is_blank(row: Sequence[str]) -> bool:
    """Whether no cell says anything, as in the rows that Excel leaves behind below a table."""
    return not any(cell.strip() for cell in row)
