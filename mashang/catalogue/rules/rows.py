"""The lists of a definition as rows of a form: materials, what is asked, steps and who does them, applications of a package.

A cell that stays as it was shown stays what it was, so that nothing is lost that a cell cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said

from . import written
from .codes import Coded, FieldType, Handling, MaterialForm, MaterialKind, Moment, Necessity, Source, StepKind
from .definition import checked
from .figures import spoken
from .merge import items_of, merged_fields, results_of
from .spec import Choice, Field, ItemSpec, Material, PackageSpec, Part, Question, Role, Spec, Step
from .words import place_of
from .written import Facts, tidy

Row = Mapping[str, str]
KEEP: Any = object()
"""An empty cell where something must be chosen: it stays as it was."""
PREFILL: Mapping[str, str | Promise] = {
    "person": _("登记的姓名、证件号码和手机"),
    "firm.name": _("登记的企业名称"),
}
OPENS: Mapping[str, str | Promise] = {"ready": _("前面的环节办完就开始"), "request": _("等申请人请求")}


@dataclass(slots=True)
class Names:
    """What people call the parts of a definition, code → word; reading takes either."""

    facts: Facts
    steps: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)


def names_of(spec: Spec) -> Names:
    facts = {q.code: (q.text, {c.code: c.label for c in q.choices}) for q in spec.questions}
    facts |= {f.code: (f.label, {c.code: c.label for c in f.choices}) for f in merged_fields(spec)}
    items = {i.code: i.name for i in items_of(spec)}
    results = {name: r.name for r in results_of(spec) for name in (r.document, r.code) if name}
    return Names(facts, {s.code: s.label for s in spec.steps}, items, results)


@dataclass(frozen=True, slots=True)
class Cell:
    """How a value stands in a cell, and is read from it; ValueError says what is wrong. `empty`: what nothing means."""

    write: Callable[[Any, Names], str]
    read: Callable[[str, Names], Any]
    empty: Any = KEEP


def _plain(empty: Any = "") -> Cell:
    return Cell(lambda v, _n: str(v), lambda text, _n: text, empty)


def _coded(kind: type[Coded], empty: Any = KEEP) -> Cell:
    return Cell(lambda v, _n: str(v.value) if v else "", lambda text, _n: written.coded(kind)(text), empty)


def _through(kind: str) -> Cell:
    """Words for codes, one after the other: steps, items, results."""

    def write(codes: Sequence[str], names: Names) -> str:
        return "、".join(dict.fromkeys(getattr(names, kind).get(code, code) for code in codes))

    def read(text: str, names: Names) -> tuple[str, ...]:
        known: dict[str, str] = getattr(names, kind)
        by_word = {word: code for code, word in known.items()}
        found = [by_word.get(word, word) for word in written.words(text)]
        if strange := [word for word in found if word not in known]:
            text = said(
                "没有“{name}”，可以填：{words}。", name=strange[0], words="、".join(dict.fromkeys(known.values()))
            )
            raise ValueError(text)
        return tuple(dict.fromkeys(found))

    return Cell(write, read, ())


def _lines(write: Callable[[Any, Names], str], read: Callable[[str, Names], Any]) -> Cell:
    """One thing a line."""

    def all_of(text: str, names: Names) -> list[Any]:
        return [read(line, names) for raw in text.splitlines() if (line := raw.strip())]

    return Cell(lambda values, names: "\n".join(write(v, names).replace("\n", " ") for v in values), all_of, ())


def _choice(line: str, names: Names) -> dict[str, str]:
    """新建, or new|新建, or new|新建|why one who chooses it cannot apply. A word that was there keeps its code."""
    parts = [part.strip() for part in line.replace("｜", "|").split("|", 2)]
    if len(parts) == 1:
        by_word = {word: code for code, word in names.choices.items()}
        return {"code": by_word.get(parts[0], ""), "label": parts[0]}
    return dict(zip(("code", "label", "stops"), parts, strict=False))


def _choices() -> Cell:
    def write(choice: Choice, _names: Names) -> str:
        return "|".join((choice.code, choice.label, choice.stops)).rstrip("|")

    lines = _lines(write, _choice)

    def read(text: str, names: Names) -> list[dict[str, str]]:
        found = lines.read(text, names)
        used = {one["code"] for one in found}
        free = (code for n in range(1, 1000) if (code := f"c{n}") not in used)
        return [one if one["code"] else {**one, "code": next(free)} for one in found]

    return Cell(lines.write, read, ())


_TEXT, _NAME, _CODE = _plain(), _plain(KEEP), _plain(KEEP)
_FLAG = Cell(lambda v, _n: "1" if v else "", lambda text, _n: bool(text), False)
_LIMIT = Cell(lambda v, _n: str(spoken(v)), lambda text, _n: written.limit(text), "")
_COUNT = Cell(lambda v, _n: str(v), lambda text, _n: written.count(text))
_NUMBER = Cell(lambda v, _n: "" if v is None else str(v), lambda text, _n: written.number(text), None)
_WORDS = Cell(lambda values, _n: "、".join(values), lambda text, _n: written.words(text), ())
_WHEN = _lines(lambda w, n: written.shown_condition(w, n.facts), lambda line, n: written.condition(line, n.facts))


@dataclass(frozen=True, slots=True)
class _List:
    """`lead`: the cell without which a row is none; `mark` begins the codes that are made up."""

    kind: type[BaseModel]
    lead: str
    mark: str
    cells: Mapping[str, Cell]


_LISTS: dict[str, _List] = {
    "materials": _List(Material, "name", "m", {
        "name": _NAME, "code": _CODE, "necessity": _coded(Necessity), "kind": _coded(MaterialKind),
        "form": _coded(MaterialForm), "source": _coded(Source), "issuer": _TEXT, "originals": _COUNT, "copies": _COUNT,
        "held_as": _TEXT, "filled": _FLAG, "guidance": _TEXT, "standard": _TEXT, "basis": _TEXT, "when": _WHEN,
    }),
    "form": _List(Field, "label", "field", {
        "label": _NAME, "code": _CODE, "type": _coded(FieldType), "group": _TEXT, "choices": _choices(), "unit": _TEXT,
        "min": _NUMBER, "max": _NUMBER, "max_length": _COUNT, "prefill": _TEXT, "required": _FLAG, "private": _FLAG,
        "past": _FLAG, "help": _TEXT, "when": _WHEN,
    }),
    "questions": _List(Question, "text", "q", {"text": _NAME, "code": _CODE, "choices": _choices(), "help": _TEXT}),
    "steps": _List(Step, "label", "step", {
        "label": _NAME, "code": _CODE, "kind": _coded(StepKind), "role": _NAME, "part": _NAME, "item": _TEXT,
        "after": _through("steps"), "opens": _NAME, "promised": _LIMIT, "statutory": _LIMIT, "rule": _TEXT,
        "moment": _coded(Moment, None), "suspends": _FLAG, "ground": _TEXT, "produces": _through("results"),
        "checks": _lines(lambda v, _n: str(v), lambda line, _n: line), "when": _WHEN,
    }),
    "roles": _List(Role, "label", "role", {"label": _NAME, "code": _CODE, "match": _WORDS, "unit_kind": _TEXT}),
    "parts": _List(Part, "label", "part", {
        "label": _NAME, "code": _CODE, "items": _through("items"), "handling": _coded(Handling), "help": _TEXT,
    }),
}  # fmt: skip
OF_ITEMS = frozenset({"materials", "form"})
"""Lists that an item has; of a package each of its items has its own."""


def lists_of(spec: Spec) -> tuple[str, ...]:
    """The lists that are edited in rows."""
    return tuple(name for name in _LISTS if name != "parts" or isinstance(spec, PackageSpec))


def cells_of(spec: Spec, what: str) -> tuple[str, ...]:
    """The cells of a row, in their order; only a package's steps belong to an item and an application."""
    single = isinstance(spec, ItemSpec) and what == "steps"
    return tuple(name for name in _LISTS[what].cells if not (single and name in ("part", "item")))


