"""Entries told in sentences: names in place of ids, personal data masked, private facts closed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from mashang.cases import queries as cases
from mashang.cases.procedure import registry
from mashang.catalogue import queries as catalogue
from mashang.clocks import queries as clocks
from mashang.documents import queries as documents
from mashang.kernel.actor import Actor
from mashang.kernel.said import told as tell
from mashang.ledger.queries import Recorded
from mashang.org import queries as org
from mashang.org.rights import ROLES
from mashang.performance import queries as performance
from mashang.reviews import queries as reviews

from ..events import SENTENCES

TEMPLATES: Mapping[str, str | Promise] = {
    **org.SENTENCES, **catalogue.SENTENCES, **documents.SENTENCES, **performance.SENTENCES, **reviews.SENTENCES,
    **clocks.SENTENCES, **SENTENCES,
}  # fmt: skip
STAFF = ("staff", "stand_in")


@dataclass(frozen=True, slots=True)
class About:
    """The unit or person an entry is about: "unit:3" and its name; both empty when it is about neither."""

    ref: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Those whom a page of entries names: staff and units by name, persons by their masked one; those of a case that
    was erased by none. `nameless` are the ids of entries on such cases."""

    actors: Mapping[str, str]
    staff: Mapping[int, str]
    persons: Mapping[int, str]
    nameless: Collection[int] = ()
    scores: performance.Spoken = performance.Spoken()

    @classmethod
    def of(cls, entries: Sequence[Recorded], nameless: Collection[int]) -> Names:
        """Everybody at once, so that a page costs the same few statements, however long."""
        actors = org.shown_names({entry.by for entry in entries}, to=Actor("staff"))
        staff = {entry.facts[name] for entry in entries for name in STAFF if isinstance(entry.facts.get(name), int)}
        persons = {entry.facts["person"] for entry in entries if isinstance(entry.facts.get("person"), int)}
        for entry in entries:
            kind, _colon, key = entry.case.removeprefix("org/").partition(":")
            if key.isdigit() and kind in ("staff", "person"):
                (staff if kind == "staff" else persons).add(int(key))
        known = {person.id: person.name for person in org.people(persons).values()} if persons else {}
        scores = performance.spoken(entry.facts for entry in entries if entry.verb in performance.SENTENCES)
        return cls(actors, {member.id: member.name for member in org.staff(staff).values()}, known, nameless, scores)

    def actor(self, entry: Recorded) -> str:
        """Who acted, as colleagues are told; persons masked. Who rated is nobody's to know."""
        if entry.by == "person":
            return _("群众（不记名）")
        return _("申请人") if entry.by.startswith("person:") and entry.id in self.nameless else self.actors[entry.by]

    def person(self, entry: Recorded, id_: int) -> str:
        return _("申请人") if entry.id in self.nameless else self.persons.get(id_, "—")

    def unit(self, id_: int) -> str:
        return next((unit.name for unit in org.units_of([id_])), "—")


class _Told(dict[str, Any]):
    """Facts for a sentence: one that is private or gone leaves a mark, so that the sentence still stands."""

    def __missing__(self, key: str) -> str:
        return _("（未显示）")


def sentence(entry: Recorded, names: Names) -> str:
    """The entry in words. What stays closed is marked as not shown."""
    closed = dict.fromkeys(entry.withheld, _("（未显示）"))
    facts = {**entry.facts, **closed, **entry.private}
    if entry.verb.partition(".")[0] in registry:
        return cases.sentence(entry.verb, facts)
    told = _Told(facts)
    told |= {name: names.staff.get(facts[name], "—") for name in STAFF if isinstance(facts.get(name), int)}
    if isinstance(facts.get("person"), int):
        told["person"] = names.person(entry, facts["person"])
    if entry.verb in performance.SENTENCES:
        told |= {name: tell(words, _) for name, words in names.scores.facts(entry.facts).items()}
    if facts.get("role") in ROLES:
        told["role"] = ROLES[facts["role"]].label
    if isinstance(facts.get("conditions"), dict):
        told["conditions"] = _("、").join(f"{_labels().get(k, k)} {v}" for k, v in facts["conditions"].items())
    text = str(TEMPLATES.get(entry.verb, entry.verb)).format_map(told)
    reason = entry.private.get("reason")
    return _("%(text)s理由：%(reason)s") % {"text": text, "reason": reason} if reason else text


def _labels() -> dict[str, str]:
    return {
        "view": _("筛选"), "since": _("起"), "until": _("止"), "verb": _("行为"), "by": _("经办人"), "number": _("件号"),
        "unit": _("单位"), "about": _("对象"),
    }  # fmt: skip


def about(entry: Recorded, names: Names) -> About:
    """Which unit or person the entry is about, when it is filed under one; of a case that was erased no person."""
    ref = entry.case.removeprefix("org/")
    kind, _colon, key = ref.partition(":")
    if ref == entry.case or not key.isdigit() or (kind == "person" and entry.id in names.nameless):
        return About()
    id_ = int(key)
    if kind == "unit":
        return About(ref, names.unit(id_))
    known = {"staff": names.staff, "person": names.persons}.get(kind)
    return About(ref, known.get(id_, "—")) if known is not None else About()


def kind_of_act(verb: str) -> str:
    """A verb for choosing: 办理申请 · 受理; else its sentence with the facts left out."""
    kind, _dot, code = verb.partition(".")
    if (procedure := registry.get(kind)) and code in procedure.actions:
        return f"{procedure.label} · {procedure.actions[code].label}"
    return re.sub(r"\{\w+\}", "…", str(TEMPLATES.get(verb, verb))).rstrip("。.")
