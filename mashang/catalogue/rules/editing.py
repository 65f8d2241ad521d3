"""A definition changed through forms: fields as people write them, a new item, a copy. Its lists stand in rows.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import listed, said

from . import written
from .codes import Coded, FieldType, Handling, StepKind
from .definition import checked
from .figures import spoken
from .spec import Basis, Fee, Field, ItemSpec, PackageSpec, Role, Spec, Step, Visit
from .words import LABELS, LIMITS, codes_of, inner_of, label_at, words_of
from .written import tidy

_FIELDS = (
    "name", "aliases", "summary", "group", "type", "level", "region", "lead", "organ.name", "organ.nature",
    "organ.credit_code", "objects", "handling", "statutory", "statutory_note", "promised", "promised_note", "channels", "depth",
    "visits", "conditions", "quota", "commitment", "result.name", "result.kind", "result.validity", "result.valid_years",
    "fees", "basis", "hours", "places", "phone", "complaints", "remedies", "codes.basic", "codes.implementation",
    "codes.handling", "codes.local", "source", "unverified",
)  # fmt: skip
LONG = frozenset({"visits", "conditions", "basis", "fees", "unverified"})
"""Fields of which each line says one thing."""
Typed = Mapping[str, Any]


def fields_of(spec: Spec) -> tuple[str, ...]:
    """The dotted paths that a form offers; what is not among them is edited in the definition's file."""
    return tuple(path for path in _FIELDS if path.partition(".")[0] in type(spec).model_fields)


def coded_as(spec: Spec, path: str) -> tuple[type[Coded] | None, bool]:
    """The code set a field is chosen from, and whether several may be."""
    kind: Any = type(spec)
    *outer, name = path.split(".")
    for part in outer:
        kind = inner_of(kind, part) or kind
    found = codes_of(kind, name)
    return found, found is not None and bool(get_args(kind.model_fields[name].annotation))


def shown(spec: Spec, path: str) -> Any:
    """A field as the form shows it: text, or the codes that are chosen."""
    value: Any = spec
    for part in path.split("."):
        value = getattr(value, part, None)
    if path in _LINES:
        return "\n".join(_LINES[path].write(one) for one in value)
    if path == "aliases":
        return "、".join(value)
    if path in LIMITS:
        return str(spoken(value))
    if isinstance(value, tuple):
        return [str(one.value) for one in value]
    if isinstance(value, Coded):
        return str(value.value)
    return "" if value in (None, 0) else str(value)


def in_words(spec: Spec) -> list[tuple[str, str]]:
    """(label, words) of every field that a form offers and that says something."""
    found = []
    for path in fields_of(spec):
        value: Any = spec
        for part in path.split("."):
            value = getattr(value, part, None)
        lines = [_LINES[path].write(one) for one in value] if path in _LINES else []
        words = listed(lines) if lines else words_of(path, value)
        if words and value != 0:
            found.append((label_at(spec, path), words))
    return found


def _labelled(line: str) -> str:
    """A field by its label, anything else as it was written."""
    return str(LABELS.get(line, line))


def _field_of(text: str) -> str:
    return next((path for path, label in LABELS.items() if str(label) == text), text)