def kind_of(what: str) -> type[BaseModel]:
    return _LISTS[what].kind


def usual_row(what: str) -> Row:
    """An empty row, with what is usual where something must be chosen."""
    listed = _LISTS[what]
    usual = listed.kind.model_construct()
    shown = {
        name: cell.write(value, Names({}))
        for name, cell in listed.cells.items()
        if (value := getattr(usual, name, None)) is not None
    }
    shown.pop("role", None)  # whoever adds a step says whose it is
    return dict.fromkeys(listed.cells, "") | shown | {"was": ""}


def rows_of(spec: Spec, what: str, item: str = "") -> list[Row]:
    """The list's rows as the form shows them; `was` finds each again. `item` is whose list it is in a package."""
    names, listed = names_of(spec), _LISTS[what]
    return [
        {name: cell.write(one[name], names) for name, cell in listed.cells.items()} | {"was": one["code"]}
        for one in _raw(spec, what, item)
    ]


def _raw(spec: Spec, what: str, item: str) -> list[dict[str, Any]]:
    """The list's things with their values, the code among them."""
    owner = spec.item(item) if item and isinstance(spec, PackageSpec) else spec
    found = getattr(owner, what)
    pairs = found.items() if isinstance(found, Mapping) else [(one.code, one) for one in found]
    return [{**{name: getattr(one, name) for name in type(one).model_fields}, "code": code} for code, one in pairs]


def with_rows(spec: Spec, what: str, rows: Sequence[Row], item: str = "") -> Spec:
    """The definition with this list as the rows have it. A row without its name, or taken out (`gone`), is none; `place`
    says where it stands.

    Refuses with every fault at "LIST.ROW.CELL".
    """
    listed = _LISTS[what]
    kept = _in_order(
        [n for n, row in enumerate(rows) if row.get(listed.lead, "").strip() and not row.get("gone")], rows
    )
    old = {one["code"]: one for one in _raw(spec, what, item)}
    codes = _codes(kept, rows, old, listed.mark)
    names, shown = names_of(spec), {row["was"]: row for row in rows_of(spec, what, item)}
    _learn(names, what, kept, rows, codes, old)
    faults: list[Fault] = []
    found: list[dict[str, Any]] = []
    for n, code in zip(kept, codes, strict=True):
        was = rows[n].get("was", "")
        names.choices = {c.code: c.label for c in old.get(was, {}).get("choices", ())}
        read = _cells(what, rows[n], shown.get(was, {}), n, names, faults)
        found.append({**_dumped(listed.kind, old.get(was)), **read, "code": code})
    return _made(spec, what, item, found, kept, faults)


