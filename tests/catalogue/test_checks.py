"""What a catalogue checker finds wrong: each rule alone, and all together."""

from __future__ import annotations

from typing import Any

import pytest

from mashang.catalogue import rules, shipped
from mashang.catalogue.rules import (
    Channel,
    Choice,
    Depth,
    Fee,
    Field,
    FieldType,
    Handling,
    ItemSpec,
    Material,
    PackageSpec,
    Question,
    Result,
    ResultKind,
    Source,
    Step,
    StepKind,
    Visit,
    When,
)

FOOD = next(i for i in shipped.items() if i.code == "food-business")
HOUSE = next(p for p in shipped.packages() if p.code == "rural-house")
DECISION = next(s for s in FOOD.steps if s.kind == StepKind.DECISION)
APPLICANT = FOOD.form[0]


def asked_sometimes(field: Field) -> Field:
    return field.model_copy(update={"when": (When(fact="business_kind", value="retail"),)})


def changed(**changes: Any) -> ItemSpec:
    return FOOD.model_copy(update=changes)


def with_material(**changes: Any) -> ItemSpec:
    return changed(materials=(Material(code="m", **{"name": "平面图", **changes}),))


CASES = [
    ({"promised": "21wd"}, "promised", "不能长于法定"),  # promised > statutory
    ({"promised": "29nd", "statutory": "20wd"}, "promised", "不能长于法定"),  # other units are compared too
    ({"promised": ""}, "promised-missing", "3 个工作日"),
    ({"statutory": ""}, "statutory", "法定办结时限"),
    ({"handling": Handling.INSTANT}, "instant", "即办件"),  # instant with five working days
    ({"steps": (DECISION.model_copy(update={"after": ()}),)}, "two-stages", "先审后批"),
    ({"visits": (Visit(),), "depth": Depth.ACCEPT}, "visit-reason", "没有写明原因"),
    ({"visits": (Visit(reason="领证"),)}, "depth", "全程网办"),  # depth IV with a visit
    (
        {"channels": (Channel.WINDOW,), "depth": Depth.NONE},
        "channels",
        "必须可以邮寄办",
    ),  # 0 visits, neither online nor mail
    ({"channels": ()}, "channels-missing", "至少选择一种"),
    ({"depth": Depth.NONE}, "depth-missing", "网上办理深度"),
    ({"fees": (Fee(item="工本费"),)}, "fee-basis", "收费依据"),
    ({"fees": (Fee(item="工本费", basis="某条例"),)}, "fee-standard", "收费标准"),
    ({"result": Result(code="r", name="许可证", kind=ResultKind.DOCUMENT)}, "result", "出证办结"),
    ({"result": Result(code="r", name="关于同意的批复", kind=ResultKind.CERTIFICATE)}, "result", "审批办结"),
    ({"basis": ()}, "basis", "设定依据"),  # a permit without legal basis
    ({"organ": rules.Organ()}, "organ", "实施主体"),
    ({"objects": ()}, "objects", "服务对象"),
    ({"form": (*FOOD.form, FOOD.form[0])}, "twice", "用了 2 次"),
    ({"form": (*FOOD.form, Field(code="x", label="选", type=FieldType.CHOICE))}, "choices", "两个选项"),
    ({"form": (*FOOD.form, Field(code="x", label="数", type=FieldType.NUMBER, min=3, max=2))}, "range", "最小值"),
    (
        {"form": (*FOOD.form, Field(code="x", label="甲", when=(When(fact="gone", value="1"),)))},
        "unknown-fact",
        "没有这一项",
    ),
    *(
        ({"instant_when": (When(fact="area", op="le", value=value),)}, "no-number", "只能跟数字比")
        for value in ("NaN", "Infinity", "三百", "23,5", ("1", "2"))
    ),
    (
        {"questions": (Question(code="q", text="是吗？", choices=(Choice(code="a", label="是"),)),)},
        "choices",
        "两个选项",
    ),
    ({"form": ()}, "no-applicant", "“食品经营许可核发”的表单没有问申请人"),
    ({"form": (APPLICANT.model_copy(update={"required": False}),)}, "no-applicant", "必填"),
    ({"form": (*FOOD.form[1:], asked_sometimes(APPLICANT))}, "no-applicant", "不带条件"),
    (
        {"steps": (*FOOD.steps, Step(code="intake", label="收件", role="market"))},
        "step-code",
        "“收件”的代码不能用“intake”",
    ),
    ({"steps": ()}, "no-decision", "没有决定环节"),
    ({"steps": (*FOOD.steps, Step(code="s", label="会审", role="nobody"))}, "role", "没有在单位角色中定义"),
    ({"steps": (*FOOD.steps, Step(code="s", label="会审", role="market", after=("gone",)))}, "unknown-step", "不存在"),
    ({"steps": (*FOOD.steps, Step(code="s", label="会审", role="market", suspends=True))}, "ground", "法定事由"),
    (
        {"steps": (*FOOD.steps, Step(code="s", label="到场", role="market", kind=StepKind.SITE_CHECK))},
        "moment",
        "哪个节点",
    ),
    (
        {"steps": (*FOOD.steps, Step(code="s", label="会审", role="market", statutory="2wd", promised="3wd"))},
        "step-limit",
        "长于法定",
    ),
    ({"result": FOOD.result.model_copy(update={"valid_years": 8000})}, "valid-years", "0 到 100 年"),
    ({"result": FOOD.result.model_copy(update={"valid_years": -1})}, "valid-years", "0 到 100 年"),
]