@dataclass(frozen=True, slots=True)
class _Line:
    """How one thing of a list stands on a line, and is read from it."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]


_LINES: dict[str, _Line] = {
    "visits": _Line(lambda v: v.reason, lambda text: {"reason": text}),
    "conditions": _Line(str, written.plain),
    "unverified": _Line(_labelled, _field_of),
    "basis": _Line(lambda b: f"《{b.law}》{b.article}", written.basis),
    "fees": _Line(lambda f: "|".join((f.item, f.standard, f.basis, f.relief)).rstrip("|"), written.fee),
}


def _read(spec: Spec, path: str, given: Any) -> Any:
    """A field from what was typed; ValueError says what is wrong with it."""
    if path in _LINES:
        return _read_lines(spec, path, str(given))
    kind, many = coded_as(spec, path)
    if kind and many:
        return [written.coded(kind)(one) for one in given]
    text = str(given).strip()
    if kind:
        return written.coded(kind)(text)
    if path == "aliases":
        return written.words(text)
    if path in LIMITS:
        return written.limit(text) if text else ""
    return written.count(text or "0") if path == "result.valid_years" else text


def _read_lines(spec: Spec, path: str, text: str) -> list[Any]:
    """Each line one thing; a line that stood there before stays what it was, with all that the line does not show."""
    way = _LINES[path]
    known: dict[str, Visit | Basis | Fee | str] = {way.write(one): one for one in getattr(spec, path)}
    lines = [line for raw in text.splitlines() if (line := raw.strip())]
    found = [_plain(known[line]) if line in known else way.read(line) for line in lines]
    if path == "visits":
        _name_visits(found)
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else value.model_dump()


def _name_visits(visits: list[dict[str, str]]) -> None:
    used = {visit["code"] for visit in visits if "code" in visit}
    free = (code for n in range(1, 1000) if (code := f"visit{n}" if n > 1 else "visit") not in used)
    for visit in visits:
        visit.setdefault("code", next(free))


def edited(spec: Spec, typed: Typed) -> Spec:
    """The definition with the fields of a form as they were typed. Refuses with every fault, each at its field.

    A process that is the plain one follows the unit and the limits; any other is left as it was written.
    """
    values, faults = spec.model_dump(), []
    for path in fields_of(spec):
        if path not in typed or _same(typed[path], shown(spec, path)):
            continue
        try:
            written.put(values, tuple(path.split(".")), _read(spec, path, typed[path]))
        except ValueError as no:
            text = said("{place}：{why}", place=label_at(spec, path), why=no.args[0])
            faults.append(Fault("catalogue.value", text, path))
    if isinstance(spec, ItemSpec):
        result = values.get("result")
        values["result"] = {"code": "result", **result} if result and result.get("name") else None
    made = _checked(type(spec), values, faults)
    return plain_process(made) if _is_plain(spec) and isinstance(made, ItemSpec) else made


def _is_plain(spec: Spec) -> bool:
    """Whether nobody has written its process yet."""
    if not isinstance(spec, ItemSpec):
        return False
    plain = plain_process(spec)
    return (plain.roles, plain.steps) == (spec.roles, spec.steps)


def _same(given: Any, known: Any) -> bool:
    if isinstance(known, list):
        return set(map(str, given)) == set(known)
    return tidy(str(given)) == tidy(str(known))


def _checked(kind: type[Spec], values: Mapping[str, Any], faults: Sequence[Fault]) -> Spec:
    """As `checked`, with faults inside a list told at the list's own field."""
    try:
        return checked(kind, values, faults)
    except Refused as no:
        raise Refused.of([Fault(f.code, f.text, _field(f.field)) for f in no.faults]) from no


def _field(path: str) -> str:
    return path.split(".", 1)[0] if path.split(".", 1)[0] in LONG | {"aliases", "objects", "channels"} else path


# ── new ──


APPLICANT = Field(
    code="applicant", label="申请人", type=FieldType.PERSON, group="申请人", private=True, prefill="person"
)


def with_applicant(item: ItemSpec) -> ItemSpec:
    """The item with a form that asks who applies: first of all, where it asked for no person yet."""
    if any(field.type == FieldType.PERSON or field.code == APPLICANT.code for field in item.form):
        return item
    return item.model_copy(update={"form": (APPLICANT, *item.form)})


def plain_process(item: ItemSpec) -> ItemSpec:
    """The item with the roles and steps of one that came without a process: review and decide, or decide at once.

    Its form asks who applies.
    """
    instant = item.handling == Handling.INSTANT
    organ = item.organ.name[:200].strip() or "实施主体"
    review = Step(code="review", label="审查", role="organ", promised=item.promised)
    after = () if instant else ("review",)
    decision = Step(code="decision", label="决定", kind=StepKind.DECISION, role="organ", after=after)
    roles = {"organ": Role(label=organ, match=(organ,), unit_kind="department")}
    steps = (decision,) if instant else (review, decision)
    return with_applicant(item).model_copy(update={"roles": roles, "steps": steps})


def blank(code: str, name: str, organ: str, handling: Handling = Handling.PROMISED, *, region: str = "") -> ItemSpec:
    """An item with nothing but its plain process. Refuses a code or name that cannot be one."""
    values: dict[str, Any] = {
        "code": code,
        "name": name,
        "organ": {"name": organ},
        "handling": handling,
        "region": region,
    }
    faults = [] if organ.strip() else [Fault("catalogue.organ", "请填写实施主体。", "organ.name")]
    made = _checked(ItemSpec, values, faults)
    assert isinstance(made, ItemSpec)
    return plain_process(made)


def copied(spec: Spec, code: str, name: str, region: str) -> Spec:
    """The same under another code, name and region; a copy of a bare name begins as a full item with the plain process."""
    made = _checked(type(spec), {**spec.model_dump(), "code": code, "name": name, "region": region}, ())
    if isinstance(made, ItemSpec) and not made.steps:
        return plain_process(made.model_copy(update={"detail": "full"}))
    return made


def same_kind(old: Spec, new: Spec) -> None:
    """Refuses a definition that is not this entry's: of another code, or an item for a package."""
    faults = []
    if new.code != old.code:
        text = said("代码应是“{code}”，定义里写的是“{given}”。", code=old.code, given=new.code)
        faults.append(Fault("catalogue.code", text, "definition"))
    if isinstance(new, PackageSpec) != isinstance(old, PackageSpec):
        faults.append(Fault("catalogue.shape", "事项不能改成一件事，一件事也不能改成事项，请另建一个。", "definition"))
    if faults:
        raise Refused.of(faults)
