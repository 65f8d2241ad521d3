"""为什么(不)能看到: whole sentences that name the grant or every gap."""

from __future__ import annotations

import pytest

from mashang.org import actions, queries
from mashang.org.rules import Facts

from .builders import DAY, NOW, SYSTEM, actor, grant, make_citizen, make_region, make_staff, make_unit

pytestmark = pytest.mark.django_db


def why(account: int, facts: Facts, right: str = "cases.view") -> list[str]:
    return queries.why(actor(account), right, facts, NOW)


def test_what_is_seen_names_role_scope_and_unit() -> None:
    top = make_unit("武平县自然资源局")
    below = make_unit("桃溪镇自然资源所", parent=top)
    staff = make_staff(top, "李四")
    grant(staff, "lead", top)
    facts = Facts.of([below], region="350824", kind="approval")
    assert why(staff, facts) == [
        (
            "李四能对本件行使“查看办件”：持有“单位负责人”角色，范围是“武平县自然资源局”及下属单位，"
            "本件的办理单位“桃溪镇自然资源所”在此范围内。"
        )
    ]


def test_every_gap_of_every_grant_is_told() -> None:
    make_region("3506", "漳州市", "city")
    unit, other = make_unit("武平县林业局"), make_unit("武平县水利局")
    staff = make_staff(unit, "李四")
    grant(staff, "handler", unit, kinds=frozenset({"appeal"}), region="3506")
    told = why(staff, Facts.of([other], region="350824", kind="approval"))
    assert told == [
        "李四不能对本件行使“查看办件”，原因如下。",
        "“承办人”角色的单位范围是“武平县林业局”，本件的办理单位“武平县水利局”不在其中。",
        "“承办人”角色的地区范围是“漳州市”，本件在“武平县”。",
        "“承办人”角色只限办件类别“appeal”，本件的类别是“approval”。",
    ]


def test_no_role_an_ended_one_and_one_to_come_are_told_apart() -> None:
    unit = make_unit()
    staff = make_staff(unit, "李四")
    facts = Facts.of([unit], region="350824", kind="approval")
    assert "李四现有的角色是：无；能“查看办件”的角色是：窗口受理、承办人" in "".join(why(staff, facts))
    ended = grant(staff, "handler", unit)
    actions.revoke_role(ended, by=SYSTEM, now=NOW - DAY)
    grant(staff, "clerk", unit, starts_at=NOW + 3 * DAY)
    told = "".join(why(staff, facts))
    assert "“承办人”角色已于2026年3月1日到期或被收回。" in told and "“窗口受理”角色要到2026年3月5日才生效。" in told


@pytest.mark.row("B3")
def test_a_closed_kind_says_that_it_must_be_named() -> None:
    unit = make_unit()
    staff = make_staff(unit, "李四")
    grant(staff, "lead", unit)
    assert "保密类别" in why(staff, Facts.of([unit], region="350824", kind="conduct"))[-1]


def test_citizens_are_told_whether_they_take_part() -> None:
    person, citizen = make_citizen("陈土根")
    assert why(citizen.id, Facts.of([1], [person], "350824", "approval")) == [
        "陈某某能对本件行使“查看办件”：本人是本件的当事人。"
    ]
    assert "本人不是本件的当事人" in why(citizen.id, Facts.of([1], [person + 1], "350824", "approval"))[-1]
    assert why(citizen.id, Facts(), "catalogue.view") == ["“查看事项”对公众开放，陈某某可以看到。"]