@pytest.mark.parametrize(("change", "code", "words"), CASES, ids=[f"{c[1]}-{n}" for n, c in enumerate(CASES)])
def test_each_inconsistency_is_found_and_told_in_a_sentence(change: dict[str, Any], code: str, words: str) -> None:
    found = {f.code: f.text for f in rules.faults_of(changed(**change))}
    assert words in found[f"catalogue.{code}"]
    assert all(text.endswith("。") for text in found.values())


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("其他材料", True),
        ("其他相关证明材料", True),
        ("法律法规规定的其他材料", True),
        ("相关材料", True),
        ("身份证等材料", True),
        ("其它需要提供的文件", True),
        ("施工材料清单", False),  # about materials, not a catch-all
        ("其他股东的身份证", False),
        ("建筑材料检验报告", False),
    ],
)
def test_a_catch_all_material_is_refused(name: str, refused: bool) -> None:
    codes = {f.code for f in rules.faults_of(with_material(name=name))}
    assert ("catalogue.catch-all" in codes) is refused


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": Source.GOVERNMENT}, "issuer"),  # issued by whom?
        ({"source": Source.INTERMEDIARY}, "intermediary"),  # by which law?
        ({"copies": 0}, "copies"),
    ],
)
def test_a_material_says_where_it_comes_from_and_how_many(change: dict[str, Any], code: str) -> None:
    assert f"catalogue.{code}" in {f.code for f in rules.faults_of(with_material(**change))}


def test_each_application_of_a_package_says_who_applies() -> None:
    items = tuple(
        i.model_copy(update={"form": tuple(f for f in i.form if f.type != FieldType.PERSON)})
        if i.code == "house-acceptance"
        else i
        for i in HOUSE.items
    )
    (fault,) = rules.faults_of(HOUSE.model_copy(update={"items": items}))
    assert (fault.code, fault.field) == ("catalogue.no-applicant", "form") and fault.text.startswith("“竣工")


def test_steps_that_wait_for_each_other_are_named() -> None:
    circle = (
        Step(code="a", label="甲审", role="market", after=("b",)),
        Step(code="b", label="乙审", role="market", after=("a",)),
    )
    (fault,) = [f for f in rules.faults_of(changed(steps=(*FOOD.steps, *circle))) if f.code == "catalogue.circle"]
    assert "甲审、乙审" in fault.text and "材料审查" not in fault.text


def test_all_faults_come_at_once() -> None:
    wrong = changed(promised="21wd", objects=(), basis=(), fees=(Fee(),), channels=())
    assert len(rules.faults_of(wrong)) >= 7


def test_of_a_bare_name_nothing_more_is_asked() -> None:
    assert rules.faults_of(ItemSpec(code="511Z-1", name="某事项", detail="name")) == []


def replaced(**changes: Any) -> PackageSpec:
    return HOUSE.model_copy(update=changes)


def item(code: str, **changes: Any) -> tuple[ItemSpec, ...]:
    return tuple(i.model_copy(update=changes) if i.code == code else i for i in HOUSE.items)


PACKAGES = [
    ({"parts": HOUSE.parts[:1]}, "unused-item"),
    ({"items": HOUSE.items[1:]}, "unknown-item"),
    ({"parts": (*HOUSE.parts, HOUSE.parts[0])}, "twice"),
    ({"steps": tuple(s for s in HOUSE.steps if s.item != "house-land")}, "no-step"),
    ({"steps": tuple(s for s in HOUSE.steps if s.part != "completion" or s.kind != StepKind.DECISION)}, "no-decision"),
    ({"steps": tuple(s.model_copy(update={"part": "x"}) for s in HOUSE.steps)}, "step-part"),
    ({"steps": tuple(s.model_copy(update={"item": "x"}) for s in HOUSE.steps)}, "step-item"),
    ({"items": item("house-registration", promised="31wd")}, "promised"),  # its items are judged too
    ({"items": item("house-land", form=(Field(code="applicant", label="申请人"),))}, "conflict"),
    ({"items": item("house-land", materials=(Material(code="identity", name="户口本"),))}, "conflict"),
    ({"replaced_visits": (rules.ReplacedVisit(code="dance", by="网上"),)}, "replaced_visits"),
]


@pytest.mark.parametrize(("change", "code"), PACKAGES, ids=[f"{c[1]}-{n}" for n, c in enumerate(PACKAGES)])
@pytest.mark.row("A7")
def test_a_package_that_does_not_fit_together_is_refused(change: dict[str, Any], code: str) -> None:
    assert f"catalogue.{code}" in {f.code for f in rules.faults_of(replaced(**change))}
