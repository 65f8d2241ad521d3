"""The next version of a clock: every fault of the form at its field, and what stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from mashang.clocks import actions, queries, rules, shipped
from mashang.clocks.rules import Limit, NewVersion, next_version
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger

AT = datetime(2026, 3, 2, 9, 10, tzinfo=ZONE)
XK20 = shipped.rules()["XK-20"]
SAME = NewVersion(
    "20wd", "3wd", tuple(g.code for g in XK20.grounds), "10wd", "1", "本行政机关负责人", "violation", XK20.source, True, "主席令第二十九号",
)  # fmt: skip


def asked(**changes: object) -> rules.ClockRule:
    return next_version(XK20, replace(SAME, **changes), shipped.grounds(), shipped.effects())  # type: ignore[arg-type]


def test_what_is_changed_changes_and_the_rest_stays() -> None:
    made = asked(limit="15wd", grounds=("hearing",), extension="", approver="", effect="remind", verified=False)
    assert made.limit == Limit.parse("15wd") and [g.code for g in made.grounds] == ["hearing"]
    assert made.extension is None and made.effect_label == shipped.effects()["remind"] and not made.verified
    assert (made.code, made.label, made.kind, made.trigger, made.counting) == (
        XK20.code, XK20.label, XK20.kind, XK20.trigger, XK20.counting,
    )  # fmt: skip


def test_the_form_as_it_stands_gives_the_same_rule_but_for_the_document() -> None:
    assert replace(asked(), document="") == XK20
    assert [g.code for g in asked(grounds=SAME.grounds[::-1]).grounds] == [g.code for g in XK20.grounds]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"limit": ""}, "limit"),  # this clock has a limit of its own
        ({"limit": "20"}, "limit"),  # no unit
        ({"limit": "0wd"}, "limit"),  # nothing
        ({"limit": "20xx"}, "limit"),  # no such unit
        ({"limit": "9000yr"}, "limit"),  # beyond every calendar
        ({"limit": "999999999h"}, "limit"),
        ({"limit": "on:2026-06-30"}, "limit"),  # a day of one case
        ({"extension": "1251wd"}, "extension"),
        ({"warn": "999999999nd"}, "warn"),
        ({"warn": "1mo"}, "warn"),  # a warning counts days or hours
        ({"warn": "20wd"}, "warn"),  # as long as the limit itself
        ({"warn": "soon"}, "warn"),
        ({"grounds": ("weather",)}, "grounds"),
        ({"extension": "10nd"}, "extension"),  # another unit than the limit
        ({"extension": "ten"}, "extension"),
        ({"extension": ""}, "extension"),  # an approver of nothing
        ({"times": "0"}, "times"),
        ({"times": "x"}, "times"),
        ({"times": "9" * 5000}, "times"),
        ({"effect": "nothing"}, "effect"),
        ({"effect": ""}, "effect"),
        ({"source": ""}, "source"),
        ({"source": "法" * 301}, "source"),
        ({"document": ""}, "document"),  # verified without saying where
        ({"document": "号" * 101}, "document"),
        ({"approver": "长" * 101}, "approver"),
    ],
)
def test_each_fault_stands_at_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as no:
        asked(**changes)
    assert [fault.field for fault in no.value.faults] == [field]


def test_all_faults_come_at_once() -> None:
    with pytest.raises(Refused) as no:
        asked(limit="x", warn="y", extension="z", effect="", source="", document="")
    assert {f.field for f in no.value.faults} == {"limit", "warn", "extension", "effect", "source", "document"}


def test_a_clock_whose_cases_bring_the_limit_may_stay_so() -> None:
    own = shipped.rules()["CN-x"]
    assert own.limit is None
    form = NewVersion(effect=own.effect, source=own.source, extension="", times="1")
    assert next_version(own, form, shipped.grounds(), shipped.effects()).limit is None


@pytest.mark.parametrize("own", [rule for rule in shipped.rules().values() if rule.limit is None], ids=lambda r: r.code)
def test_a_clock_whose_cases_bring_the_limit_takes_none_of_its_own(own: rules.ClockRule) -> None:
    """With one, every case that brings another would be refused."""
    with pytest.raises(Refused) as no:
        next_version(own, NewVersion("5wd", effect=own.effect, source=own.source), shipped.grounds(), shipped.effects())
    assert [fault.field for fault in no.value.faults] == ["limit"]


def test_publishing_is_recorded_and_twice_is_once(catalogue: None) -> None:
    form = replace(SAME, limit="15wd")
    made = actions.revise_rule("XK-20", form, after=1, by="管理员", now=AT)
    assert (made.version, made.document) == (2, "主席令第二十九号")
    with pytest.raises(Refused) as no:
        actions.revise_rule("XK-20", form, after=1, by="管理员", now=AT)
    assert no.value.code == "clock.unchanged"
    with pytest.raises(Refused) as no:
        actions.revise_rule("XK-20", replace(form, limit="12wd"), after=1, by="管理员", now=AT)
    assert no.value.code == "conflict.clock"
    assert [v.rule.version for v in queries.versions("XK-20")] == [2, 1]
    [entry] = ledger.history("clocks/XK-20")
    assert (entry.verb, entry.facts["version"], entry.facts["limit"]) == ("clock.published", 2, "15wd")


def test_running_clocks_are_counted_under_the_version_they_began_under(catalogue: None) -> None:
    def begin(case: int, step: int | None = None) -> None:
        rule, calendar = queries.rule_for("XK-20"), queries.calendar_for("350821", 7)
        actions.write([rules.start(rule, at=AT, calendar=calendar, case_id=case, step_id=step, party="unit:7")])

    begin(1, 1)
    begin(1, 2)
    actions.revise_rule("XK-20", replace(SAME, limit="15wd"), after=1, by="管理员", now=AT)
    begin(2)
    actions.write(changed=[rules.stop(queries.open_clocks(1)[0], AT)])
    assert queries.in_use("XK-20") == {("XK-20", 1): (1, 1, 1, 2), ("XK-20", 2): (1, 1, 0, 1)}


@pytest.mark.parametrize(
    ("verb", "change"),
    [
        ("calendar.order_loaded", lambda: actions.load_overlay(
            rules.Overlay("350824", AT.date(), AT.date(), "台风", "防指〔2026〕1号"), by="管理员", now=AT)),
        ("calendar.hours_loaded", lambda: actions.load_hours(rules.OpeningHours("08:00-12:00"), by="管理员", now=AT)),
        ("calendar.notice_loaded", lambda: actions.load_notice(
            {"year": 2027, "papers": [], "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}, by="管理员", now=AT)),
    ],
)  # fmt: skip
def test_every_change_of_the_calendar_is_recorded_once(catalogue: None, verb: str, change) -> None:
    before = len(ledger.history("clocks/calendar"))
    change()
    assert [e.verb for e in ledger.history("clocks/calendar")[before:]] == [verb]


def test_a_withdrawn_order_is_recorded_with_its_words(catalogue: None) -> None:
    order = rules.Overlay("350824", AT.date(), AT.date(), "台风", "防指〔2026〕1号")
    actions.load_overlay(order, by="管理员", now=AT)
    actions.withdraw("overlay", queries.orders()[0].id, by="管理员", now=AT)
    last = ledger.history("clocks/calendar")[-1]
    assert (last.verb, last.facts) == ("calendar.withdrawn", {"region": "350824", "what": "台风（防指〔2026〕1号）"})
