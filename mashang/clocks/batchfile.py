"""Due dates by the file: CSV in, CSV out, every fault named at once, and nothing written unless all is well."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Fault, Refused

from .rules import Calendar, Limit
from .rules.arrays import Ints
from .rules.batch import NAT, Times, due_batch, due_days_batch
from .rules.written import read_pause, read_start

ROWS = 50_000  # read, computed and written at a time
COLUMNS = ("start", "limit", "pauses")
_EPOCH = date(1970, 1, 1).toordinal()
Pair = tuple[int, int]
Rows = Sequence[tuple[int, list[str]]]


def compute(calendar: Calendar, source: Path, target: Path) -> int:
    """Add the column `due` to each row of `source` and write `target` whole, or refuse with every fault.

    Columns `start` and `limit` are needed, `pauses` (FROM/TO;FROM/TO) may be; others are kept as they are. Rows are
    numbered as a spreadsheet shows them: the heading is row 1. UTF-8 (with or without mark) or GB 18030.
    """
    handle, name = _temporary(target)
    try:
        with _opened(source) as lines, os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            count, faults = _worked(calendar, lines, out)
        if faults:
            raise Refused.of(faults)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return count


def _temporary(target: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as fault:
        raise Refused("batch.out", f"写不了“{target}”：{fault.strerror}。", "out") from None


def _opened(source: Path) -> IO[str]:
    try:
        with source.open("rb") as file:
            head = file.read(1 << 20)
    except OSError as fault:
        raise Refused("batch.in", f"读不了“{source}”：{fault.strerror}。", "batch") from None
    if b"\x00" in head:
        raise Refused("batch.in", f"“{source}”不是文本文件，请另存为 CSV（UTF-8）。", "batch")
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8-sig")
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "gb18030"
    return source.open(encoding=encoding, newline="")


def _worked(calendar: Calendar, lines: IO[str], out: IO[str]) -> tuple[int, list[Fault]]:
    reader = csv.reader(lines, strict=True)
    try:
        heading = next(reader, [])
        places = _places(heading)
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*heading, "due"])
        known, faults, number = Known(calendar), list[Fault](), 2
        while rows := list(islice(reader, ROWS)):
            numbered = [(number + i, row) for i, row in enumerate(rows) if row]
            dues = _part(known, numbered, places, len(heading), faults)
            if not faults:
                writer.writerows([*row, due] for (_, row), due in zip(numbered, dues, strict=True))
            number += len(rows)
    except (csv.Error, UnicodeDecodeError):
        raise Refused("batch.in", "这个文件不是完好的 CSV，请另存为 CSV（UTF-8）后再试。", "batch") from None
    return number - 2, faults


def _places(heading: Sequence[str]) -> tuple[int, int, int | None]:
    names = [name.strip() for name in heading]
    missing = [name for name in COLUMNS[:2] if name not in names]
    if missing:
        raise Refused.of([Fault("batch.column", f"第 1 行缺少列“{name}”。", f"1:{name}") for name in missing])
    if "due" in names:
        raise Refused("batch.column", "输入文件里已经有“due”列，请先改名或删除。", "1:due")
    return names.index("start"), names.index("limit"), names.index("pauses") if "pauses" in names else None


class Known:
    """What cells may say, as numbers: every day of the calendar, every minute of a day, the limits met so far."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        first = calendar.ordinal
        self.days = {date.fromordinal(first + i).isoformat(): first + i - _EPOCH for i in range(calendar.size)}
        self.minutes = {f"{mark}{m // 60:02}:{m % 60:02}": m * 60 for mark in "T " for m in range(1440)} | {"": 0}
        self.limits: dict[str, Limit] = {}

    def start(self, text: str) -> int:
        """Local epoch seconds of a start that the tables do not hold. Refuses what is no date or outside the calendar."""
        return self.calendar.second(read_start(text)) + (self.calendar.ordinal - _EPOCH) * 86_400

    def limit(self, text: str) -> Limit:
        found = self.limits[text] = Limit.parse(text)
        return found

    def pause(self, text: str) -> Pair:
        """A pause as days since 1970, both ends included. Refuses reversed ones and those outside the calendar."""
        pair = read_pause(text)
        self.calendar.paused_days([pair])
        return pair[0].toordinal() - _EPOCH, pair[1].toordinal() - _EPOCH


@dataclass(slots=True)
class Part:
    """Some rows, read: pauses as one long list with the row that each belongs to."""

    seconds: list[int] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)

    def pause(self, owner: int, pair: Pair) -> None:
        self.owners.append(owner)
        self.firsts.append(pair[0])
        self.lasts.append(pair[1])


