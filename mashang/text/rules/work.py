"""The engines as commands, pages and the API call them: from a table to what they take, and back to rows.

numpy and scipy are loaded by the first call that needs them, for they take longer to load than a page takes to answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .tables import UNREAD, Table, letters_of, texts_of

if TYPE_CHECKING:
    from mashang.clocks.rules import Calendar

    from .hot import Group, Grouping, Message
    from .model import Model, Verdict
    from .replies import Check, Exchange
    from .similar import Pairs

Cells = tuple[list[str], Iterator[list[Any]]]
SORTED = ("label", "confidence", "reasons")
GROUPED = (
    "group", "title", "places", "from", "to", "count", "heat", "current", "rising", "id", "at", "likes", "message",
)  # fmt: skip


def _engine(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


# -- answers


def exchange(
    title: str, body: str, reply: str, asked: datetime | None, answered: datetime | None, calendar: Calendar
) -> Exchange:
    """A message and its answer with the working days between them, unknown where a date is."""
    days = _engine("delay").working_days(calendar, asked, answered) if asked and answered else None
    made: Exchange = _engine("replies").Exchange(title, body, reply, days)
    return made


def exchanges(table: Table, calendar: Calendar) -> list[Exchange]:
    """The exchanges of a table (title, body, reply, at, replied_at, or Chinese headings for them). An empty reply is a bad
    answer, not a bad row; a day outside the calendar is one, for its working days can't be counted."""
    asked, answered = table.times("at"), table.times("replied_at")
    for name, times in (("at", asked), ("replied_at", answered)):
        _refuse_outside(table, name, times, calendar)
    is_before = _engine("delay").is_before
    for row, (first, last) in enumerate(zip(asked, answered, strict=True)):
        if is_before(last, first) and first is not UNREAD is not last:
            table.fault(row, "replied_at", said("答复时间早于来信时间。"))
    letters, replies = letters_of(table), table.texts("reply")
    _refuse_taken(table, _added())
    table.refuse()
    rows = zip(letters, replies, asked, answered, strict=True)
    return [exchange(*letter, reply, first, last, calendar) for letter, reply, first, last in rows]


def _refuse_outside(table: Table, name: str, times: Sequence[datetime], calendar: Calendar) -> None:
    for row, one in enumerate(times):
        if one is not UNREAD and not calendar.first <= one.date() <= calendar.last:
            text = said(
                "{day} 不在工作日历（{first} 至 {last}）内，算不出工作日，请核对年份。",
                day=one.date(),
                first=calendar.first,
                last=calendar.last,
            )
            table.fault(row, name, text)


def _refuse_taken(table: Table, names: Sequence[str]) -> None:
    """A fault for each column that is to be added and stands there already."""
    for name in names:
        if name in table.heading:
            table.heading_fault(name, said("第 1 行：已有“{name}”列，请先改名。", name=name))


def checked(given: Sequence[Exchange], numbers: Sequence[int] = ()) -> list[Check]:
    """A check for each; `numbers` are their rows, from 2 on if not given."""
    found: list[Check] = _engine("replies").check_replies(given, numbers=numbers)
    return found


def within(given: Sequence[Exchange]) -> dict[int, float]:
    """The share of answers within 5, 10 and 15 working days."""
    found: dict[int, float] = _engine("delay").within([one.working_days for one in given])
    return found


def checked_rows(table: Table, given: Sequence[Exchange], checks: Sequence[Check]) -> Cells:
    """The table with working days, parts, passages, risk, verdict and reason added."""
    rows = ([*row, *_check_cells(one, check)] for row, one, check in zip(table.rows, given, checks, strict=True))
    return [*table.heading, *_added()], rows


def _added() -> list[str]:
    parts = _engine("replies").PARTS
    return ["working_days", *parts, *(f"{part}_passage" for part in parts), "risk", "verdict", "reason"]


def _check_cells(one: Exchange, check: Check) -> list[Any]:
    days = "" if one.working_days is None else one.working_days
    values = [f"{part.value:.3f}" for part in check.parts.values()]
    passages = [part.passage for part in check.parts.values()]
    return [days, *values, *passages, check.risk, check.verdict, check.reason]


