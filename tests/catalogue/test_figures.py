"""What packages save and what definitions ask, computed from the definitions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mashang.catalogue import rules, shipped
from mashang.catalogue.rules import ItemSpec, PackageSpec, StepKind


@pytest.fixture
def house() -> PackageSpec:
    return next(p for p in shipped.packages() if p.code == "rural-house")


def item(code: str) -> ItemSpec:
    return next(i for i in shipped.items() if i.code == code)


@pytest.mark.row("A7")
def test_the_rural_house_package_saves_what_longyan_reports(house: PackageSpec) -> None:
    before, after = rules.before(house), rules.after(house)
    assert (before.applications, after.applications) == (6, 2)
    assert (before.materials, after.materials) == (13, 5)
    assert (before.trips, after.trips) == (7, 1)
    assert (before.days, after.days) == (40, 3)
    assert (before.limit, after.limit) == ("40个工作日", "3个工作日")


@pytest.mark.row("A7")
def test_no_figure_is_typed_into_the_package(house: PackageSpec) -> None:
    without = house.items[:1] + tuple(i.model_copy(update={"visits": (), "materials": ()}) for i in house.items[1:])
    changed = house.model_copy(update={"items": without})
    assert (rules.before(changed).materials, rules.after(changed).materials) == (3, 3)
    assert (rules.before(changed).trips, rules.after(changed).trips) == (1, 1)
    slower = tuple(s.model_copy(update={"promised": "4wd"}) if s.code == "land" else s for s in house.steps)
    assert rules.after(house.model_copy(update={"steps": slower})).days == 6


@pytest.mark.row("A7")
def test_each_material_is_asked_once_and_three_may_be_held_already(house: PackageSpec) -> None:
    materials = rules.merged_materials(house)
    assert [m.name for m in materials] == [
        "申请人身份证",
        "户口簿",
        "农村宅基地和建房（规划许可）申请表",
        "相邻权利人意见",
        "住宅设计图",
    ]
    held = {"identity-card", "household-register", "standard-drawing"}
    assert sum(need.held for need in rules.materials_needed(house, {}, held=held)) == 3
    assert [n.material.code for n in rules.missing_materials(house, {}, {"house-form"}, held=held)] == ["neighbours"]
    assert len(rules.asked_by(house)["house-form"]) == 4


@pytest.mark.row("A7")
def test_three_units_review_side_by_side_and_the_decision_waits_for_all(house: PackageSpec) -> None:
    steps = {s.code: s for s in rules.steps_needed(house, {}, "approval")}
    reviews = [s for s in steps.values() if s.kind == StepKind.REVIEW]
    assert [house.roles[s.role].label for s in reviews] == ["村民委员会", "自然资源所", "村镇建设办公室"]
    assert all(not s.after for s in reviews)
    assert {s.code for s in reviews} < set(steps["decision"].after)
    assert steps["visit"].suspends and steps["visit"].ground
    assert rules.longest_path(list(steps.values())) == (Fraction(3), ("qualification", "decision", "certificate"))


@pytest.mark.row("A7", "A19")
def test_officers_stand_on_the_site_four_times_each_at_its_moment(house: PackageSpec) -> None:
    checks = [s for s in house.steps if s.kind == StepKind.SITE_CHECK]
    assert [s.moment for s in checks] == list(rules.Moment)
    after = {s.code: s.after for s in checks}
    assert after["siting-check"] == () and after["setting-out-check"] == ("certificate",)
    assert after["key-stage-check"] == ("setting-out-check",) and after["completion-check"] == ("key-stage-check",)


def test_the_second_application_is_instant_and_waits_for_nothing_of_the_first(house: PackageSpec) -> None:
    limits = rules.limits_of(house, part="completion")
    assert limits.instant and limits.promised == "1wd"
    assert [s.after for s in rules.steps_needed(house, {}, "completion")][0] == ()
    assert [m.code for m in rules.merged_materials(house, "completion")] == ["identity"]


@pytest.mark.parametrize(
    ("limit", "days", "words"),
    [
        ("20wd", Fraction(20), "20个工作日"),
        ("4wh", Fraction(1, 2), "4个工作时"),
        ("7nd", Fraction(5), "7日"),  # a week holds five working days
        ("168h", Fraction(5), "168小时"),
        ("", Fraction(0), ""),  # unknown
    ],
)
def test_limits_are_compared_in_working_days(limit: str, days: Fraction, words: str) -> None:
    assert rules.in_days(limit) == days
    assert rules.spoken(limit) == words


@pytest.mark.parametrize(
    ("length", "purpose", "promised", "instant", "steps"),
    [
        ("180", "power", "4wh", True, ["decision", "certificate"]),  # up to 200 m of power line: zero days
        ("200", "power", "4wh", True, ["decision", "certificate"]),  # the limit itself counts
        ("201", "power", "3wd", False, ["works", "traffic", "visit", "decision", "certificate"]),
        ("180", "gas", "3wd", False, ["works", "traffic", "decision", "certificate"]),  # only power
        (
            None,
            "power",
            "3wd",
            False,
            ["works", "traffic", "visit", "decision", "certificate"],
        ),  # not known: not instant
    ],
)
@pytest.mark.row("A9")
def test_roadworks_for_a_power_connection_take_zero_days(
    length: str | None, purpose: str, promised: str, instant: bool, steps: list[str]
) -> None:
    spec, answers = item("road-works"), {"purpose": purpose, "length": length}
    limits = rules.limits_of(spec, answers)
    assert (limits.statutory, limits.promised, limits.instant) == ("20wd", promised, instant)
    run = rules.steps_needed(spec, answers)
    assert [s.code for s in run] == steps
    assert all(before in steps for s in run for before in s.after)


def test_a_material_asked_under_a_condition_follows_the_answers() -> None:
    spec = item("road-works")

    def state(answers: dict[str, str]) -> str:
        found = {n.material.code: n.state for n in rules.materials_needed(spec, answers)}
        return found.get("government-consent", "not needed")

    assert state({"new_road": "yes"}) == "required"
    assert state({"new_road": "no"}) == "not needed"
    assert state({}) == "undetermined"


def test_who_cannot_apply_is_told_why(house: PackageSpec) -> None:
    assert rules.stops(house, {"member": "yes", "farmland": "no"}) == []
    (reason, other) = rules.stops(house, {"member": "no", "farmland": "permanent"})
    assert "集体经济组织成员" in reason and "永久基本农田" in other


@pytest.mark.parametrize("spec", [*shipped.items(), *shipped.packages()], ids=lambda s: s.code)
def test_what_is_shipped_has_no_fault_and_survives_storage(spec: rules.Spec) -> None:
    assert rules.faults_of(spec) == []
    assert type(spec).model_validate(spec.model_dump(mode="json")) == spec
