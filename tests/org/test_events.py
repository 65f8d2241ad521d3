"""Every act of the room is recorded once, under a verb that has a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mashang.kernel.refused import Refused
from mashang.ledger.queries import history
from mashang.org import actions
from mashang.org.events import PRIVATE, SENTENCES

from .builders import DAY, NOW, PASSWORD, SYSTEM, grant, make_citizen, make_person, make_staff, make_unit

SOURCE = "".join(p.read_text(encoding="utf-8") for p in Path(actions.__file__).parent.glob("*.py"))


def test_every_verb_has_a_sentence_and_every_sentence_a_verb() -> None:
    noted = re.findall(r'note\("([a-z_.]+)"(?: if \w+ else "([a-z_.]+)")?', SOURCE)
    assert {verb for verbs in noted for verb in verbs if verb} == set(SENTENCES)
    assert set(PRIVATE) <= set(SENTENCES)


def verbs(subject: str) -> list[str]:
    return [entry.verb for entry in history(f"org/{subject}")]


@pytest.mark.django_db
def test_each_act_leaves_exactly_one_entry() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    post = actions.open_post(actions.NewPost(unit, "审批岗", "审查", a, b), by=SYSTEM, now=NOW)
    actions.close_post(post, by=SYSTEM, now=NOW)
    assert verbs(f"unit:{unit}") == ["unit.opened", "post.opened", "post.closed"]

    given = grant(a, "handler", unit)
    actions.revoke_role(given, by=SYSTEM, now=NOW)
    absence = actions.register_absence(actions.NewAbsence(a, NOW, NOW + DAY, "出差", b), by=SYSTEM, now=NOW)
    actions.end_absence(absence, by=SYSTEM, now=NOW + DAY / 2)
    actions.set_password(a, PASSWORD, by=SYSTEM, now=NOW)
    actions.let_go(a, by=SYSTEM, now=NOW + DAY)
    assert verbs(f"staff:{a}") == [
        "staff.appointed",
        "role.granted",
        "role.revoked",
        "absence.registered",
        "absence.ended",
        "account.password_set",
        "staff.left",
    ]

    person, own = make_citizen("陈土根")
    form: dict[str, Any] = {"person": person, "helper_person": make_person("林清"), "evidence": "code"}
    mandate = actions.record_mandate(actions.NewMandate(starts_at=NOW, ends_at=NOW + DAY, **form), by=own, now=NOW)
    actions.revoke_mandate(mandate, by=own, now=NOW)
    assert verbs(f"person:{person}") == ["person.registered", "account.opened", "mandate.recorded", "mandate.revoked"]

    client, _ = actions.make_token(actions.NewClient("省政务网", frozenset({"cases:read"})), by=SYSTEM, now=NOW)
    actions.revoke_token(client, by=SYSTEM, now=NOW)
    assert verbs(f"client:{client}") == ["client.admitted", "client.revoked"]


@pytest.mark.django_db
def test_what_is_refused_leaves_none() -> None:
    unit = make_unit()
    staff = make_staff(unit)
    with pytest.raises(Refused):
        grant(staff, "citizen")
    assert verbs(f"staff:{staff}") == ["staff.appointed"]
