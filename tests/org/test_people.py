"""Persons: sealed at rest, masked on show, revealed on record; helpers act under a mandate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.rules import (
    Facts,
    is_credit_code,
    is_identity_number,
    is_mobile,
    mask_id,
    mask_name,
    mask_phone,
    person_kind,
    plain_phone,
)

from .builders import DAY, NOW, SYSTEM, actor, grant, make_citizen, make_person, make_staff, make_unit

NUMBER = "11010519491231002X"  # the example of GB 11643
CREDIT = "91350100M000100Y43"  # the example form of GB 32100


@pytest.mark.parametrize(
    ("name", "kind", "masked"),
    [
        ("陈土根", "natural", "陈某某"),  # one surname, two given
        ("林清", "natural", "林某"),  # one given
        ("欧阳修远", "natural", "欧阳某某"),  # a surname of two characters
        ("欧阳", "natural", "欧某"),  # two characters: surname and given name
        ("买买提·艾力", "natural", "买某某"),  # never longer than two marks
        ("John Smith", "natural", "J**"),  # Latin letters
        ("漳州某某建筑有限公司", "legal", "漳州某某建筑有限公司"),  # a firm's name is public
        ("", "natural", ""),
        ("陈土根（演示）", "natural", "陈某某（演示）"),  # a note is no part of the name
        ("陈土根" + "（演示）" * 2000, "natural", "陈某某" + "（演示）" * 2000),
    ],
)
def test_names_are_masked(name: str, kind: str, masked: str) -> None:
    assert mask_name(name, kind) == masked


def test_digits_of_another_script_make_no_phone() -> None:
    assert is_mobile("13812345678")
    assert not is_mobile("138١٢٣٤٥٦٧٨")


def test_phones_and_numbers_are_masked_to_law() -> None:
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("8123456") == "*****56"
    assert mask_id(NUMBER) == "110105********002X"
    assert plain_phone("+86 138-1234-5678") == "13812345678"


@pytest.mark.parametrize(
    ("number", "good"),
    [
        (NUMBER, True),
        ("110105194912310021", False),  # wrong check digit
        ("110105194913310021", False),  # thirteenth month
        ("1101051949123100", False),  # too short
        ("35018219900101001X", is_identity_number("35018219900101001X")),  # a district of today, born before it
        ("", False),
    ],
)
def test_identity_numbers_are_checked_by_date_and_digit_only(number: str, good: bool) -> None:
    assert is_identity_number(number) is good


def test_a_place_that_is_no_division_any_more_does_not_spoil_a_number() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    body = "35018219850512001"  # 长乐市, a county-level city until 2017
    digit = "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
    assert is_identity_number(body + digit)


def test_credit_codes_are_checked_by_their_last_character() -> None:
    assert is_credit_code(CREDIT) and not is_credit_code(CREDIT[:-1] + "1") and not is_credit_code("")


@pytest.mark.django_db
def test_no_clear_personal_data_stands_in_any_table() -> None:
    unit = make_unit()
    clerk = make_staff(unit, "赵窗口", phone="13900001111")
    grant(clerk, "clerk", unit)
    person = make_person("欧阳德胜", phone="13800138000", number=NUMBER)
    within = Facts.of([unit], [person], "350824", "approval")
    actions.reveal(person, within=within, case="武平-事-2026-1", reason="核对身份证原件", by=actor(clerk), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        dump = {name: _rows(cursor, name) for (name,) in cursor.fetchall()}
    assert any("欧阳某某" in text for text in dump.values()), "the scan reads what is there"
    for secret in ("德胜", "13800138000", "13900001111", NUMBER, "核对身份证"):
        assert not [table for table, text in dump.items() if secret in text or secret.encode().hex() in text]


def _rows(cursor: object, table: str) -> str:
    cursor.execute(f'SELECT t::text FROM "{table}" t')  # type: ignore[attr-defined]
    return "\n".join(row[0] for row in cursor.fetchall())  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_reveal_needs_a_right_over_the_case_and_a_reason_and_is_recorded() -> None:
    unit, other = make_unit(), make_unit()
    clerk, stranger = make_staff(unit, "赵"), make_staff(other, "钱")
    grant(clerk, "clerk", unit)
    grant(stranger, "clerk", other)
    person = make_person("陈土根", phone="13800138000")
    within = Facts.of([unit], [person], "350824", "approval")

    def look(who: int, facts: Facts = within, reason: str = "电话核实") -> actions.Revealed:
        return actions.reveal(person, within=facts, case="武平-事-2026-1", reason=reason, by=actor(who), now=NOW)

    assert look(clerk) == actions.Revealed("陈土根", "13800138000", "")
    for refused in (lambda: look(stranger), lambda: look(clerk, Facts.of([unit], [person + 1], "350824", "approval"))):
        with pytest.raises(Forbidden):
            refused()
    with pytest.raises(Refused, match="理由"):
        look(clerk, reason=" ")
    (entry,) = [e for e in history(f"org/person:{person}") if e.verb == "person.revealed"]
    assert entry.by == f"staff:{clerk}" and entry.facts["case"] == "武平-事-2026-1"
    assert entry.private == {"reason": "电话核实"}


@pytest.mark.django_db
def test_a_registration_is_refused_with_all_faults_at_once() -> None:
    with pytest.raises(Refused) as no:
        actions.register_person(actions.NewPerson("robot", " ", "123", "1"), by=SYSTEM, now=NOW)
    assert [f.field for f in no.value.faults] == ["name", "kind", "phone"]
    with pytest.raises(Refused) as no:
        make_person("陈\x00", number="110105194912310021")
    assert [f.field for f in no.value.faults] == ["name", "number"]


@pytest.mark.django_db
def test_the_same_number_is_the_same_person_and_never_another_name() -> None:
    first = make_person("陈土根", number=NUMBER)
    assert make_person("陈土根", number=NUMBER.lower()) == first
    with pytest.raises(Refused, match="另一个姓名"):
        make_person("林清", number=NUMBER)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (NUMBER, "natural"),
        ("E12345678", "natural"),
        ("01234567", "natural"),
        (CREDIT, "legal"),
        (CREDIT[:-1] + "1", "natural"),
    ],
)
def test_a_number_tells_persons_from_firms(number: str, kind: str) -> None:
    assert person_kind(number) == kind


@pytest.mark.django_db
def test_someone_without_an_identity_card_is_registered_by_another_paper() -> None:
    person = make_person("John Smith", number="e12345678")
    assert queries.persons_by_exact("E12345678") == [person]
    assert queries.person(person).number == "*********"
    with pytest.raises(Refused, match="证件号码不正确"):
        make_person("John Smith", number="E1234")


@pytest.mark.django_db
def test_persons_are_found_exactly_or_not_at_all() -> None:
    person = make_person("陈土根", phone="13800138000", number=NUMBER)
    for words in ("陈土根", "138 0013 8000", NUMBER, NUMBER.lower()):
        assert queries.persons_by_exact(words) == [person]
    noted = make_person("练美玉（演示）", phone="13800138001")
    firm = make_person("桃溪茶业（普通合伙）", kind="legal", phone="13800138002")
    for words in ("练美玉", "练美玉（演示）", "练美玉(演示)", " 练美玉 "):
        assert queries.persons_by_exact(words) == [noted]
    assert queries.persons_by_exact("桃溪茶业（普通合伙）") == [firm] and queries.persons_by_exact("桃溪茶业") == []
    for words in ("陈土", "1380013800", "（演示）", "", "\x00", "%", "陈某某"):
        assert queries.persons_by_exact(words) == []
    assert (
        queries.address_of(person=person) == "13800138000" and queries.address_of(person=person, channel="mail") == ""
    )


# ── mandates (A17) ──


def mandate(person: int, by: object, **changes: object) -> int:
    form = {"starts_at": NOW, "ends_at": NOW + 30 * DAY, "evidence": "in_person", "person": person}
    return actions.record_mandate(actions.NewMandate(**{**form, **changes}), by=by, now=NOW)  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.row("A17")
def test_a_helper_acts_for_those_who_mandated_them_while_it_lasts() -> None:
    person, own = make_citizen("陈土根")
    _, helper = make_citizen("陈小妹")
    case = Facts.of([7], [person], "350824", "approval")
    assert queries.may_see(own, case) and not queries.may_see(helper, case)
    id_ = mandate(person, own, helper_person=helper.person_id, evidence="code", kinds=frozenset({"approval"}))
    helper = actor(helper.id)
    assert queries.may_see(helper, case) and queries.persons_of(helper) == {person, helper.person_id}
    assert not queries.may_see(helper, Facts.of([7], [person], "350824", "appeal"))  # not of that kind
    assert not queries.may_see(actor(helper.id, NOW + 31 * DAY), case)
    actions.revoke_mandate(id_, by=own, now=NOW + DAY)
    assert not queries.may_see(actor(helper.id, NOW + DAY + timedelta(seconds=1)), case)
    with pytest.raises(NotFound):
        actions.revoke_mandate(id_, by=own, now=NOW + DAY)


@pytest.mark.django_db
@pytest.mark.row("A17")
def test_a_village_agent_helps_under_a_mandate_recorded_at_the_counter() -> None:
    unit = make_unit()
    clerk, agent = make_staff(unit, "赵"), make_staff(unit, "代办员")
    grant(clerk, "clerk", unit)
    person = make_person()
    with pytest.raises(Refused, match="书面委托书"):
        mandate(person, actor(clerk), helper_staff=agent, evidence="paper")
    mandate(person, actor(clerk), helper_staff=agent, evidence="paper", digest="a" * 64)
    facts = Facts.of([unit + 99], [person], "350824", "approval")
    assert queries.may(
        actor(agent), "approvals.hand_in", units=facts.units, persons=facts.persons, region="350824", kind="approval"
    )
    assert not queries.may(actor(agent), "approvals.hand_in", units=facts.units, region="350824", kind="approval")


@pytest.mark.django_db
def test_what_a_counter_recorded_stays_with_it_when_the_clerk_moves() -> None:
    unit, other = make_unit(), make_unit()
    clerk = make_staff(unit, "赵")
    grant(clerk, "clerk", unit)
    id_ = mandate(
        make_person(), actor(clerk), helper_staff=make_staff(unit, "代办员"), evidence="paper", digest="a" * 64
    )
    actions.transfer(clerk, other, by=SYSTEM, now=NOW)
    assert [m.id for m in queries.mandates_recorded_in(unit)] == [id_] and not queries.mandates_recorded_in(other)


@pytest.mark.django_db
def test_a_mandate_ended_before_it_began_is_in_nobodys_way() -> None:
    person, citizen = make_citizen()
    helper = make_person("林清")
    period = {"starts_at": NOW + 10 * DAY, "ends_at": NOW + 20 * DAY}
    first = mandate(person, citizen, helper_person=helper, **period)
    with pytest.raises(Refused, match="已经登记"):
        mandate(person, citizen, helper_person=helper, **period)
    actions.revoke_mandate(first, by=citizen, now=NOW)
    assert mandate(person, citizen, helper_person=helper, **{**period, "starts_at": NOW + 9 * DAY}) != first


@pytest.mark.django_db
def test_nobody_takes_a_mandate_for_themselves() -> None:
    person, _ = make_citizen("陈土根")
    _, other = make_citizen("林清")
    with pytest.raises(Forbidden):
        mandate(person, other, helper_person=other.person_id)
    unit = make_unit()
    clerk = make_staff(unit)
    grant(clerk, "clerk", unit)
    with pytest.raises(Refused, match="凭据"):  # a code is confirmed by the person alone
        mandate(person, actor(clerk), helper_person=other.person_id, evidence="code")
    mandate(person, actor(clerk), helper_person=other.person_id)
    with pytest.raises(Refused, match="已经登记"):
        mandate(person, actor(clerk), helper_person=other.person_id)
