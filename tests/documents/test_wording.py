"""What documents say, and what they may not leave out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.documents import rules
from mashang.kernel import clock
from mashang.kernel.refused import Refused

AT = datetime(2026, 3, 5, 10, 30, tzinfo=clock.ZONE)
FACTS: dict[str, Any] = {
    "item": "农村村民建房",
    "due": "2026年3月20日",
    "missing": ["相邻权利人意见：缺北至邻居签字", "住宅设计图：没有剖面"],
    "grounds": ["所选地块为永久基本农田"],
    "basis": ["《土地管理法》第三十五条"],
    "reason": "需要上级核实用地性质",
    "procedure": "专家评审",
    "time": "五个工作日",
    "remedy": "另选符合村庄规划的地块后重新申请",
    "rows": [("建设位置", "桃溪镇新田村三组")],
}


def sheet(kind: str, **changes: Any) -> rules.Sheet:
    return rules.compose(
        kind,
        title=changes.pop("title", ""),
        number="武平-事-2026-000318-01",
        holder="陈某某",
        unit="武平县桃溪镇人民政府",
        facts={**FACTS, **changes},
        issued=AT,
        valid_to=date(2027, 3, 5),
    )


def words(found: rules.Sheet) -> str:
    return "\n".join((*found.paragraphs, *found.listed, *found.after, *(f"{a}:{b}" for a, b in found.rows)))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("acceptance", ["予以受理", "2026年3月20日前办结", "不计入法定期限"]),
        ("supplement", ["一次告知", "住宅设计图：没有剖面", "不会再要求您补正其他材料"]),
        (
            "non-acceptance",
            ["永久基本农田", "第三十五条", "六十日内依法申请行政复议", "六个月内依法提起行政诉讼"],
        ),  # art. 38
        ("refusal", ["不予行政许可", "永久基本农田", "另选符合村庄规划的地块", "行政复议", "行政诉讼"]),
        ("extension", ["因需要上级核实用地性质", "第四十二条", "2026年3月20日"]),
        ("special", ["专家评审", "五个工作日", "第四十五条"]),  # the time needed is told
        ("grant", ["决定准予", "《土地管理法》第三十五条"]),
        (
            "planning-permit",
            ["持有人:陈某某", "建设位置:桃溪镇新田村三组", "有效期至:2027年3月5日", "《城乡规划法》第四十一条"],
        ),
        ("something-else", ["持有人:陈某某", "建设位置:桃溪镇新田村三组"]),  # a kind the room does not know
    ],
)
@pytest.mark.row("A24")
def test_each_kind_says_what_the_law_wants_it_to_say(kind: str, said: list[str]) -> None:
    found = words(sheet(kind))
    assert [part for part in said if part not in found] == []


@pytest.mark.parametrize("kind", sorted(rules.KINDS))
def test_every_kind_has_words_a_title_and_a_date(kind: str) -> None:
    found = sheet(kind)
    assert found.title == rules.KINDS[kind].label
    assert found.date == "2026年3月5日"
    assert found.paragraphs or found.rows
    assert sheet(kind, title="改过的名称").title == "改过的名称"


def test_a_notice_that_leaves_things_out_is_refused_with_all_of_them() -> None:
    with pytest.raises(Refused) as refused:
        rules.check("refusal", {"item": "建房", "grounds": []}, " ", "a b")
    assert [f.field for f in refused.value.faults] == ["grounds", "basis", "holder", "number"]


def test_what_people_wrote_cannot_smuggle_control_characters_in() -> None:
    assert "\x00" not in words(sheet("supplement", missing=["缺\x00签字\u202e"]))


def test_new_codes_differ_and_read_back_however_they_are_typed() -> None:
    codes = {rules.new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        typed = rules.shown_code(code).lower().replace("0", "o").replace("1", "l")
        assert rules.normal_code(f" {typed} ") == code


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_code(text: str) -> None:
    assert len(rules.normal_code(text)) in (0, 16)


@pytest.mark.parametrize(
    ("issued", "years", "last"),
    [
        (date(2026, 3, 5), 0, None),  # without limit
        (date(2026, 3, 5), 5, date(2031, 3, 5)),
        (date(2028, 2, 29), 1, date(2029, 2, 28)),  # no such day: the last of the month
    ],
)
def test_validity_is_counted_in_years(issued: date, years: int, last: date | None) -> None:
    assert rules.expiry(issued, years) == last


@pytest.mark.parametrize(
    ("state", "valid_to", "today", "found"),
    [
        ("valid", None, date(2099, 1, 1), "valid"),
        ("valid", date(2026, 3, 5), date(2026, 3, 5), "valid"),  # the last day counts
        ("valid", date(2026, 3, 5), date(2026, 3, 6), "expired"),
        ("revoked", date(2026, 3, 5), date(2026, 3, 6), "revoked"),  # revoked wins
    ],
)
def test_the_state_on_a_day(state: str, valid_to: date | None, today: date, found: str) -> None:
    assert rules.state_on(state, valid_to, today) == found


@pytest.mark.parametrize(
    ("holder", "shown"),
    [
        ("陈建国", "陈某某"),
        ("陈国", "陈某"),
        ("武平县某某农业专业合作社", "武平县某某农业专业合作社"),
        ("林社", "林某"),
        ("陈", "陈某"),
        ("陈建国（演示）", "陈某某（演示）"),
        ("", ""),
    ],
)
def test_persons_are_masked_and_firms_are_not(holder: str, shown: str) -> None:
    assert rules.masked_holder(holder) == shown