# -- comparing


def message(id: str, at: datetime, title: str, body: str, likes: float = 0.0) -> Message:
    """A letter as grouping takes it; `likes` are people who agreed."""
    made: Message = _engine("hot").Message(id, at, title, body, likes)
    return made


def messages(table: Table) -> list[Message]:
    """The messages of a table (id, at, title, body, likes); ids must differ, so that a group can name its members."""
    ids, at, likes = table.filled("id"), table.times("at"), table.numbers_of("likes")
    seen: dict[str, int] = {}
    for row, one in enumerate(ids):
        if one and one in seen:
            table.fault(row, "id", said("“{one}”与第 {row} 行重复。", one=one, row=table.numbers[seen[one]]))
        seen.setdefault(one, row)
    letters = letters_of(table)
    table.refuse()
    return [message(one, when, *letter, n) for one, when, letter, n in zip(ids, at, letters, likes, strict=True)]


def grouped(given: Sequence[Message], now: datetime | None = None) -> Grouping:
    """Matters that several letters tell of, hottest first; heat is that of `now`, else of the last letter.

    Refuses fewer than two letters, and more than can be compared each with each."""
    found: Grouping = _engine("hot").grouped(given, now)
    return found


def grouped_rows(groups: Sequence[Group]) -> Cells:
    """One row for each message of a group, with what is told of the group before it; titles masked."""
    mask = _engine("personal").mask_personal
    rows = (
        [
            number, group.title, "、".join(group.places), group.first.isoformat(), group.last.isoformat(),
            len(group.messages), group.heat, group.current, int(group.rising), one.id, one.at.isoformat(), one.likes,
            mask(one.title),
        ]
        for number, group in enumerate(groups, 1)
        for one in group.messages
    )  # fmt: skip
    return list(GROUPED), rows


def alike(texts: Sequence[str], threshold: float) -> Pairs:
    """Pairs of near-duplicates; spaces and line breaks are no difference."""
    found: Pairs = _engine("similar").near_duplicates(["".join(text.split()) for text in texts], threshold)
    return found


def pair_rows(table: Table, pairs: Pairs) -> Cells:
    """One row a pair: rows as a spreadsheet numbers them, share, and ids where the table has them."""
    ids, numbers = table.column("id"), table.numbers
    named = ["first_id", "second_id"] if table.has("id") else []
    rows = (
        [numbers[a], numbers[b], f"{share:.4f}", *([ids[a], ids[b]] if named else [])]
        for a, b, share in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.share.tolist(), strict=True)
    )
    return ["first", "second", "share", *named], rows


# -- sorting


def load_model(path: Path) -> Model:
    """The model in a file. Refuses what is missing or no model."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise Refused("model.in", said("读不了模型“{path}”：{why}。", path=path, why=fault.strerror), "model") from None
    found: Model = _engine("model").load(raw)
    return found


def installed(folder: Path) -> Model | None:
    """The newest model of a folder, None when it holds none; kept until a newer one is laid there."""
    files = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.npz")]
    if not files:
        return None
    written, path = max(files)
    return _kept(path, written)


@lru_cache(maxsize=1)
def _kept(path: Path, written: int) -> Model:
    return load_model(path)


def sorted_rows(table: Table, verdicts: Sequence[Verdict]) -> Cells:
    """The table with label, confidence and reasons added; a label that stood there is kept as `given`."""
    given = table.place("label")
    heading = ["given" if at == given else name for at, name in enumerate(table.heading)]
    told = ([v.label, f"{v.confidence:.4f}", "、".join(v.reasons)] for v in verdicts)
    return [*heading, *SORTED], ([*row, *new] for row, new in zip(table.rows, told, strict=True))


def sortable(table: Table) -> list[str]:
    """The texts of a table to be sorted. Refuses a table in which the answer would have no place."""
    texts = texts_of(table)
    _refuse_taken(table, ["given", *SORTED[1:]] if table.has("label") else SORTED[1:])
    table.refuse()
    return texts
