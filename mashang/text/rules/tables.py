"""Tables of texts as offices have them: CSV read whole, every fault named at once with row and column."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mashang.kernel.clock import ZONE
from mashang.kernel.refused import SHOWN, Fault, Refused
from mashang.kernel.said import said
from mashang.kernel.sheet import LONGEST_VALUE, NUMBER, encoding_of, is_blank, records

LONGEST = 100_000  # characters in one cell
UNREAD = datetime(1970, 1, 1, tzinfo=ZONE)  # stands for a time that could not be read
ALIASES = {
    "label": ("类别", "标签", "分类", "一级标签", "一级分类"),
    "text": ("文本", "内容", "文字"),
    "title": ("标题", "主题", "留言标题", "留言主题", "来信标题", "信件标题"),
    "body": ("正文", "详情", "留言内容", "留言详情", "来信", "来信内容", "信件内容"),
    "group": ("分组", "组别"),
    "id": ("编号", "留言编号", "来信编号", "信件编号"),
    "at": ("时间", "留言时间", "来信时间", "信件时间"),
    "likes": ("点赞数", "赞同数"),
    "reply": ("答复", "答复内容", "答复意见", "回复", "回复内容"),
    "replied_at": ("答复时间", "回复时间"),
}
"""The headings that offices write for the columns that are read."""
_MEANT = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}
EITHER = "内容"  # the body where a title stands beside it, else the whole text


@dataclass(slots=True)
class Table:
    """Rows as they stand in the file. `numbers[i]` is row i as a spreadsheet shows it (the heading is row 1)."""

    heading: list[str]
    rows: list[list[str]]
    numbers: list[int]
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, column: str) -> int | None:
        """Where the column stands, under its English name or a Chinese heading for it; None when it does not."""
        meant = {column, _MEANT.get(column, column)}
        titled = _is_titled(self.heading)
        return next((at for at, n in enumerate(self.heading) if n in meant or _meaning(n, titled) in meant), None)

    def has(self, column: str) -> bool:
        """Whether the heading names the column."""
        return self.place(column) is not None

    def column(self, name: str) -> list[str]:
        """The cells of one column, outer spaces gone; empty strings when there is no such column."""
        place = self.place(name)
        if place is None:
            return [""] * len(self.rows)
        return [row[place].strip() for row in self.rows]

    def fault(self, row: int, column: str, text: str) -> None:
        """Note what is wrong in row (0-based) and column, which is told as the file heads it."""
        number, place = self.numbers[row], self.place(column)
        column = column if place is None else self.heading[place]
        self.faults.append(
            Fault(
                "table.cell",
                said("第 {number} 行“{column}”列：{text}", number=number, column=column, text=text),
                f"{number}:{column}",
            )
        )

    def heading_fault(self, column: str, text: str) -> None:
        """Note what is wrong with a column as such."""
        self.faults.append(Fault("table.heading", text, f"1:{column}"))

    def texts(self, name: str) -> list[str]:
        """A column of texts; overlong ones become faults."""
        cells = self.column(name)
        for row, cell in enumerate(cells):
            if len(cell) > LONGEST:
                self.fault(row, name, said("有 {n} 字，超过 {most} 字，请删减。", n=len(cell), most=LONGEST))
        return cells

    def filled(self, name: str) -> list[str]:
        """A column, if there is one, in which every row must say something; empty and overlong cells become faults."""
        cells = self.texts(name)
        if self.has(name):
            for row, cell in enumerate(cells):
                if not cell:
                    self.fault(row, name, said("不能为空。"))
        return cells

    def numbers_of(self, name: str) -> list[float]:
        """A column of numbers not below zero; an empty cell is 0, full-width digits are read, anything else is a fault."""
        return [self._number(row, name, cell) for row, cell in enumerate(self.column(name))]

    def _number(self, row: int, name: str, cell: str) -> float:
        if not cell:
            return 0.0
        plain = unicodedata.normalize("NFKC", cell) if len(cell) <= LONGEST_VALUE else ""
        value = float(plain.replace(",", "")) if NUMBER.fullmatch(plain) else -1.0
        if not 0 <= value < 1e12:
            self.fault(row, name, said("“{cell}”不是不小于零的数。", cell=cell[:20]))
            return 0.0
        return value

    def times(self, name: str) -> list[datetime]:
        """A column of dates or times; unreadable ones are faults and come as `UNREAD`, as all do where there is no column."""
        if not self.has(name):
            return [UNREAD] * len(self)
        return [self._time(row, name, cell) for row, cell in enumerate(self.column(name))]

    def _time(self, row: int, name: str, cell: str) -> datetime:
        found = read_time(cell)
        if not cell:
            self.fault(row, name, said("没有填写时间。"))
        elif found is None:
            self.fault(row, name, said("“{cell}”不是时间，请写成 2026-03-02 或 2026-03-02 09:10。", cell=cell[:30]))
        return found or UNREAD

    def refuse(self) -> None:
        """Say no with all faults found so far."""
        if not self.faults:
            return
        shown = self.faults[:SHOWN]
        if len(self.faults) > SHOWN:
            shown = [*shown, Fault("table.more", said("另有 {more} 处问题未列出。", more=len(self.faults) - SHOWN))]
        raise Refused.of(shown)


def _is_titled(heading: Sequence[str]) -> bool:
    return any(_MEANT.get(name) == "title" for name in heading)


def _meaning(name: str, titled: bool) -> str:
    """The English name of a column with this heading; the heading itself where it is none that is read."""
    if name == EITHER and titled:
        return "body"
    return _MEANT.get(name, name)


def read_time(text: str) -> datetime | None:
    """A time as offices write it (2026-03-02, 2026/3/2 9:10:05, 2026年3月2日, ISO 8601), local; None when it is none.

    Years have four digits and come first: 24/3/5 and 3/5/2024 may mean several days.
    """
    if len(text) > LONGEST_VALUE:
        return None
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("日").replace("年", "-").replace("月", "-")
    day, _, hour = plain.replace("/", "-").replace("日", " ").replace("T", " ").partition(" ")
    parts = day.split("-")
    if [len(part) == 4 for part in parts] == [True, False, False] and all(part.isdecimal() for part in parts):
        hour = hour.strip()
        head = hour.split(":")[0]
        day = f"{int(parts[0]):04d}-{int(parts[1]):02d}-{int(parts[2]):02d}"
        hour = hour.zfill(len(hour) + 1) if len(head) == 1 else hour
        try:
            found = datetime.fromisoformat(f"{day} {hour}".strip())
            return found.replace(tzinfo=ZONE) if found.tzinfo is None else found.astimezone(ZONE)
        except (ValueError, OverflowError):
            return None
    return None


def table_of(raw: bytes, name: str, needed: Sequence[str] = (), least: int = 1, *, meant: bool = True) -> Table:
    """The table in the bytes of a CSV file of this name: UTF-8 (with or without mark) or GB 18030.

    Needed columns that are missing, a heading named twice, two headings that mean one column, rows too long or short,
    broken quotes and fewer rows than `least` become faults of the table; only a file that cannot be read at all is
    refused here. Without `meant` no column is looked for, so that headings may mean the same.
    """
    table = Table([], [], [])
    for number, row in records(raw, encoding_of(raw, name), table.faults):
        if not table.heading:
            table.heading = [cell.strip() for cell in row]
        elif len(row) == len(table.heading):
            table.rows.append(row)
            table.numbers.append(number)
        elif not is_blank(row):
            sentence = said(
                "第 {number} 行：有 {n} 格，表头有 {wanted} 列，请核对引号和逗号。",
                number=number,
                n=len(row),
                wanted=len(table.heading),
            )
            table.faults.append(Fault("table.row", sentence, f"{number}:"))
    _heading(table, name, needed)
    if meant:
        _twice_meant(table)
    if len(table.rows) < least and not table.faults:
        table.faults.append(
            Fault(
                "table.empty",
                said("“{name}”只有 {n} 行数据，至少要 {least} 行。", name=name, n=len(table.rows), least=least),
            )
        )
    return table


def _heading(table: Table, file: str, needed: Sequence[str]) -> None:
    if not table.heading:
        table.faults.append(Fault("table.empty", said("“{file}”是空的，第一行要写列名。", file=file)))
        return
    for name in sorted(n for n, times in Counter(table.heading).items() if n and times > 1):
        table.heading_fault(name, said("第 1 行：列名“{name}”重复。", name=name))
    for name in needed:
        if not table.has(name):
            table.heading_fault(name, _missing(name))


def _missing(name: str) -> str:
    if others := ALIASES.get(_MEANT.get(name, name)):
        return said("第 1 行：缺少“{name}”列，列名也可以写作：{others}。", name=name, others=[*others])
    return said("第 1 行：缺少“{name}”列。", name=name)


def _twice_meant(table: Table) -> None:
    """A fault for each column that stands there under two names."""
    titled = _is_titled(table.heading)
    for name in ALIASES:
        found = [h for h in dict.fromkeys(table.heading) if _meaning(h, titled) == name]
        if len(found) > 1:
            text = said("第 1 行：{names}说的是同一列，请只留一列。", names=[f"“{one}”" for one in found])
            table.heading_fault(found[1], text)


def texts_of(table: Table) -> list[str]:
    """The texts of a table: column `text` (文本), or `title` and `body` together (one of the two may be empty in a row)."""
    if table.has("text"):
        return table.filled("text")
    if not table.has("title") or not table.has("body"):
        table.heading_fault("text", said("第 1 行：要有“text”列（文本），或“title”和“body”两列（标题、正文）。"))
        return [""] * len(table)
    return [f"{title}。{body}" for title, body in letters_of(table)]


def letters_of(table: Table) -> list[tuple[str, str]]:
    """Title and body of each row, one of which may be empty."""
    titles, bodies = table.texts("title"), table.texts("body")
    if table.has("title") and table.has("body"):
        for row, (title, body) in enumerate(zip(titles, bodies, strict=True)):
            if not title and not body:
                table.fault(row, "title", said("标题和正文不能都是空的。"))
    return list(zip(titles, bodies, strict=True))


def thin_classes(labels: Iterable[str]) -> list[Fault]:
    """What keeps these labels from being learned: one class only, or classes of one text."""
    count = Counter(labels)
    faults = []
    if len(count) < 2:
        faults.append(Fault("train.classes", said("训练数据只有一个类别，至少要有两个类别。"), "label"))
    if thin := [f"“{name[:20]}”" for name in sorted(count) if count[name] < 2]:
        names = [*thin[:20], *([said("等 {n} 个", n=len(thin))] if len(thin) > 20 else [])]
        text = said("类别{names}只有一条，每个类别至少要两条，请补充或并入其他类别。", names=names)
        faults.append(Fault("train.thin", text, "label"))
    return faults


def as_csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV text with the mark that Excel needs."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()
