"""Whom an entry concerns, which entries a ready view holds, and how findings are kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mashang.kernel.said import Said, said
from mashang.org.rules import Facts

OPENED: Mapping[str, tuple[str, ...]] = {"person.revealed": ("reason",)}
"""Private facts that an auditor reads: why somebody looked at personal data. All others stay closed in the record."""

PERSONAL = ("person.revealed",)
VIEWS: Mapping[str, tuple[str | Promise, tuple[str, ...]]] = {
    "revealed": (_("谁看过个人信息"), PERSONAL),
    "rights": (
        _("授权和账号变动"),
        (
            "role.granted", "role.revoked", "staff.appointed", "staff.transferred", "staff.left", "staff.renamed",
            "staff.phone_changed", "person.phone_bound", "account.password_set", "account.factor_dropped", "account.opened", "absence.registered", "absence.ended", "client.admitted",
            "client.revoked", "mandate.recorded", "mandate.revoked",
        ),
    ),
    "places": (
        _("单位和区划变动"),
        (
            "unit.opened", "unit.revised", "unit.classified", "unit.unclassified", "unit.closed", "post.opened",
            "post.closed", "region.loaded", "region.registered", "region.revised", "region.ended",
        ),
    ),
    "exports": (_("导出和删除"), ("cases.exported", "ledger.exported", "private.erased")),
    "seconds": (
        _("第二人退回"),
        ("application.send_back_refusal", "supervision.send_back"),
    ),
    "clocks": (
        _("手工改动时限"),
        (
            "application.start_visit", "application.finish_visit", "application.extend", "calendar.notice_loaded",
            "calendar.order_loaded", "calendar.hours_loaded", "calendar.withdrawn", "clock.published",
        ),
    ),
    "checks": (_("核对和见证"), ("ledger.check_asked", "ledger.checked", "checkpoint.cosigned")),
}  # fmt: skip
"""Ready filters: name → label and verbs."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to; empty fields narrow nothing. `about` is a subject like "unit:3" or "person:7"."""

    view: str = ""
    since: datetime | None = None
    until: datetime | None = None
    verb: str = ""
    by: str = ""
    number: str = ""
    unit: int = 0
    about: str = ""

    @property
    def verbs(self) -> tuple[str, ...] | None:
        """The verbs that both the view and the kind of act allow; None for all."""
        known = VIEWS[self.view][1] if self.view in VIEWS else None
        if not self.verb:
            return known
        return (self.verb,) if known is None or self.verb in known else ()


Place = tuple[int, int, int]
"""Where an entry stands in the ledger."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of those that entries name: cases by number, the unit of staff, the region of units; and `moves`, the
    units that staff left, each with the place of the entry by which they did, oldest first."""

    cases: Mapping[str, Facts] = field(default_factory=dict)
    unit_of: Mapping[int, int] = field(default_factory=dict)
    regions: Mapping[int, str] = field(default_factory=dict)
    moves: Mapping[int, Sequence[tuple[Place, int]]] = field(default_factory=dict)

    def when(self, place: Place) -> Known:
        """The same with the units in which staff were at a place of the ledger: later moves are not known of."""
        left = {staff: [unit for at, unit in moves if at > place] for staff, moves in self.moves.items()}
        then = {staff: units[0] for staff, units in left.items() if units}
        return replace(self, unit_of={**self.unit_of, **then}) if then else self

    def of_unit(self, unit: int) -> Facts:
        return Facts(frozenset({unit}), region=self.regions[unit]) if unit in self.regions else Facts()


def number_of(subject: str, facts: Mapping[str, Any], known: Known) -> str:
    """The case that an entry is about, or ""."""
    named = facts.get("case")
    return next((n for n in (subject, named) if isinstance(n, str) and n in known.cases), "")


def concerned(subject: str, facts: Mapping[str, Any], by: str, known: Known) -> Facts:
    """Whom an entry concerns, which decides who may see it: the case it is about; else the unit, the division or the member
    of staff; else the unit or region it names; else the unit of whoever acted. What concerns nobody is for those alone who see
    everything."""
    if number := number_of(subject, facts, known):
        case = known.cases[number]
        return Facts(case.units, region=case.region, kind=case.kind)
    kind, _colon, key = subject.removeprefix("org/").partition(":")
    unit, region = facts.get("unit"), facts.get("region")
    if kind == "unit" and key.isdigit():
        return known.of_unit(int(key))
    if kind == "region":
        return Facts(region=key)
    if kind == "staff" and key.isdigit() and int(key) in known.unit_of:
        return known.of_unit(known.unit_of[int(key)])
    if isinstance(unit, int) and unit in known.regions:
        return known.of_unit(unit)
    if isinstance(region, str) and region:
        return Facts(region=region)
    if subject.startswith("clocks/"):
        return Facts()
    who, _colon, id_ = by.partition(":")
    return known.of_unit(known.unit_of.get(int(id_), 0)) if who == "staff" and id_.isdigit() else Facts()


def staff_named(subject: str, by: str) -> set[int]:
    """The members of staff by whom `concerned` may have to go."""
    named = (ref.removeprefix("org/").partition(":") for ref in (subject, by))
    return {int(key) for kind, _colon, key in named if kind == "staff" and key.isdigit()}


# ── findings as they are kept: sentences with their template, so that they can be told in English too ──


def kept(text: str) -> dict[str, Any]:
    """A sentence as JSON values."""
    if not isinstance(text, Said):
        return {"text": str(text)}
    values = {name: kept(value) if isinstance(value, Said) else value for name, value in text.values.items()}
    return {"template": text.template, "values": values}


def again(data: Mapping[str, Any]) -> str:
    """The sentence that `kept` put away."""
    if "template" not in data:
        return str(data["text"])
    values = {name: again(value) if isinstance(value, dict) else value for name, value in data["values"].items()}
    return said(data["template"], **values)
