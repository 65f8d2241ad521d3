"""What pages hand to the components: small frozen values, worked out elsewhere and only drawn here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

LampState = Literal["ok", "warn", "late", "hold", "done", "none"]
LAMPS: tuple[LampState, ...] = ("ok", "warn", "late", "hold", "done", "none")

RemainingKind = Literal["left", "soon", "late", "paused", "done", "none"]
Unit = Literal["wd", "nd", "wh", "h", "min"]


@dataclass(frozen=True, slots=True)
class Remaining:
    """How a clock stands, as the clocks' queries counted it.

    `left` is green, `soon` amber (past its warning point), `late` red, `paused` stopped on `ground`, `done` closed.
    `amount` counts `unit`s (working days, natural days, working hours, hours, minutes); `provisional` marks a due
    time beyond the known holiday notices.
    """

    kind: RemainingKind
    amount: int = 0
    unit: Unit = "wd"
    due_at: datetime | None = None
    ground: str = ""
    provisional: bool = False

    @property
    def lamp(self) -> LampState:
        states: Mapping[str, LampState] = {
            "left": "ok",
            "soon": "warn",
            "late": "late",
            "paused": "hold",
            "done": "done",
        }
        return states.get(self.kind, "none")


SegmentKind = Literal["done", "doing", "planned", "pause", "late", "wait"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a step: `title` is its full sentence, read out and shown on hover."""

    start: datetime
    end: datetime
    kind: SegmentKind
    title: str = ""


@dataclass(frozen=True, slots=True)
class RibbonRow:
    """A step: what happened when, a short word at its end ("通过", "在办"), and when it was promised by."""

    label: str
    segments: tuple[Segment, ...]
    note: str = ""
    promised: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ribbon:
    """`working` are the calendar's open stretches, which set the scale; `days` names columns ("第 1 日"), `closed` gaps."""

    rows: tuple[RibbonRow, ...]
    working: tuple[tuple[datetime, datetime], ...] = ()
    now: datetime | None = None
    promised: datetime | None = None
    days: Mapping[date, str] = field(default_factory=dict)
    closed: Mapping[date, str] = field(default_factory=dict)
    uid: str = "ribbon"


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of a timeline: a sentence from the ledger, who did it, and a lamp when it matters."""

    at: datetime
    text: str
    by: str = ""
    lamp: LampState | Literal[""] = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class WhyLine:
    """A line of "why this date": `kind` "count" | "off" (not counted) | "due" | "" ; `source` the article."""

    label: str
    text: str
    kind: Literal["", "count", "off", "due"] = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    href: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Links of the side column. The first group without a label is what a phone's bottom bar shows (its first four)."""

    items: tuple[NavItem, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter kept in the address: `options` are (value, label) or (value, label, count)."""

    name: str
    label: str
    options: Sequence[tuple[Any, ...]]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`lead` is what a phone's card shows first; `kind` "n" right-aligned figures, "t" short times; `sort` a URL value."""

    label: str
    kind: Literal["", "n", "t"] = ""
    lead: bool = False
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a link and a second, quieter line."""

    text: Any
    href: str = ""
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` are Cell, Remaining, (lamp, text), datetime, number or text; the first link opens with Enter."""

    cells: tuple[Any, ...]
    key: str = ""
    on: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`empty` says why there is nothing; `pick` names the checkbox of bulk acts; `caption` is read out."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    empty: str
    caption: str = ""
    pick: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Keyset pages: addresses of the neighbours, "" where there is none; `shown` a sentence like "第 1–50 件"."""

    before: str = ""
    after: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    col: int
    row: int
    name: str
    lamp: LampState = "none"
    count: int = 0
    href: str = ""
    title: str = ""
    here: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a list: value on a scale of 0 to the largest, or low..high for an interval."""

    label: str
    value: float
    text: str = ""
    href: str = ""
    low: float | None = None
    high: float | None = None
    lamp: LampState | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Long work: `url` answers with this component again and is asked every two seconds until `state` is not "running"."""

    label: str
    done: int = 0
    total: int = 0
    state: Literal["running", "done", "failed"] = "running"
    url: str = ""
    href: str = ""
    note: str = ""


FieldType = Literal[
    "text", "textarea", "number", "date", "datetime", "time", "choice", "multi", "checkbox", "file", "photo", "hidden",
    "phone", "email", "idcard", "password", "search", "place", "list", "division", "limit",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A form field as plain data; `Field.of` reads it from a dictionary that came from JSON.

    `when`: conditions on other fields as JSON, `[{"fact", "op", "value"}]`; the script shows the field while all hold.
    `within` sets it apart from a field of the same name in another form of the page.
    """

    name: str
    label: str = ""
    type: FieldType = "text"
    help: str = ""
    required: bool = False
    value: Any = ""
    error: str = ""
    choices: Sequence[tuple[Any, ...]] = ()
    unit: str = ""
    size: Literal["", "s", "m"] = ""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    days_url: str = ""
    section: str = ""
    when: str = ""
    within: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Field:
        """`choices` may be pairs, triples (value, label, help) or bare values. Unknown keys are refused by Python."""
        choices = tuple(tuple(c) if isinstance(c, list | tuple) else (c, c) for c in data.get("choices") or ())
        return cls(**{**data, "choices": choices})

    def bound(self, values: Mapping[str, Any], faults: Mapping[str, str]) -> Field:
        """The same field with what was typed and what is wrong with it."""
        return replace(self, value=values.get(self.name, self.value), error=faults.get(self.name, self.error))

    @property
    def id(self) -> str:
        return f"f-{self.within}-{self.name}" if self.within else f"f-{self.name}"

    @property
    def described(self) -> str:
        """Ids for aria-describedby: help first, then the fault."""
        return " ".join(f"{self.id}-{part}" for part, on in (("help", self.help), ("fault", self.error)) if on)
