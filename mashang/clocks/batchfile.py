"""Due dates by the file: CSV in, CSV out, every fault named at once, and nothing written unless all is well."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.outputs import outputs
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.sheet import encoding_of, records

from .rules import Calendar, Limit
from .rules.arrays import Ints
from .rules.batch import NAT, Times, due_batch, due_days_batch, provisional_batch
from .rules.limit import HOURS
from .rules.written import read_pause, read_start

ROWS = 50_000  # read, computed and written at a time
COLUMNS = {
    "start": ("开始", "开始时间", "起算时间"),
    "limit": ("时限", "期限"),
    "pauses": ("暂停", "中止", "中止期间"),
}
"""What is read, and the Chinese headings that are taken for it."""
_EPOCH = date(1970, 1, 1).toordinal()
_HARMLESS = Limit(1, "nd")
Pair = tuple[int, int]
Column = tuple[int, str]  # its place, and how the file heads it
Rows = Sequence[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Done:
    """What was computed: rows, and how many of their due times are provisional."""

    rows: int
    provisional: int


def compute(calendar: Calendar, source: Path, target: Path) -> Done:
    """Add the column `due` to each row of `source` and write `target` whole, or refuse with every fault.

    Columns `start` and `limit` are needed, `pauses` (FROM/TO;FROM/TO) may be, all under these names or Chinese ones
    (`COLUMNS`); others are kept as they are. Rows are numbered as a spreadsheet shows them: the heading is row 1. UTF-8
    (with or without mark) or GB 18030. Rows of which every cell is empty are left out.
    """
    with outputs([target], [source]) as [file]:
        data = _bytes(source)
        encoding = encoding_of(data, source.name, "batch.in")
        out = io.TextIOWrapper(file, "utf-8", newline="")
        done, faults = _worked(calendar, data, encoding, out)
        if faults:
            raise Refused.of(sorted(faults, key=_row))
        out.detach()
    return done


def _bytes(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as fault:
        raise Refused("batch.in", f"读不了“{source}”：{fault.strerror}。", "batch") from None


def _row(fault: Fault) -> int:
    return int(fault.field.partition(":")[0])


def _worked(calendar: Calendar, data: bytes, encoding: str, out: IO[str]) -> tuple[Done, list[Fault]]:
    faults: list[Fault] = []
    rows = records(data, encoding, faults, "batch.in")
    heading = next(rows, (1, []))[1]
    if faults:
        raise Refused.of(faults)
    places = _places(heading, faults)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*heading, "due"])
    known, count, provisional = Known(calendar), 0, 0
    while numbered := list(islice(rows, ROWS)):
        dues, unsettled = _part(known, numbered, places, len(heading), faults)
        if not faults:
            writer.writerows([*row, due] for (_, row), due in zip(numbered, dues, strict=True))
        count += len(numbered)
        provisional += unsettled
    if not count and not faults:
        raise Refused("batch.empty", "这个文件只有列名，没有要计算的行。", "batch")
    out.flush()
    return Done(count, provisional), faults


def _places(heading: Sequence[str], faults: list[Fault]) -> tuple[Column, Column, Column | None]:
    """Where the columns stand; faults are added to. Refuses a heading by which no row can be read."""
    names = [name.strip() for name in heading]
    found = {name: [one for one in dict.fromkeys(names) if one in (name, *COLUMNS[name])] for name in COLUMNS}
    faults += [_missing(name) for name in ("start", "limit") if not found[name]]
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    faults += [Fault("batch.column", f"第 1 行的列名“{name}”重复，请改名或删除。", f"1:{name}") for name in twice]
    faults += [_alike(several) for several in found.values() if len(several) > 1]
    if "due" in names:
        faults.append(Fault("batch.column", "输入文件里已经有“due”列，请先改名或删除。", "1:due"))
    unclear = any(len(several) > 1 or set(several) & set(twice) for several in found.values())
    if unclear or not (found["start"] and found["limit"]):
        raise Refused.of(faults)
    start, limit, pauses = ([(names.index(one), one) for one in several] for several in found.values())
    return start[0], limit[0], pauses[0] if pauses else None


def _missing(name: str) -> Fault:
    others = "、".join(COLUMNS[name])
    return Fault("batch.column", f"第 1 行缺少列“{name}”，列名也可以写作：{others}。", f"1:{name}")


def _alike(names: Sequence[str]) -> Fault:
    told = "、".join(f"“{name}”" for name in names)
    return Fault("batch.column", f"第 1 行：{told}说的是同一列，请只留一列。", f"1:{names[1]}")


class Known:
    """What cells may say, as numbers: every day of the calendar, every minute of a day, the limits met so far."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        first = calendar.ordinal
        self.first = (first - _EPOCH) * 86_400
        self.days = {date.fromordinal(first + i).isoformat(): first + i - _EPOCH for i in range(calendar.size)}
        self.minutes = {f"{mark}{m // 60:02}:{m % 60:02}": m * 60 for mark in "T " for m in range(1440)} | {"": 0}
        self.limits: dict[str, Limit] = {}

    def start(self, text: str) -> int:
        """Local epoch seconds of a start that the tables do not hold. Refuses what is no date or outside the calendar."""
        return self.calendar.second(read_start(text)) + self.first

    def limit(self, text: str) -> Limit:
        """A limit not met before, kept. Refuses what is none ("20wd", "3nd", …)."""
        found = self.limits[text] = Limit.parse(text)
        return found

    def pause(self, text: str) -> Pair:
        """A pause as days since 1970, both ends included. Refuses reversed ones and those outside the calendar."""
        pair = read_pause(text)
        self.calendar.paused_days([pair])
        return pair[0].toordinal() - _EPOCH, pair[1].toordinal() - _EPOCH