def _part(
    known: Known,
    numbered: Sequence[tuple[int, list[str]]],
    places: tuple[int, int, int | None],
    width: int,
    faults: list[Fault],
) -> list[str]:
    """The due texts of some rows; faults are added to, with their row and column."""
    wrong = [(number, row) for number, row in numbered if len(row) != width]
    faults += [Fault("batch.width", f"第 {n} 行有 {len(row)} 列，应有 {width} 列。", f"{n}:") for n, row in wrong]
    rows = [(number, row) for number, row in numbered if len(row) == width] if wrong else numbered
    before, part = len(faults), Part()
    _read_starts(known, rows, places[0], part, faults)
    _read_limits(known, rows, places[1], part, faults)
    if places[2] is not None:
        _read_pauses(known, rows, places[2], part, faults)
    if wrong or len(faults) > before:
        return []
    dues = _dues(known.calendar, part)
    for index in np.flatnonzero(dues == "").tolist():
        number, row = rows[index]
        text = f"第 {number} 行 limit 列：从 {row[places[0]]} 起 {row[places[1]]} 超出工作日历（到 {known.calendar.last}）。"
        faults.append(Fault("calendar.outside", text, f"{number}:limit"))
    return dues.tolist()  # type: ignore[no-any-return]  # an array of str


def _read_starts(known: Known, rows: Rows, place: int, part: Part, faults: list[Fault]) -> None:
    days, minutes, add = known.days, known.minutes, part.seconds.append
    for number, row in rows:
        text = row[place]
        try:
            add(days[text[:10]] * 86_400 + minutes[text[10:]])
        except KeyError:
            _tried(known.start, text, add, faults, number, "start")


def _read_limits(known: Known, rows: Rows, place: int, part: Part, faults: list[Fault]) -> None:
    limits, add = known.limits, part.limits.append
    for number, row in rows:
        found = limits.get(row[place])
        if found is not None:
            add(found)
        else:
            _tried(known.limit, row[place], add, faults, number, "limit")


def _read_pauses(known: Known, rows: Rows, place: int, part: Part, faults: list[Fault]) -> None:
    days = known.days
    for index, (number, row) in enumerate(rows):
        if not row[place]:
            continue
        for text in row[place].split(";"):
            first, last = days.get(text[:10]), days.get(text[11:])
            if first is not None and last is not None and first <= last and text[10] == "/":
                part.pause(index, (first, last))
            elif text.strip():
                _tried(known.pause, text, partial(part.pause, index), faults, number, "pauses")


def _tried(
    read: Callable[[str], Any], text: str, add: Callable[[Any], None], faults: list[Fault], number: int, column: str
) -> None:
    try:
        add(read(text))
    except Refused as no:
        faults.extend(Fault(f.code, f"第 {number} 行 {column} 列：{f.text}", f"{number}:{column}") for f in no.faults)


def _dues(calendar: Calendar, part: Part) -> NDArray[np.str_]:
    """The due texts, by unit; empty where the limit leaves the calendar."""
    count = len(part.limits)
    out = np.full(count, "", dtype="U16")
    starts = np.array(part.seconds, dtype=np.int64).view("datetime64[s]")
    units = np.array([limit.unit for limit in part.limits])
    amounts = np.array([limit.amount for limit in part.limits], dtype=np.int64)
    owners = np.array(part.owners, dtype=np.int64)
    most = np.bincount(owners, minlength=count)
    begins, ends = _spread(part, owners, most)
    for unit in dict.fromkeys(units.tolist()):
        for paused in (False, True):
            members = np.flatnonzero((units == unit) & ((most > 0) == paused))
            if not len(members):
                continue
            pauses = (begins[members], ends[members]) if paused else None
            work, shown = (due_batch, "m") if unit in ("wh", "h") else (due_days_batch, "D")
            dues = work(calendar, starts[members], amounts[members], unit, pauses, strict=False)
            texts = np.datetime_as_string(dues, unit=shown)  # type: ignore[call-overload]  # "m" or "D"
            out[members] = np.where(np.isnat(dues), "", texts)
    return out


def _spread(part: Part, owners: Ints, most: Ints) -> tuple[Times, Times]:
    """The pauses as rows × most pauses of a row, NaT where a row has fewer."""
    shape = len(most), int(most.max()) if len(most) else 0
    begins, ends = np.full(shape, NAT, "datetime64[D]"), np.full(shape, NAT, "datetime64[D]")
    rank = np.arange(len(owners)) - np.repeat(np.cumsum(most) - most, most)
    begins[owners, rank] = np.array(part.firsts, dtype=np.int64).view("datetime64[D]")
    ends[owners, rank] = np.array(part.lasts, dtype=np.int64).view("datetime64[D]")
    return begins, ends
