"""A definition as a file, in forms and beside another: nothing is lost, every fault has its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.catalogue import rules, shipped
from mashang.catalogue.actions import digest_of
from mashang.catalogue.rules import ItemSpec, PackageSpec, Spec
from mashang.catalogue.rules.written import condition, shown_condition
from mashang.kernel.refused import Refused

SPECS: tuple[Spec, ...] = (*shipped.items(), *shipped.packages())
FOOD = next(i for i in shipped.items() if i.code == "food-business")
HOUSE = shipped.packages()[0]


def texts(no: pytest.ExceptionInfo[Refused]) -> dict[str, str]:
    return {f.field: f.text for f in no.value.faults}


# ── the file ──


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.code)
def test_a_definition_written_out_and_read_again_is_the_same_to_the_last_digit(spec: Spec) -> None:
    again = rules.read_definition(rules.written_definition(spec))
    assert again == spec and digest_of(again) == digest_of(spec)
    json = rules.read_definition(spec.model_dump_json())
    assert digest_of(json) == digest_of(spec)


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(str.strip),
    st.lists(st.sampled_from(['"', "\\", "'''", "a\nb", "]", "#", "[[x]]", "\x7f"]), max_size=4),
    st.decimals(-(10**6), 10**6, places=2) | st.integers(-(10**6), 10**6),
)
def test_whatever_stands_in_a_definition_survives_its_file(name: str, hints: list[str], least: Any) -> None:
    field = rules.Field(code="x", label=name, help="".join(hints).replace("\x7f", ""), required=False, min=least)
    odd = {"form": (field,), "instant_limit": "", "fees": (rules.Fee(item=name, online_pay=False),)}
    when = rules.When(fact="".join(hints).replace("\x7f", "") or "x", op="in", value=(name, "b"))
    spec = FOOD.model_copy(update={**odd, "instant_when": (when,), "result": None})
    again = rules.read_definition(rules.written_definition(spec))
    assert again == spec and digest_of(again) == digest_of(spec)


SYNTAX = [
    ("code = \n", "第 1 行第 8 个字：等号后面的值不对，文字要加引号。"),
    ('code = "x"\nname "y"\n', "第 2 行第 6 个字：项名后面应有等号。"),
    ('code = "x"\ncode = "y"\n', "第 2 行第 11 个字：这一项前面已经写过。"),
    ('{"code": "x",', "第 1 行第 14 个字：写法不对。"),
    ("", "请写出定义，或者选择定义文件。"),
    ("a = " + "[" * 100_000, "定义看不懂：括号套得太深，或者有不合写法的数字。"),
    ("x" * 400_001, "定义超过 400000 字，请检查是不是传错了文件。"),
]


@pytest.mark.parametrize(("text", "told"), SYNTAX, ids=range(len(SYNTAX)))
def test_what_is_no_file_at_all_is_told_with_line_and_column(text: str, told: str) -> None:
    with pytest.raises(Refused) as no:
        rules.read_definition(text)
    assert [f.text for f in no.value.faults] == [told]


def test_every_value_that_is_wrong_is_told_by_line_and_place_at_once() -> None:
    text = rules.written_definition(HOUSE)
    text = text.replace('code = "house-planning"', 'code = "house planning"', 1)
    text = text.replace('promised = "4wh"', 'promised = "半天"', 1).replace(
        "max_length = 20\n", 'max_length = "二十"\n', 1
    )
    text = text.replace('kind = "site_visit"', "kind = 7\ncolour = 3", 1)
    lines = text.splitlines()
    with pytest.raises(Refused) as no:
        rules.read_definition(text)
    found = texts(no)
    step = next(n for n, s in enumerate(HOUSE.steps) if s.code == "visit")
    assert (
        found[f"steps.{step}.colour"]
        == f"第 {lines.index('colour = 3') + 1} 行，办理环节第 {step + 1} 项“现场踏勘” · colour：不认识这一项，请核对拼写。"
    )
    assert (
        f"第 {lines.index('kind = 7') + 1} 行" in found[f"steps.{step}.kind"]
        and "请从这些里选：review（审查）" in found[f"steps.{step}.kind"]
    )
    code = f"第 {next(n for n, line in enumerate(lines, 1) if 'house planning' in line and line.startswith('code'))} 行，事项第 3 项"
    assert any(t.startswith(code) for t in found.values())
    assert any("应为整数" in t for t in found.values()) and any("请写成 20wd" in t for t in found.values())


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\x1b"])
@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("result.document", lambda v, bad: v["result"].update(document=bad)),
        ("materials.0.held_as", lambda v, bad: v["materials"][0].update(held_as=bad)),
        ("form.0.prefill", lambda v, bad: v["form"][0].update(prefill=bad)),
        ("steps.0.ground", lambda v, bad: v["steps"][0].update(ground=bad)),
        ("steps.0.produces.0", lambda v, bad: v["steps"][0].update(produces=[bad])),
        ("roles.market.match.0", lambda v, bad: v["roles"]["market"].update(match=[bad])),
        ("instant_when.0.fact", lambda v, bad: v.update(instant_when=[{"fact": bad, "value": "1"}])),
    ],
)
def test_what_the_database_would_refuse_is_told_at_its_place(bad: str, place: str, change: Any) -> None:
    values = json.loads(FOOD.model_dump_json())
    change(values, bad)
    with pytest.raises(Refused) as no:
        rules.read_definition(json.dumps(values))
    assert texts(no).keys() == {place}
    assert "不能含有控制字符" in texts(no)[place]


def test_a_definition_of_another_entry_is_refused() -> None:
    with pytest.raises(Refused) as no:
        rules.same_kind(FOOD, HOUSE)
    assert len(no.value.faults) == 2
    rules.same_kind(FOOD, FOOD)


# ── forms ──


def typed(spec: Spec) -> dict[str, Any]:
    return {path: rules.shown(spec, path) for path in rules.fields_of(spec)}


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.code)
def test_a_form_sent_back_as_it_was_changes_nothing(spec: Spec) -> None:
    assert rules.edited(spec, typed(spec)) == spec


def test_a_line_that_stays_keeps_what_it_does_not_show() -> None:
    law = rules.Basis(law="城乡规划法", article="第四十一条", text="应当取得规划许可证。")
    fee = rules.Fee(item="登记费", standard="80元", basis="发改价格规〔2016〕2559号", online_pay=False)
    visit = rules.Visit(code="collect", reason="领证")
    spec = FOOD.model_copy(update={"basis": (law,), "fees": (fee,), "visits": (visit,)})
    form = typed(spec)
    form |= {
        "basis": f"《土地管理法》第六十二条\r\n{form['basis']}",
        "fees": f"{form['fees']}\n工本费|5元",
        "visits": "交件\n领证",
    }
    made = rules.edited(spec, form)
    assert isinstance(made, ItemSpec)
    assert made.basis == (rules.Basis(law="土地管理法", article="第六十二条"), law)
    assert made.fees == (fee, rules.Fee(item="工本费", standard="5元"))
    assert made.visits == (rules.Visit(code="visit", reason="交件"), visit)


def test_what_is_unverified_stands_in_the_form_by_the_label_of_its_field() -> None:
    spec = FOOD.model_copy(update={"unverified": ("promised", "收费标准")})
    assert typed(spec)["unverified"] == "承诺办结时限\n收费标准"
    made = rules.edited(spec, typed(spec) | {"unverified": "收费标准\n法定办结时限\n承诺办结时限"})
    assert made.unverified == ("收费标准", "statutory", "promised")


def test_everything_wrong_in_a_form_is_told_at_its_field() -> None:
    wrong = {
        "name": " ",
        "statutory": "很快",
        "level": "县",
        "objects": ["1", "x"],
        "result.valid_years": "五",
        "basis": "《》一条",
        "phone": "1" * 4001,
    }
    with pytest.raises(Refused) as no:
        rules.edited(FOOD, wrong)
    assert texts(no).keys() == wrong.keys()
    assert texts(no)["statutory"].startswith("法定办结时限：“很快”看不懂")


def test_a_result_comes_and_goes_with_its_name() -> None:
    without = rules.edited(FOOD, {**typed(FOOD), "result.name": ""})
    assert isinstance(without, ItemSpec) and without.result is None
    again = rules.edited(without, {**typed(without), "result.name": "食品经营许可证", "result.kind": "certificate"})
    assert isinstance(again, ItemSpec) and again.result is not None and again.result.code == "result"


def test_the_plain_process_follows_the_form_and_a_written_one_stays() -> None:
    blank = rules.blank("x", "某事项", "县林业局")
    made = rules.edited(blank, {"organ.name": "县水利局", "promised": "3日"})
    assert made.roles["organ"].match == ("县水利局",) and made.steps[0].promised == "3nd"
    instant = rules.edited(made, {"handling": "1"})
    assert [s.code for s in instant.steps] == ["decision"]
    assert [f.code for f in instant.form] == ["applicant"]
    assert rules.edited(FOOD, {"organ.name": "别的局", "promised": "3日"}).steps == FOOD.steps
    form = blank.model_copy(update={"form": (*blank.form, rules.Field(code="area", label="面积"))})
    assert [f.code for f in rules.edited(form, {"promised": "3日"}).form] == ["applicant", "area"]


@pytest.mark.parametrize("organ", ["局" * 201, "县\t局", "县\x00局"])
def test_any_organ_is_taken_or_refused_at_its_field(organ: str) -> None:
    plain = rules.blank("x", "某事项", "县林业局")
    for act in (lambda: rules.blank("x", "某事项", organ), lambda: rules.edited(plain, {"organ.name": organ})):
        if len(organ) > 200:
            assert act().roles["organ"].label == "局" * 200
            continue
        with pytest.raises(Refused) as no:
            act()
        assert texts(no).keys() == {"organ.name"}


def rows(spec: Spec, what: str, item: str = "") -> list[dict[str, str]]:
    return [dict(row) for row in rules.rows_of(spec, what, item)]


def lists(spec: Spec) -> list[tuple[str, str]]:
    """Every list of a definition, with the item of the package whose it is."""
    return [
        (what, item)
        for what in rules.lists_of(spec)
        for item in ([i.code for i in rules.items_of(spec)] if isinstance(spec, PackageSpec) and what in rules.OF_ITEMS else [""])
    ]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.code)
def test_rows_sent_back_as_they_were_change_nothing_and_typed_anew_they_say_the_same(spec: Spec) -> None:
    for what, item in lists(spec):
        shown = rows(spec, what, item)
        assert rules.with_rows(spec, what, [*shown, {}, rules.usual_row(what)], item) == spec
        anew = rules.with_rows(spec, what, [row | {"was": ""} for row in shown], item)
        known = {r.document: r.code for r in rules.results_of(spec)}
        steps = tuple(s.model_copy(update={"produces": tuple(known.get(p, p) for p in s.produces)}) for s in spec.steps)
        assert anew == (spec.model_copy(update={"steps": steps}) if what == "steps" else spec)


def test_rows_of_materials_change_add_take_out_and_keep() -> None:
    when = (rules.When(fact="area", op="gt", value="100"),)
    first = FOOD.materials[0].model_copy(update={"when": when, "sample": "样张"})
    spec = FOOD.model_copy(update={"materials": (first, *FOOD.materials[1:])})
    assert rules.with_rows(spec, "materials", [*rows(spec, "materials"), {}, {"name": "  "}]) == spec
    given = rows(spec, "materials")
    assert given[0]["when"] == "经营面积 > 100"
    given[0] |= {"name": "营业执照副本", "copies": "2", "code": "licence"}
    given[1]["gone"] = "1"
    made = rules.with_rows(spec, "materials", [*given, {"name": "健康承诺书", "code": ""}])
    assert isinstance(made, ItemSpec)
    assert made.materials[0] == first.model_copy(update={"name": "营业执照副本", "copies": 2, "code": "licence"})
    assert [m.code for m in made.materials] == ["licence", "food-safety-rules", "health-certificate", "m1"]


def test_steps_are_written_in_words() -> None:
    given = rows(FOOD, "steps")
    assert (given[2]["after"], given[3]["produces"]) == ("现场核查", "食品经营许可证")
    given[2]["after"] = "现场核查、专家评审"
    given.insert(2, {
        "label": "专家评审", "role": "market", "after": "材料审查", "promised": "2个工作日", "kind": "review", "rule": "XK-CS",
        "checks": "动线合理\n冷热分开", "when": "经营面积 ≥ 500\n经营类型 属于 餐饮服务、单位食堂",
    })  # fmt: skip
    made = rules.with_rows(FOOD, "steps", given)
    new, decision = made.steps[2], made.steps[3]
    assert (new.code, new.after, new.promised, new.checks) == ("step1", ("review",), "2wd", ("动线合理", "冷热分开"))
    assert new.when == (
        rules.When(fact="area", op="ge", value="500"),
        rules.When(fact="business_kind", op="in", value=("restaurant", "canteen")),
    )
    assert decision.after == ("visit", "step1")
    assert rules.faults_of(made) == []
    assert [s.code for s in rules.steps_needed(made, {"area": "80"})] == ["review", "visit", "decision", "certificate"]


def test_who_moves_stands_where_it_was_told_and_the_others_close_up() -> None:
    def moved(**places: str) -> list[str]:
        given = rows(FOOD, "materials")
        for n, place in places.items():
            given[int(n[1:])]["place"] = place
        made = rules.with_rows(FOOD, "materials", given)
        return [m.code for m in made.materials]

    codes = [m.code for m in FOOD.materials]
    assert moved(r0="3") == [codes[1], codes[2], codes[0], codes[3]]
    assert moved(r3="1") == [codes[3], *codes[:3]]
    assert moved(r0="2", r1="1") == [codes[1], codes[0], *codes[2:]]
    assert moved(r1="前面") == codes


def test_a_choice_keeps_its_code_and_a_new_one_gets_its_own() -> None:
    given = rows(FOOD, "form")
    place = next(n for n, row in enumerate(given) if row["code"] == "business_kind")
    given[place]["choices"] = "餐饮服务\n食品销售\n小作坊\nc1|小摊点\nstop|流动摊贩|请到镇里登记"
    made = rules.with_rows(FOOD, "form", given)
    assert isinstance(made, ItemSpec)
    found = [(c.code, c.label, c.stops) for c in made.form[place].choices]
    assert found == [
        ("restaurant", "餐饮服务", ""), ("retail", "食品销售", ""), ("c2", "小作坊", ""), ("c1", "小摊点", ""),
        ("stop", "流动摊贩", "请到镇里登记"),
    ]  # fmt: skip


def test_a_packages_items_have_their_own_rows_and_its_applications_are_named() -> None:
    given = rows(HOUSE, "materials", "house-planning")
    given[0]["name"], given[1]["copies"] = "", "好几份"
    with pytest.raises(Refused) as no:
        rules.with_rows(HOUSE, "materials", given, "house-planning")
    assert texts(no) == {
        "materials.1.copies": "材料第 2 项“住宅设计图” · 复印件份数：应为 0 到 999 的整数，现在是“好几份”。"
    }
    given[1]["copies"] = "2"
    made = rules.with_rows(HOUSE, "materials", given, "house-planning")
    assert isinstance(made, PackageSpec)
    assert [m.name for m in made.item("house-planning").materials] == ["住宅设计图", "用地审查意见"]
    assert made.item("house-land") == HOUSE.item("house-land")
    parts = rows(HOUSE, "parts")
    assert parts[1]["items"] == "、".join(HOUSE.item(c).name for c in HOUSE.parts[1].items)
    parts[1] |= {"items": HOUSE.item("house-acceptance").name, "label": "竣工验收"}
    split = rules.with_rows(HOUSE, "parts", [*parts, {"label": "登记", "items": "house-registration"}])
    assert isinstance(split, PackageSpec)
    assert [(p.code, p.items) for p in split.parts[1:]] == [
        ("completion", ("house-acceptance",)), ("part1", ("house-registration",)),
    ]  # fmt: skip


def test_a_fault_in_a_row_is_told_at_that_row_also_below_one_taken_out() -> None:
    given = rows(FOOD, "materials")
    given[0]["gone"] = "1"
    given[1]["necessity"] = "也许"
    given[2]["code"] = "大写"
    with pytest.raises(Refused) as no:
        rules.with_rows(FOOD, "materials", given)
    assert texts(no).keys() == {"materials.1.necessity", "materials.2.code"}
    assert texts(no)["materials.1.necessity"].startswith("材料第 2 项“经营场所布局图” · 必要性：“也许”不在可选范围内")


def test_a_decimal_comma_in_a_row_is_a_fault_and_thousands_are_read() -> None:
    given = rows(FOOD, "form")
    given[4] |= {"min": "0,5", "max": "12,000"}
    with pytest.raises(Refused) as no:
        rules.with_rows(FOOD, "form", given)
    assert texts(no).keys() == {"form.4.min"} and "小数点请用“.”" in texts(no)["form.4.min"]
    made = rules.with_rows(FOOD, "form", [*given[:4], given[4] | {"min": "0.5"}])
    assert (str(made.form[4].min), str(made.form[4].max)) == ("0.5", "12000")


def test_what_nobody_asks_or_does_is_told_with_what_there_is() -> None:
    given = rows(FOOD, "steps")
    given[1]["gone"] = "1"
    unmended = rules.with_rows(FOOD, "steps", given)
    assert [f.text for f in rules.faults_of(unmended)] == ["环节“审批决定”的前置环节“visit”不存在。"]
    given[2]["after"] += "、材料审查"
    given[0]["when"] = "天气 = 晴\n经营类型 = 网吧\n随便写"
    given[3] |= {"produces": "奖状", "promised": "很快"}
    with pytest.raises(Refused) as no:
        rules.with_rows(FOOD, "steps", given)
    told = texts(no)
    assert told.keys() == {"steps.0.when", "steps.2.after", "steps.3.produces", "steps.3.promised"}
    assert told["steps.2.after"].endswith("没有“现场核查”，可以填：材料审查、审批决定、制发许可证。")
    assert told["steps.3.produces"].endswith("没有“奖状”，可以填：食品经营许可证。")
    assert "引导问题和表单里没有“天气”" in told["steps.0.when"]
    for line, words in (
        ("经营类型 = 网吧", "不是“经营类型”的选项：餐饮服务、食品销售、单位食堂"),
        ("随便写", "看不懂"),
    ):
        with pytest.raises(Refused) as no:
            rules.with_rows(FOOD, "steps", [given[0] | {"when": line}])
        assert words in texts(no)["steps.0.when"]


def test_two_units_may_not_go_by_one_code() -> None:
    given = rows(FOOD, "roles")
    with pytest.raises(Refused) as no:
        rules.with_rows(FOOD, "roles", [*given, {"label": "另一个", "code": given[0]["code"]}])
    assert texts(no) == {"roles": f"代码“{given[0]['code']}”用了两次。"}


ODD = st.text(st.sampled_from("ab甲、，；=≥<|属于 ？"), min_size=1, max_size=8).map(str.strip).filter(bool)


@given(
    st.dictionaries(st.from_regex("[a-z]{1,4}", fullmatch=True), ODD, min_size=1, max_size=4), ODD, ODD,
    st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")), st.data(),
)  # fmt: skip
def test_a_condition_is_shown_so_that_it_reads_back_the_same(
    choices: dict[str, str], asked: str, other: str, op: Any, data: st.DataObject
) -> None:
    facts = {"fact": (asked, choices), "other": (other, {})}
    code = data.draw(st.sampled_from(sorted(choices)))
    for when in (
        rules.When(fact="fact", op=op, value=code),
        rules.When(fact="fact", op="in", value=(code,)),
        rules.When(fact="other", op=op, value="12.5"),
    ):
        read = condition(shown_condition(when, facts), facts)
        assert rules.When(**read) == when


def test_a_copy_of_a_bare_name_is_a_full_item_with_a_plain_process() -> None:
    name = FOOD.model_copy(update={"detail": "name", "steps": (), "roles": {}})
    made = rules.copied(name, "mine", "我们的事项", "350824")
    assert isinstance(made, ItemSpec)
    assert (made.code, made.name, made.region, made.detail, len(made.steps)) == (
        "mine",
        "我们的事项",
        "350824",
        "full",
        2,
    )
    assert rules.copied(HOUSE, "other-house", "集镇建房", "").steps == HOUSE.steps
    with pytest.raises(Refused) as no:
        rules.copied(FOOD, "with space", "", "")
    assert texts(no).keys() == {"code", "name"}


# ── two versions ──


def told(old: Spec, new: Spec) -> list[tuple[str, str, str]]:
    return [(c.where, c.was, c.now) for c in rules.differences(old, new)]


def changed(**values: Any) -> PackageSpec:
    return PackageSpec.model_validate({**HOUSE.model_dump(), **values})


def test_differences_are_told_field_by_field_in_words() -> None:
    assert told(HOUSE, HOUSE) == []
    steps = [s.model_copy(update={"promised": "3wd"}) if s.code == "decision" else s for s in HOUSE.steps]
    assert told(HOUSE, changed(steps=steps)) == [("办理环节“审批决定” · 承诺时限", "1个工作日", "3个工作日")]
    items = [i.model_copy(update={"materials": i.materials[1:]}) if i.code == "house-land" else i for i in HOUSE.items]
    gone = HOUSE.item("house-land").materials[0].name
    assert told(HOUSE, changed(items=items)) == [(f"事项“{HOUSE.item('house-land').name}” · 材料", gone, "")]
    assert told(HOUSE, changed(level="4", objects=("1", "2"), aliases=()))[0] == ("别名", "、".join(HOUSE.aliases), "")
    roles = {**HOUSE.roles, "land": HOUSE.roles["land"].model_copy(update={"label": "国土所"})}
    assert told(HOUSE, changed(roles=roles)) == [("单位角色“国土所” · 名称", "自然资源所", "国土所")]
    swapped = told(HOUSE, changed(parts=tuple(reversed(HOUSE.parts))))
    assert swapped == [("申请 · 顺序", "建房审批、竣工验收与登记", "竣工验收与登记、建房审批")]


@given(st.data())
def test_definitions_that_differ_are_never_told_alike(data: st.DataObject) -> None:
    """Any one field changed anywhere: there is a difference, and both sides of it are not the same words."""
    name = data.draw(
        st.sampled_from(["name", "promised", "materials", "steps", "basis", "form", "conditions", "fees", "unverified"])
    )
    now = {
        "name": "别名字", "promised": "7wd", "materials": FOOD.materials[:-1], "steps": FOOD.steps[::-1], "basis": FOOD.basis[:1],
        "form": (FOOD.form[0].model_copy(update={"private": not FOOD.form[0].private}), *FOOD.form[1:]), "conditions": (),
        "fees": (rules.Fee(item="x", online_pay=False),), "unverified": ("y",),
    }[name]  # fmt: skip
    found = told(FOOD, FOOD.model_copy(update={name: now}))
    assert found and all(was != is_ for _where, was, is_ in found)


def test_what_does_not_hang_together_has_no_figures() -> None:
    assert all(rules.coherent(spec) for spec in SPECS)
    parts = [HOUSE.parts[0].model_copy(update={"items": (*HOUSE.parts[0].items, "unknown")}), HOUSE.parts[1]]
    assert not rules.coherent(changed(parts=parts))
    steps = [s.model_copy(update={"after": ("certificate",)}) if s.code == "decision" else s for s in HOUSE.steps]
    assert not rules.coherent(changed(steps=steps))
