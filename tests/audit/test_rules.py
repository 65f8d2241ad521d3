"""Whom an entry concerns, and findings that are kept and told again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mashang.audit.rules import VIEWS, Filter, Known, again, concerned, kept, number_of
from mashang.kernel.said import said, told
from mashang.org.queries import SENTENCES
from mashang.org.rules import Facts

CASE = Facts(frozenset({7, 8}), frozenset({41}), "350824105", "application")
KNOWN = Known({"武平-事-2026-000001": CASE}, {12: 3, 13: 4}, {3: "350824", 4: "350623", 7: "350824105"})
NUMBER = "武平-事-2026-000001"


@pytest.mark.parametrize(
    ("subject", "facts", "by", "units", "region", "kind"),
    [
        (NUMBER, {}, "staff:13", {7, 8}, "350824105", "application"),  # the case, whoever acted
        ("org/person:41", {"case": NUMBER}, "staff:13", {7, 8}, "350824105", "application"),  # a look in a case
        ("org/unit:3", {}, "staff:13", {3}, "350824", ""),
        ("org/unit:99", {}, "staff:13", set(), "", ""),  # a unit that is none: nobody's but who sees all
        ("org/staff:12", {"unit": 4}, "staff:13", {3}, "350824", ""),  # the person's unit, not the scope granted
        ("rating/5", {"unit": 7}, "person", {7}, "350824105", ""),
        ("", {"region": "350623"}, "staff:12", set(), "350623", ""),
        ("audit/export", {}, "staff:12", {3}, "350824", ""),  # else the unit of whoever acted
        ("clocks/calendar", {"region": "350824"}, "staff:13", set(), "350824", ""),
        ("clocks/XK-20", {}, "staff:12", set(), "", ""),  # a clock binds everybody
        ("org/region:350824", {"name": "x"}, "staff:13", set(), "350824", ""),
        ("org/regions", {}, "system:setup", set(), "", ""),
        ("checkpoint", {"size": 5}, "system:ledger", set(), "", ""),
        ("org/unit:x", {}, "staff:x", set(), "", ""),
    ],
)
def test_an_entry_concerns(
    subject: str, facts: dict[str, Any], by: str, units: set[int], region: str, kind: str
) -> None:
    found = concerned(subject, facts, by, KNOWN)
    assert (found.units, found.region, found.kind) == (units, region, kind)


def test_the_case_of_an_entry_is_one_that_exists() -> None:
    assert number_of(NUMBER, {}, KNOWN) == NUMBER
    assert number_of("org/person:41", {"case": NUMBER}, KNOWN) == NUMBER
    assert number_of("LY-1", {"case": 5}, KNOWN) == ""


def test_a_finding_is_told_again_in_either_language() -> None:
    text = said("{text}账本应有 {last} 条，现有 {size} 条。", text=said("第 {n} 条不符。", n=4), last=9, size=8)
    read = again(kept(text))
    assert read == text == "第 4 条不符。账本应有 9 条，现有 8 条。"
    assert told(read, {"第 {n} 条不符。": "{n} differs. ", "{text}账本应有 {last} 条，现有 {size} 条。": "{text}{size}/{last}"}.get) == (  # type: ignore[arg-type]  # every key is there
        "4 differs. 8/9"
    )  # fmt: skip
    assert again(kept("没有值的一句。")) == "没有值的一句。"


def test_a_view_and_a_kind_of_act_narrow_each_other() -> None:
    assert Filter().verbs is None
    assert Filter(verb="role.granted").verbs == ("role.granted",)
    assert Filter(view="revealed").verbs == ("person.revealed",)
    assert Filter(view="rights", verb="role.granted").verbs == ("role.granted",)
    assert Filter(view="revealed", verb="role.granted").verbs == ()


def test_an_act_concerns_the_unit_in_which_somebody_was_then() -> None:
    known = replace(KNOWN, moves={12: [((1, 5, 9), 7), ((1, 8, 20), 4)]})
    for place, unit in (((1, 4, 1), 7), ((1, 5, 9), 4), ((1, 6, 12), 4), ((1, 8, 20), 3), ((2, 1, 1), 3)):
        assert concerned("audit/export", {}, "staff:12", known.when(place)).units == {unit}, place
    assert concerned("audit/export", {}, "staff:13", known.when((1, 1, 1))).units == {4}


def test_every_act_on_rights_units_and_divisions_stands_in_a_ready_filter() -> None:
    """The others are about persons: who looked is a filter of its own, the rest is found by the person."""
    shown = {verb for _label, verbs in VIEWS.values() for verb in verbs}
    assert set(SENTENCES) - shown == {"person.registered", "person.looked_up", "helper.not_found"}
    assert {*VIEWS["rights"][1], *VIEWS["places"][1]} <= SENTENCES.keys()