@dataclass(slots=True)
class Part:
    """Some rows, read: pauses as one long list with the row that each belongs to. What could not be read stands there as
    something harmless, and its row in `wrong`."""

    seconds: list[int] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)

    def pause(self, owner: int, pair: Pair) -> None:
        self.owners.append(owner)
        self.firsts.append(pair[0])
        self.lasts.append(pair[1])


def _part(
    known: Known,
    numbered: Rows,
    places: tuple[Column, Column, Column | None],
    width: int,
    faults: list[Fault],
) -> tuple[list[str], int]:
    """The due texts of some rows and how many are provisional; faults are added to, with their row and column."""
    wide = [(number, row) for number, row in numbered if len(row) != width]
    faults += [Fault("batch.width", f"第 {n} 行有 {len(row)} 列，应有 {width} 列。", f"{n}:") for n, row in wide]
    rows = [(number, row) for number, row in numbered if len(row) == width] if wide else numbered
    part, calendar = Part(), known.calendar
    _read_starts(known, rows, places[0], part, faults)
    _read_limits(known, rows, places[1], part, faults)
    if places[2] is not None:
        _read_pauses(known, rows, places[2], part, faults)
    dues, unsettled = _dues(calendar, part)
    for index in np.flatnonzero(dues == "").tolist():
        if index not in part.wrong:
            number, row = rows[index]
            (start, _), (limit, name) = places[:2]
            text = f"第 {number} 行 {name} 列：从 {row[start]} 起 {row[limit]} 超出工作日历（到 {calendar.last}）。"
            faults.append(Fault("calendar.outside", text, f"{number}:{name}"))
    return dues.tolist(), unsettled


def _read_starts(known: Known, rows: Rows, column: Column, part: Part, faults: list[Fault]) -> None:
    place, name = column
    days, minutes, add = known.days, known.minutes, part.seconds.append
    for index, (number, row) in enumerate(rows):
        text = row[place]
        try:
            add(days[text[:10]] * 86_400 + minutes[text[10:]])
        except KeyError:
            if not _tried(known.start, text, add, faults, f"{number}:{name}"):
                add(known.first)
                part.wrong.add(index)


def _read_limits(known: Known, rows: Rows, column: Column, part: Part, faults: list[Fault]) -> None:
    place, name = column
    limits, add = known.limits, part.limits.append
    for index, (number, row) in enumerate(rows):
        found = limits.get(row[place])
        if found is not None:
            add(found)
        elif not _tried(known.limit, row[place], add, faults, f"{number}:{name}"):
            add(_HARMLESS)
            part.wrong.add(index)


def _read_pauses(known: Known, rows: Rows, column: Column, part: Part, faults: list[Fault]) -> None:
    place, name = column
    days = known.days
    for index, (number, row) in enumerate(rows):
        if not row[place]:
            continue
        for text in row[place].split(";"):
            first, last = days.get(text[:10]), days.get(text[11:])
            if first is not None and last is not None and first <= last and text[10] == "/":
                part.pause(index, (first, last))
            elif text.strip() and not _tried(known.pause, text, partial(part.pause, index), faults, f"{number}:{name}"):
                part.wrong.add(index)


def _tried(read: Callable[[str], Any], text: str, add: Callable[[Any], None], faults: list[Fault], place: str) -> bool:
    """Whether the cell could be read; else its faults are added, at this place (row:column)."""
    try:
        add(read(text))
        return True
    except Refused as no:
        number, _, column = place.partition(":")
        faults.extend(Fault(f.code, f"第 {number} 行 {column} 列：{f.text}", place) for f in no.faults)
        return False


def _dues(calendar: Calendar, part: Part) -> tuple[NDArray[np.str_], int]:
    """The due texts, by unit, empty where the limit leaves the calendar; and how many are provisional."""
    count, unsettled = len(part.limits), 0
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
            work, shown = (due_batch, "m") if unit in HOURS else (due_days_batch, "D")
            dues = work(calendar, starts[members], amounts[members], unit, pauses, strict=False)
            good = ~np.isnat(dues)
            unsettled += int(provisional_batch(calendar, starts[members][good], dues[good], unit).sum())
            texts = np.datetime_as_string(dues, unit=shown)  # type: ignore[call-overload]  # "m" or "D"
            out[members] = np.where(good, texts, "")
    return out, unsettled


def _spread(part: Part, owners: Ints, most: Ints) -> tuple[Times, Times]:
    """The pauses as rows × most pauses of a row, NaT where a row has fewer."""
    shape = len(most), int(most.max()) if len(most) else 0
    begins, ends = np.full(shape, NAT, "datetime64[D]"), np.full(shape, NAT, "datetime64[D]")
    rank = np.arange(len(owners)) - np.repeat(np.cumsum(most) - most, most)
    begins[owners, rank] = np.array(part.firsts, dtype=np.int64).view("datetime64[D]")
    ends[owners, rank] = np.array(part.lasts, dtype=np.int64).view("datetime64[D]")
    return begins, ends