def _in_order(kept: list[int], rows: Sequence[Row]) -> list[int]:
    """By the places that were typed: who moves up goes before the one that stands there, who moves down behind it."""

    def key(n: int) -> tuple[float, int, int]:
        typed = rows[n].get("place", "").strip()
        place = int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 5 else n + 1
        return place, (place > n + 1) - (place < n + 1), n

    return sorted(kept, key=key)


def _codes(kept: Sequence[int], rows: Sequence[Row], old: Mapping[str, Any], mark: str) -> list[str]:
    """The code of each row: as typed, else what it was, else a new one."""
    typed = [rows[n].get("code", "").strip() or rows[n].get("was", "") for n in kept]
    free = (code for n in range(1, 10_000) if (code := f"{mark}{n}") not in {*typed, *old})
    return [code or next(free) for code in typed]


def _learn(names: Names, what: str, kept: Sequence[int], rows: Sequence[Row], codes: Sequence[str], old: Any) -> None:
    """What the rows call things goes before what these were called; what was taken out is no longer there to be named."""
    if what == "steps":
        names.steps = {code: rows[n]["label"].strip() for n, code in zip(kept, codes, strict=True)}
    elif what in ("questions", "form"):
        lead = _LISTS[what].lead
        names.facts = {code: fact for code, fact in names.facts.items() if code not in old or code in codes}
        for n, code in zip(kept, codes, strict=True):
            known = {c.code: c.label for c in old.get(code, {}).get("choices", ())}
            typed = {c["code"]: c["label"] for c in _readable(rows[n].get("choices", ""), known)}
            names.facts[code] = (rows[n][lead].strip(), typed)


def _readable(text: str, known: dict[str, str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = _choices().read(text, Names({}, choices=known))
    return [one for one in found if one.get("label")]


def _dumped(kind: type[BaseModel], values: Mapping[str, Any] | None) -> dict[str, Any]:
    if values is None:
        return {}
    made = kind.model_construct(**values)
    return made.model_dump()


def _cells(what: str, row: Row, shown: Row, n: int, names: Names, faults: list[Fault]) -> dict[str, Any]:
    """The values of a row that are others than those shown."""
    values: dict[str, Any] = {}
    for name, cell in _LISTS[what].cells.items():
        text = tidy(row.get(name, ""))
        if name == "code" or name not in row or (shown and text == tidy(shown[name])):
            continue
        try:
            value = cell.read(text, names) if text else cell.empty
        except ValueError as no:
            raw = {what: {n: {"name": row.get(_LISTS[what].lead, "")}}}
            place = place_of(_holder(what), (what, n, name), raw)
            faults.append(
                Fault("catalogue.value", said("{place}：{why}", place=place, why=no.args[0]), f"{what}.{n}.{name}")
            )
            continue
        if value is not KEEP:
            values[name] = value
    return values


def _holder(what: str) -> type[Spec]:
    return PackageSpec if what == "parts" else ItemSpec


def _made(
    spec: Spec, what: str, item: str, found: list[dict[str, Any]], kept: Sequence[int], faults: list[Fault]
) -> Spec:
    values = spec.model_dump()
    listed: Any = found
    if what == "roles":
        listed = {one["code"]: {name: value for name, value in one.items() if name != "code"} for one in found}
        twice = next((one["code"] for n, one in enumerate(found) if one["code"] in [o["code"] for o in found[:n]]), "")
        if twice:
            faults.append(Fault("catalogue.twice", said("代码“{code}”用了两次。", code=twice), what))
    path: tuple[str, ...] = (what,)
    target = values
    if item:
        index = next(n for n, one in enumerate(values["items"]) if one["code"] == item)
        target, path = values["items"][index], ("items", str(index), what)
    target[what] = listed
    try:
        return checked(type(spec), values, faults)
    except Refused as no:
        keys = {
            str(one["code"] if what == "roles" else place): n
            for place, (one, n) in enumerate(zip(found, kept, strict=True))
        }
        raise Refused.of(list(_at_rows(no.faults, path, keys, what, faults))) from no


def _at_rows(
    faults: Sequence[Fault], path: tuple[str, ...], keys: Mapping[str, int], what: str, own: Sequence[Fault]
) -> Iterator[Fault]:
    """Faults of the n-th thing of the list at the row it stands in."""
    for fault in faults:
        parts = fault.field.split(".")
        inside = fault not in own and tuple(parts[: len(path)]) == path and len(parts) > len(path)
        rest = parts[len(path) :]
        row = keys.get(rest[0], 0) if inside else 0
        yield Fault(fault.code, fault.text, ".".join((what, str(row), *rest[1:2]))) if inside else fault
