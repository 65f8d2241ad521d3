"""One view over items and packages: what is asked, what is handed in, which steps run. Each thing once, by its code.

`part` names one application of a package; "" is the whole. For an item there are no parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from .codes import Handling, Necessity, StepKind
from .remembered import remembered
from .spec import Answers, Field, ItemSpec, Material, PackageSpec, Result, Spec, Step, Visit, all_hold

_STRONGER = {Necessity.REQUIRED: 0, Necessity.DEFERRABLE: 1, Necessity.OPTIONAL: 2}


def items_of(spec: Spec, part: str = "") -> tuple[ItemSpec, ...]:
    return (spec,) if isinstance(spec, ItemSpec) else spec.items_of(part)


def parts_of(spec: Spec) -> tuple[tuple[str, str], ...]:
    """(code, label) of each application to be made; an item is one application without a code."""
    return tuple((p.code, p.label) for p in spec.parts) if isinstance(spec, PackageSpec) else (("", spec.name),)


def parts_before(spec: Spec, part: str) -> frozenset[str]:
    """The applications of a package that come before this one: its steps wait for theirs."""
    part_of = {s.code: s.part for s in spec.steps}
    waited = {part_of.get(code, part) for s in spec.steps if part and s.part == part for code in s.after}
    return frozenset(waited - {part})


def results_of(spec: Spec, part: str = "") -> tuple[Result, ...]:
    return tuple(i.result for i in items_of(spec, part) if i.result)


@remembered
def merged_fields(spec: Spec, part: str = "") -> tuple[Field, ...]:
    """The one form: the items' fields in order, each code once; required when any item requires it.

    A condition stays only when every item that asks for the field sets the same one.
    """
    found: dict[str, Field] = {}
    for field in (f for item in items_of(spec, part) for f in item.form):
        known = found.get(field.code)
        if known is None:
            found[field.code] = field
            continue
        found[field.code] = known.model_copy(
            update={
                "required": known.required or field.required,
                "private": known.private or field.private,
                "past": known.past or field.past,
                "when": known.when if known.when == field.when else (),
            }
        )
    return tuple(found.values())


@remembered
def merged_materials(spec: Spec, part: str = "") -> tuple[Material, ...]:
    """The one set: each code once, with the strongest necessity; what the package itself brings forth is not asked."""
    produced = {r.code for r in results_of(spec)} if isinstance(spec, PackageSpec) else set()
    found: dict[str, Material] = {}
    for material in (m for item in items_of(spec, part) for m in item.materials if m.code not in produced):
        known = found.get(material.code)
        if known is None:
            found[material.code] = material
            continue
        strongest = min(known.necessity, material.necessity, key=_STRONGER.__getitem__)
        when = known.when if known.when == material.when else ()
        filled = known.filled or material.filled
        found[material.code] = known.model_copy(update={"necessity": strongest, "when": when, "filled": filled})
    return tuple(found.values())


def asked_by(spec: Spec) -> dict[str, tuple[str, ...]]:
    """For each material code, the names of the items that ask for it: how many times it was handed in before."""
    found: dict[str, list[str]] = {}
    for item in items_of(spec):
        for material in item.materials:
            found.setdefault(material.code, []).append(item.name)
    return {code: tuple(names) for code, names in found.items()}


def merged_visits(spec: Spec) -> tuple[Visit, ...]:
    """The visits left: each code once, without those the package replaces."""
    spared = {r.code for r in spec.replaced_visits} if isinstance(spec, PackageSpec) else set()
    if isinstance(spec, ItemSpec):
        return spec.visits
    return tuple({v.code: v for i in spec.items for v in i.visits if v.code not in spared}.values())


NeedState = Literal["required", "deferrable", "optional", "undetermined"]


@dataclass(frozen=True, slots=True)
class Need:
    """A material, and how it stands for these answers. `held`: it need not be handed in, it is here already."""

    material: Material
    state: NeedState
    held: bool = False


_STATES: dict[Necessity, NeedState] = {
    Necessity.REQUIRED: "required",
    Necessity.DEFERRABLE: "deferrable",
    Necessity.OPTIONAL: "optional",
}


def materials_needed(spec: Spec, answers: Answers, part: str = "", held: Collection[str] = ()) -> list[Need]:
    """Every material these answers call for; `held` are codes (`held_as`) that are here already (casebook A3)."""
    needs = []
    for material in merged_materials(spec, part):
        asked = all_hold(material.when, answers)
        if asked is not False:
            state: NeedState = "undetermined" if asked is None else _STATES[material.necessity]
            needs.append(Need(material, state, bool(material.held_as) and material.held_as in held))
    return needs


def missing_materials(
    spec: Spec, answers: Answers, handed: Collection[str], part: str = "", held: Collection[str] = ()
) -> list[Need]:
    """All that is still missing, at once (行政许可法 art. 32(4)): required and deferrable ones; what is held is not missing."""
    return [
        need
        for need in materials_needed(spec, answers, part, held)
        if not (need.held or need.material.filled)
        and need.state in ("required", "deferrable")
        and need.material.code not in handed
    ]


def steps_needed(spec: Spec, answers: Answers, part: str = "") -> tuple[Step, ...]:
    """The steps that run for these answers; whoever waited for a step left out waits for its predecessors instead.

    A step whose condition is undetermined runs. Under its zero-day condition (零日办) a promised item is decided and
    issued within its instant limit, without review beforehand.
    """
    kept = [s for s in spec.steps if part in ("", s.part) and all_hold(s.when, answers) is not False]
    if isinstance(spec, ItemSpec) and spec.instant_when and is_instant(spec, answers):
        now = {"promised": spec.instant_limit}
        kept = [s.model_copy(update=now) for s in kept if s.kind in (StepKind.DECISION, StepKind.ISSUE)]
    codes, by_code = {s.code for s in kept}, {s.code: s for s in spec.steps}

    def effective(code: str) -> Iterator[str]:
        if code in codes:
            yield code
        elif code in by_code and (part in ("", by_code[code].part)):
            for before in by_code[code].after:
                yield from effective(before)

    waits = ((s, tuple(dict.fromkeys(e for a in s.after for e in effective(a)))) for s in kept)
    return tuple(s if after == s.after else s.model_copy(update={"after": after}) for s, after in waits)


def stops(spec: Spec, answers: Answers) -> list[str]:
    """The sentences that say why one cannot apply, from the guide questions' answers."""
    return [
        choice.stops
        for question in spec.questions
        for choice in question.choices
        if choice.stops and str(answers.get(question.code, "")) == choice.code
    ]


def is_instant(spec: Spec, answers: Answers, part: str = "") -> bool:
    """Whether it is done at once: an instant item, an instant part, or a promised item under its zero-day condition."""
    if isinstance(spec, PackageSpec):
        return all(p.handling == Handling.INSTANT for p in spec.parts if part in ("", p.code))
    return spec.handling == Handling.INSTANT or bool(spec.instant_when and all_hold(spec.instant_when, answers))
