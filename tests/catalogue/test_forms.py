"""The form as data, and answers brought into shape."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.catalogue import rules, shipped
from mashang.kernel.refused import Refused

HOUSE = next(p for p in shipped.packages() if p.code == "rural-house")
TODAY = date(2026, 3, 2)
BANNER = next(i for i in shipped.items() if i.code == "banner-arch")

GOOD: dict[str, Any] = {
    "member": "yes",
    "building": "new",
    "farmland": "no",
    "applicant.name": " 陈某某 ",
    "applicant.id_number": "35062219900101001 9",
    "applicant.phone": "+86 138-0596-1234",
    "family_size": "4",
    "existing_plots": "none",
    "site.region": "350824101",
    "site.address": "桃溪镇新田村三组",
    "plot_area": "120",
    "neighbours_around": "东至村道",
    "floors": "3",
    "building_area": "３２０.5",
    "height": "10.2",
    "drawing_choice": "standard",
    "drawing_number": "B-07",
}


def answered(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **{k.replace("__", "."): v for k, v in changes.items()}}


def faults(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        rules.clean_answers(HOUSE, raw, "approval", today=TODAY)
    return {f.field: f.text for f in refused.value.faults}


@pytest.mark.row("A7")
def test_the_packages_form_asks_each_thing_once_and_is_plain_data() -> None:
    fields = rules.form_fields(HOUSE, "approval")
    codes = [f["code"] for f in fields]
    assert len(codes) == len(set(codes)) == 13
    assert json.loads(json.dumps(fields)) == fields
    applicant = fields[0]
    assert [p["code"] for p in applicant["parts"]] == ["applicant.name", "applicant.id_number", "applicant.phone"]
    assert applicant["private"] and applicant["prefill"] == "person"
    assert {f["code"] for f in rules.form_fields(HOUSE, "completion")} == {
        "applicant", "completed_on", "visit_day", "deliver",
    }  # fmt: skip
    assert [len(q["choices"]) for q in rules.guide_questions(HOUSE)] == [2, 3, 3]


def test_good_answers_come_back_in_shape() -> None:
    answers = rules.clean_answers(HOUSE, answered(stranger="x"), "approval", today=TODAY)
    assert answers["applicant"] == {"name": "陈某某", "id_number": "350622199001010019", "phone": "13805961234"}
    assert answers["building_area"] == "320.5"
    assert answers["site"] == {"region": "350824101", "address": "桃溪镇新田村三组"}
    assert "builder" not in answers and "stranger" not in answers and "old_house" not in answers


def test_commas_part_thousands_and_nothing_else() -> None:
    field = rules.Field(code="n", label="造价", type=rules.FieldType.NUMBER)
    answers = rules.clean_answers(BANNER.model_copy(update={"form": (field,)}), {"n": "12，345.5"}, today=TODAY)
    assert answers["n"] == "12345.5"


def test_nested_answers_are_read_like_flat_ones() -> None:
    flat = {k: v for k, v in GOOD.items() if not k.startswith("applicant")}
    nested = {**flat, "applicant": {"name": "陈某某", "id_number": "350622199001010019", "phone": "13805961234"}}
    assert rules.clean_answers(HOUSE, nested, "approval", today=TODAY) == rules.clean_answers(
        HOUSE, GOOD, "approval", today=TODAY
    )


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"plot_area": "121"}, "plot_area", "不能大于 120㎡"),
        ({"plot_area": "19"}, "plot_area", "不能小于 20㎡"),
        ({"plot_area": "很大"}, "plot_area", "请填数字"),
        ({"plot_area": "1e2"}, "plot_area", "请填数字"),
        ({"plot_area": "NaN"}, "plot_area", "请填数字"),
        ({"building_area": "23,5"}, "building_area", "建筑面积：“23,5”里的逗号意思不明"),  # not 235
        ({"building_area": "２３，５"}, "building_area", "意思不明"),
        ({"building_area": "1.200,5"}, "building_area", "小数点请用“.”"),
        ({"building_area": "三百,五"}, "building_area", "请填数字"),
        ({"floors": ""}, "floors", "请填写层数"),
        ({"applicant__id_number": "350622199001010018"}, "applicant.id_number", "逐位核对"),  # wrong check digit
        ({"applicant__phone": "1380596123"}, "applicant.phone", "11 位"),
        ({"applicant__name": ""}, "applicant.name", "姓名"),
        ({"site__address": ""}, "site.address", "详细地址"),
        ({"site__region": "桃溪"}, "site.region", "列表"),
        ({"existing_plots": "three"}, "existing_plots", "没有、有一处"),
        ({"neighbours_around": "东" * 301}, "neighbours_around", "最多 300 字"),
        ({"farmland": "perhaps"}, "farmland", "重新回答"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field(change: dict[str, Any], field: str, words: str) -> None:
    found = faults(answered(**change))
    assert list(found) == [field]
    assert words in found[field]


def test_all_wrong_answers_are_told_at_once() -> None:
    assert len(faults({})) == 12


def test_a_conditional_field_is_asked_only_when_its_condition_holds() -> None:
    assert "old_house" in faults(answered(existing_plots="one_return"))
    answers = rules.clean_answers(
        HOUSE, answered(existing_plots="one_return", old_house="拆除"), "approval", today=TODAY
    )
    assert answers["old_house"] == "拆除"
    assert "drawing_number" not in rules.clean_answers(HOUSE, answered(drawing_choice="own"), "approval", today=TODAY)


def test_dates_are_dates() -> None:
    raw = {
        "applicant.name": "陈某某",
        "applicant.id_number": "350622199001010019",
        "applicant.phone": "13805961234",
        "shop": "阿香小吃",
        "what": "arch",
        "site.address": "解放路 1 号",
        "days": "3",
    }
    assert rules.clean_answers(BANNER, {**raw, "from": "2026-03-02"}, today=TODAY)["from"] == "2026-03-02"
    with pytest.raises(Refused, match="请填日期"):
        rules.clean_answers(BANNER, {**raw, "from": "2026-02-30"}, today=TODAY)


@pytest.mark.parametrize(("day", "refused"), [("2026-03-01", False), ("2026-03-02", False), ("2026-03-03", True)])
def test_what_has_happened_already_cannot_lie_ahead(day, refused):
    given = {**GOOD, "completed_on": day, "visit_day": "2026-03-20", "deliver": "mail"}
    try:
        answers = rules.clean_answers(HOUSE, given, "completion", today=TODAY)
    except Refused as no:
        assert refused
        (fault,) = no.faults
        assert (fault.code, fault.field) == ("form.ahead", "completed_on")
        assert "竣工日期不能晚于今天。" in fault.text
    else:
        assert not refused and (answers["completed_on"], answers["visit_day"]) == (day, "2026-03-20")


@given(
    st.dictionaries(
        st.sampled_from(sorted(GOOD)), st.text(max_size=40) | st.none() | st.integers() | st.lists(st.text())
    )
)
def test_no_answer_whatever_breaks_the_form(raw: dict[str, Any]) -> None:
    try:
        answers = rules.clean_answers(HOUSE, raw, "approval", today=TODAY)
    except Refused as refused:
        assert all(f.field and f.text.endswith(("。", "？")) for f in refused.faults)
    else:
        assert "\x00" not in json.dumps(answers)


def test_personal_answers_are_parted_from_public_ones() -> None:
    public, private = rules.split_private(HOUSE, rules.clean_answers(HOUSE, GOOD, "approval", today=TODAY))
    assert set(private) == {"applicant", "neighbours_around"}
    assert "陈某某" not in json.dumps(public, ensure_ascii=False)


@pytest.mark.parametrize(
    ("condition", "answers", "holds"),
    [
        ({"fact": "a", "value": "x"}, {"a": "x"}, True),
        ({"fact": "a", "value": "x"}, {"a": "y"}, False),
        ({"fact": "a", "value": "x"}, {}, None),  # not answered: undetermined, never false
        ({"fact": "a", "op": "ne", "value": "x"}, {"a": "y"}, True),
        ({"fact": "a", "op": "in", "value": ["x", "y"]}, {"a": "y"}, True),
        ({"fact": "a", "op": "in", "value": ["x", "y"]}, {"a": "z"}, False),
        ({"fact": "a", "op": "le", "value": 200}, {"a": "200.0"}, True),
        ({"fact": "a", "op": "lt", "value": 200}, {"a": "200"}, False),
        ({"fact": "a", "op": "gt", "value": 200}, {"a": "two hundred"}, None),  # text where a number belongs
        *(({"fact": "a", "op": "le", "value": 200}, {"a": odd}, None) for odd in ("NaN", "sNaN", "Infinity", "1e")),
        ({"fact": "a", "op": "ge", "value": "NaN"}, {"a": "1"}, None),  # published before such a value was a fault
    ],
)
def test_a_condition_is_true_false_or_undetermined(
    condition: dict[str, Any], answers: dict[str, str], holds: bool
) -> None:
    assert rules.When.model_validate(condition).holds(answers) is holds


def test_answers_are_read_aloud_for_a_certificate_without_personal_data() -> None:
    answers = rules.clean_answers(HOUSE, GOOD, "approval", today=TODAY)
    rows = rules.answer_rows(HOUSE, answers, "approval")
    assert ("建在哪里", "宅基地面积", "120 ㎡") in rows
    assert ("建成什么样", "设计图", "选用通用图集（免费）") in rows
    assert ("建在哪里", "建房地点", "桃溪镇新田村三组") in rows
    assert not any("陈某某" in words or "村道" in words for _group, _label, words in rows)
    whole = rules.answer_rows(HOUSE, answers, "approval", private="masked")
    assert ("谁来建", "申请人（户主）", "陈某某 350622********0019 138****1234") in whole
    assert ("", "您要怎么建？", "新建") in whole


def test_a_date_is_told_in_words_with_its_year_on_paper_and_in_the_reader_s_own_on_a_page() -> None:
    answers = rules.clean_answers(
        HOUSE, {**GOOD, "completed_on": "2026-03-02", "deliver": "mail"}, "completion", today=TODAY
    )
    assert ("竣工", "竣工日期", "2026年3月2日") in rules.answer_rows(HOUSE, answers, "completion")
    told = rules.answer_rows(HOUSE, answers, "completion", private="masked", day=lambda day: f"{day:%d/%m}")
    assert ("竣工", "竣工日期", "02/03") in told


def test_whoever_works_a_case_reads_its_private_answers_with_persons_masked() -> None:
    given = answered(
        applicant__name="陈建国", neighbours_around="东至练宅（13805961234），西至村道，北邻350622199001010019"
    )
    answers = rules.clean_answers(HOUSE, given, "approval", today=TODAY)
    rows = {label: words for _group, label, words in rules.answer_rows(HOUSE, answers, "approval", private="masked")}
    own = {label: words for _group, label, words in rules.answer_rows(HOUSE, answers, "approval", private="own")}
    assert own["申请人（户主）"] == "陈建国 350622********0019 138****1234"
    assert rows["申请人（户主）"] == "陈某某 350622********0019 138****1234"
    assert rows["东、南、西、北四至"] == "东至练宅（138****1234），西至村道，北邻350622********0019"
