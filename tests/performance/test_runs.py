"""Schemes, figures and runs in the database: what may change, what may not, and the sheet down to the cases."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from mashang.cases.measures import Measured
from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger.queries import history
from mashang.org import actions as org
from mashang.org.seeds import seed_units
from mashang.performance import actions, models, queries, sources
from mashang.performance.actions import NewFigure
from mashang.performance.events import SENTENCES
from mashang.performance.rules.frozen import fingerprint
from mashang.performance.rules.periods import Period, in_time, in_words, period_of, recent
from mashang.performance.seeds import seed_scores

from .builders import SHIPPED

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 2, 9, 0, tzinfo=clock.ZONE)
SYSTEM = Actor.system("tests")
OFFICE = Actor("staff", 7, 7, "效能办", 0, (Grant("office"),))
COUNTY = (SHIPPED / "county-demo" / "scheme.toml").read_text("utf-8")


def on_time(units: Sequence[int], period: Period) -> Mapping[int, Measured]:
    """90, 93, 96, … of a hundred in the order of the units."""
    return {
        unit: Measured(90 + 3 * n, 100, {"counted": [f"N{unit}-{k}" for k in range(100)], "against": [f"N{unit}-1"]})
        for n, unit in enumerate(units)
    }


def cut(units: Sequence[int], period: Period) -> Mapping[int, Measured]:
    return {unit: Measured(30.0, 60) for unit in units}


def content(units: Sequence[int], period: Period) -> Mapping[int, Measured]:
    return {unit: Measured(19, 20) for unit in units[:2]} | {unit: Measured(0, 0) for unit in units[2:]}


def deducted(units: Sequence[int], period: Period) -> Mapping[int, Measured]:
    return {units[0]: Measured(1.5, 1, {"counted": ["D1"], "against": ["D1"]})}


@pytest.fixture
def county(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three departments and a township of one county; measures stand-ins of the shape that rooms give."""
    stands_in: dict[str, sources.Measure] = {
        "on_time_rate": on_time, "promise_cut": cut, "satisfaction": content, "supervised_deductions": deducted,
    }  # fmt: skip
    for name, function in stands_in.items():
        known = sources.MEASURES[name]
        monkeypatch.setitem(sources.MEASURES, name, sources.Source(known.label, function, known.sort))
    org.load_regions(by=SYSTEM, now=NOW)
    since = date(2026, 1, 2)
    forms = [
        org.NewUnit(f"武平县第{n}局", f"{n}局", "department", "350824", scheme_class="department", valid_from=since)
        for n in range(3)
    ]
    forms.append(
        org.NewUnit(
            "武平县桃溪镇人民政府", "桃溪镇", "township", "350824105", scheme_class="township", valid_from=since
        )
    )
    return [org.open_unit(form, by=SYSTEM, now=NOW) for form in forms]


def frozen() -> int:
    scheme = actions.write_scheme(COUNTY, "350824", by=OFFICE, now=NOW)
    actions.freeze_scheme(scheme, by=OFFICE, now=NOW)
    return scheme


def reported(unit: int, value: float = 96.0, **changes: Any) -> NewFigure:
    fields = {"scheme_code": "county-demo", "indicator": "key_projects", "unit": unit, "period": "2026-03"}
    return NewFigure(**{**fields, "value": value, "evidence": "发改局函〔2026〕3号", **changes})


def verbs() -> list[str]:
    """What the room has recorded, in order."""
    return [entry.verb for entry in history("") if entry.verb in SENTENCES]


def test_a_draft_may_be_rewritten_and_a_frozen_version_never(county: list[int]) -> None:
    scheme = actions.write_scheme(COUNTY, "350824", by=OFFICE, now=NOW)
    again = COUNTY.replace("演示县机关绩效考评方案", "武平县机关绩效考评方案", 1)
    actions.rewrite_scheme(scheme, again, was=fingerprint(COUNTY), by=OFFICE, now=NOW)
    assert models.Scheme.objects.get(pk=scheme).name == "武平县机关绩效考评方案"
    actions.freeze_scheme(scheme, by=OFFICE, now=NOW)
    for refused in (
        lambda: actions.write_scheme(again, "350824", by=OFFICE, now=NOW),
        lambda: actions.rewrite_scheme(scheme, COUNTY, was=fingerprint(again), by=OFFICE, now=NOW),
        lambda: actions.freeze_scheme(scheme, by=OFFICE, now=NOW),
    ):
        with pytest.raises(Refused) as no:
            refused()
        assert no.value.code == "scheme.frozen"
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Scheme.objects.filter(pk=scheme).update(text="")
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Scheme.objects.filter(pk=scheme).delete()


def test_a_faulty_scheme_and_an_unknown_measure_are_refused(county: list[int]) -> None:
    with pytest.raises(Refused) as no:
        actions.write_scheme(COUNTY.replace("weight = 25", "weight = 24"), "350824", by=OFFICE, now=NOW)
    assert "scheme.weights" in {f.code for f in no.value.faults}
    with pytest.raises(Refused, match="没有名为"):
        actions.write_scheme(COUNTY.replace("measure:promise_cut", "measure:luck"), "350824", by=OFFICE, now=NOW)
    for place in ("演示县机关", "办结率", "[classes.department]"):
        spoiled = '[classes."a\\u0000"]' if place.startswith("[") else place + "\\u0000"
        with pytest.raises(Refused) as no:
            actions.write_scheme(COUNTY.replace(place, spoiled), "350824", by=OFFICE, now=NOW)
        assert "scheme.control" in {f.code for f in no.value.faults}


def test_texts_about_units_are_those_that_the_platform_knows(county: list[int]) -> None:
    """Any other would be nothing for every unit; a file may bring what it likes."""
    declared = 'class = { columns = ["类别"] }'
    more = f'{declared}\nregion = {{}}\nkind = {{}}\ngroup = {{}}\npeople = {{ type = "number" }}'
    with pytest.raises(Refused) as no:
        actions.write_scheme(COUNTY.replace(declared, more), "350824", by=OFFICE, now=NOW)
    assert [(f.code, f.field) for f in no.value.faults] == [("scheme.no-attribute", "attributes.group")]
    own = COUNTY.replace(declared, more.replace("\ngroup = {}", "").replace("class", "sort"))
    assert actions.write_scheme(own.replace('by = "class"', 'by = "sort"'), "350824", by=OFFICE, now=NOW)


@pytest.mark.parametrize(
    ("known", "long"),
    [
        ("meetings", "m" * 61),
        ('"较差"', f'"{"差" * 21}"'),
        ("[classes.inner]", f"[classes.{'n' * 61}]"),
    ],
)
def test_names_that_a_run_could_not_keep_are_refused_when_written(county: list[int], known: str, long: str) -> None:
    with pytest.raises(Refused) as no:
        actions.write_scheme(COUNTY.replace(known, long), "350824", by=OFFICE, now=NOW)
    assert {f.code for f in no.value.faults} == {"scheme.long"}


@pytest.mark.row("E7")
def test_a_run_scores_from_measures_and_reports_and_opens_to_the_cases(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0]), by=OFFICE, now=NOW)
    run = actions.run(scheme, "2026-03", by=OFFICE, now=NOW)
    sheet = queries.sheet(run, county[0], OFFICE)
    lines = {line.line.id: line for line in sheet.lines}
    assert lines["on_time"].shown == "60.00"  # 90 of 100 on time: 60 by the interval
    (found,) = lines["on_time"].evidence
    assert (found.numerator, found.denominator) == (90, 100)
    assert found.cases is not None
    assert found.cases["against"] == [f"N{county[0]}-1"]
    assert lines["promise_cut"].line.figures["raw"] == 50  # half of sixty cases' limits, in per cent
    assert found.interval == pytest.approx((82.563, 94.477), abs=1e-3)
    assert lines["key_projects"].evidence[0].text == "发改局函〔2026〕3号"
    assert lines["supervised"].adds == "-1.50"
    assert lines["meetings"].shown == ""  # nothing reported: left out, its weight shared by rule
    assert sheet.rank_low <= sheet.rank <= sheet.rank_high
    assert queries.recomputes(run)
    text, digest = queries.frozen_inputs(run, OFFICE)
    assert fingerprint(text) == digest == sheet.run.digest


def below(parent: int, name: str, scheme_class: str = "") -> int:
    form = org.NewUnit(
        name, name, "division", "350824105", parent, scheme_class=scheme_class, valid_from=date(2026, 1, 2)
    )
    return org.open_unit(form, by=SYSTEM, now=NOW)


@pytest.mark.row("E7")
def test_a_unit_answers_for_those_below_it_that_are_not_scored_themselves(
    county: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    station, window = below(county[3], "自然资源所"), below(county[3], "便民服务中心")
    desk = below(window, "社保台")
    own = below(window, "行政执法队", "department")
    squad = below(own, "一中队")
    counts = {county[3]: (8, 10), station: (5, 10), window: (19, 20), desk: (3, 3), own: (1, 1), squad: (0, 2)}

    def on_time(units: Sequence[int], period: Period) -> Mapping[int, Measured]:
        return {
            u: Measured(*counts[u], {"counted": ["共同件", f"N{u}"], "against": [f"N{u}"]})
            for u in units
            if u in counts
        }

    monkeypatch.setitem(sources.MEASURES, "on_time_rate", sources.Source("按时", on_time))
    run = actions.run(frozen(), "2026-03", by=OFFICE, now=NOW)
    found = {unit: evidence(run, unit, "on_time") for unit in (county[3], own)}
    town, squads = found[county[3]], found[own]
    assert (town.numerator, town.denominator) == (8 + 5 + 19 + 3, 10 + 10 + 20 + 3)
    assert [b.name for b in town.brought] == ["自然资源所", "桃溪镇", "便民服务中心", "社保台"]  # what costs most first
    assert town.cases == {
        "counted": ["共同件", *(f"N{u}" for u in (county[3], station, window, desk))],
        "against": [f"N{u}" for u in (county[3], station, window, desk)],
    }
    assert (squads.numerator, squads.denominator) == (1, 3)


def evidence(run: int, unit: int, indicator: str) -> queries.Evidence:
    lines = {line.line.id: line for line in queries.sheet(run, unit, OFFICE).lines}
    return lines[indicator].evidence[0]


def test_classes_of_unit_are_those_of_final_schemes_over_their_region(county: list[int]) -> None:
    frozen()
    renamed = COUNTY.replace("county-demo", "other").replace("县直部门", "改了名的")
    actions.write_scheme(renamed, "350824", by=OFFICE, now=NOW)
    elsewhere = actions.write_scheme(renamed, "350623", by=OFFICE, now=NOW)
    actions.freeze_scheme(elsewhere, by=OFFICE, now=NOW)
    assert "改了名的" not in queries.unit_classes(["350824", "350824105"]).values()
    assert {"department", "township"} <= set(queries.unit_classes(["350824105"]))
    assert queries.unit_classes(["350623"])["department"] == "改了名的"
    assert queries.unit_classes(["350800"]) == {}


def test_a_trial_is_held_against_the_run_of_its_own_scheme(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0]), by=OFFICE, now=NOW)
    other = actions.write_scheme(COUNTY.replace("county-demo", "other"), "350824", by=OFFICE, now=NOW)
    actions.freeze_scheme(other, by=OFFICE, now=NOW)
    actions.run(other, "2026-03", by=OFFICE, now=NOW)
    assert {row.was for row in queries.try_out(scheme, "2026-03", OFFICE, now=NOW)} == {""}
    actions.run(scheme, "2026-03", by=OFFICE, now=NOW)
    actions.run(other, "2026-03", by=OFFICE, now=NOW)
    tried = queries.try_out(scheme, "2026-03", OFFICE, now=NOW)
    assert [row.was for row in tried] == [row.score for row in tried]


def test_a_run_records_one_entry_and_ranks_inside_the_class(county: list[int]) -> None:
    run = actions.run(frozen(), "2026-03", by=OFFICE, now=NOW)
    assert verbs() == ["scheme.written", "scheme.frozen", "score.run"]
    board = queries.board(run, OFFICE)
    assert [(r.group, r.rank, r.peers) for r in board] == [
        ("department", 1, 3), ("department", 2, 3), ("department", 3, 3), ("township", 1, 1),
    ]  # fmt: skip
    assert models.Score.objects.filter(run=run, node="total").count() == 4
    info = queries.latest_run(OFFICE, "350824")
    assert info is not None
    assert info.id == run


def test_what_is_kept_of_a_run_is_refused_any_change_by_the_database(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0]), by=OFFICE, now=NOW)
    actions.run(scheme, "2026-03", by=OFFICE, now=NOW)
    for model in (models.Run, models.Input, models.Score, models.Figure):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.order_by("pk")[:1].get()
            model.objects.all()._raw_delete(model.objects.db)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Score.objects.update(score=100)


def test_figures_are_refused_with_all_faults_and_never_twice(county: list[int]) -> None:
    frozen()
    bad = reported(county[0], float("nan"), evidence="", period="2026-13", indicator="on_time")
    with pytest.raises(Refused) as no:
        actions.report(bad, by=OFFICE, now=NOW)
    assert [f.field for f in no.value.faults] == ["value", "evidence", "period", "indicator"]
    made = actions.report(reported(county[0]), by=OFFICE, now=NOW)
    assert actions.report(reported(county[0]), by=OFFICE, now=NOW) == made  # the same again
    assert verbs().count("figure.reported") == 1
    for other in (reported(county[0], 95.0), reported(county[0], evidence="另一份文件")):
        with pytest.raises(Refused) as no:
            actions.report(other, by=OFFICE, now=NOW)
        assert no.value.code == "conflict.figure"


def test_a_draft_and_a_period_to_come_are_not_run(county: list[int]) -> None:
    draft = actions.write_scheme(COUNTY, "350824", by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        actions.run(draft, "2026-03", by=OFFICE, now=NOW)
    assert no.value.code == "run.draft"
    actions.freeze_scheme(draft, by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        actions.run(draft, "2026-05", by=OFFICE, now=NOW)
    assert no.value.code == "run.future"


def test_a_unit_sees_its_own_sheet_and_no_other(county: list[int]) -> None:
    scheme = frozen()
    run = actions.run(scheme, "2026-03", by=OFFICE, now=NOW)
    lead = Actor("staff", 8, 8, "负责人", county[1], (Grant("lead", frozenset({county[1]})),))
    assert queries.sheet(run, county[1], lead).unit == county[1]
    elsewhere = Actor("staff", 9, 9, "外县", 0, (Grant("office", region="350623"),))
    for unit, by in ((county[0], lead), (county[0], elsewhere)):
        with pytest.raises(NotFound, match="没有找到这次考评计算"):
            queries.sheet(run, unit, by)
    for ask in (queries.board, queries.workbook, lambda run, by: queries.what_if(run, {}, by)):
        for other in (run, run + 1):
            with pytest.raises(NotFound, match="没有找到这次考评计算"):
                ask(other, elsewhere)
    assert [r.unit for r in queries.board(run, lead)] == [county[1]]
    assert [r.unit for r in queries.what_if(run, {}, lead)] == [county[1]]
    stranger = Actor("person", 9, 9, "群众")
    for ask in (lambda: queries.frozen_inputs(run, stranger), lambda: queries.scheme_text(scheme, stranger)):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(Forbidden):
        actions.run(1, "2026-03", by=lead, now=NOW) if models.Scheme.objects.filter(
            pk=1
        ).exists() else actions.write_scheme(COUNTY, "350824", by=lead, now=NOW)


def test_units_are_judged_by_their_own_region_and_not_by_the_schemes(county: list[int]) -> None:
    run = actions.run(frozen(), "2026-03", by=OFFICE, now=NOW)
    town = Actor("staff", 10, 10, "镇领导", county[3], (Grant("leader", region="350824105"),))
    assert [r.id for r in queries.runs(town, *(s.id for s in queries.schemes(town)))] == [run]
    assert [r.unit for r in queries.board(run, town)] == [county[3]]
    assert [r.unit for r in queries.what_if(run, {}, town)] == [county[3]]
    assert queries.sheet(run, county[3], town).rank == 1
    book = load_workbook(io.BytesIO(queries.workbook(run, town)))
    assert [c.value for c in book["各级得分"]["A"]] == ["单位", "桃溪镇"]
    with pytest.raises(NotFound):
        queries.sheet(run, county[0], town)


def test_inputs_are_taken_by_those_who_see_the_whole_region(county: list[int]) -> None:
    run = actions.run(frozen(), "2026-03", by=OFFICE, now=NOW)
    leader = Actor("staff", 11, 11, "县领导", 0, (Grant("leader", region="350824"),))
    assert queries.frozen_inputs(run, leader) == queries.frozen_inputs(run, OFFICE)
    for grant in (Grant("leader", region="350824105"), Grant("lead", frozenset({county[0]}))):
        some = Actor("staff", 12, 12, "部分", county[0], (grant,))
        assert queries.run_for(run, some).digest
        with pytest.raises(Forbidden, match="整个地区"):
            queries.frozen_inputs(run, some)


def test_the_latest_period_is_the_one_that_ends_last(county: list[int]) -> None:
    scheme, later = frozen(), datetime(2027, 2, 1, 9, tzinfo=clock.ZONE)
    runs = {p: actions.run(scheme, p, by=OFFICE, now=later) for p in ("2026Q2", "2026-11", "2026H1", "2026-03")}
    latest = queries.latest_run(OFFICE, "350824")
    assert latest is not None and latest.id == runs["2026-11"]
    again = actions.run(scheme, "2026-11", by=OFFICE, now=later)
    year = [actions.run(scheme, p, by=OFFICE, now=later) for p in ("2026", "2026Q4", "2026-12")]
    assert queries.latest_run(OFFICE, "350824", "2026-11").id == again  # type: ignore[union-attr]
    assert queries.latest_run(OFFICE, "350824").id == year[0]  # type: ignore[union-attr]


def test_what_if_moves_ranks_and_writes_nothing(county: list[int]) -> None:
    run = actions.run(frozen(), "2026-03", by=OFFICE, now=NOW)
    before = models.Score.objects.count()
    rows = queries.what_if(run, {"review": 400.0}, OFFICE)
    assert any(r.score != r.was for r in rows)
    assert queries.what_if(run, {}, OFFICE)[0].score == queries.what_if(run, {}, OFFICE)[0].was
    assert models.Score.objects.count() == before
    with pytest.raises(Refused):
        queries.what_if(run, {"nothing": 1.0}, OFFICE)


def test_results_and_empty_forms_come_as_excel(county: list[int]) -> None:
    scheme = frozen()
    run = actions.run(scheme, "2026-03", by=OFFICE, now=NOW)
    book = load_workbook(io.BytesIO(queries.workbook(run, OFFICE)))
    assert book.sheetnames == ["考评结果", "各级得分", "说明"]
    assert book["考评结果"].max_row == 5
    book = load_workbook(io.BytesIO(queries.figures_template(scheme, "2026-03", OFFICE)))
    form = book["上报数据"]
    assert [c.value for c in form[1]][:4] == [
        "单位",
        "类别",
        "重点项目年度计划完成率",
        "县级会议和发文数量（比上年，%）",
    ]
    assert [c.value for c in form[1]][4:6] == ["rater_1", "rater_2"]
    assert [c.value for c in form[5]][:4] == ["桃溪镇", "乡镇", None, None]
    assert form["D5"].fill.fgColor.rgb == "00DDDDDD"  # townships are freed from it
    assert form["D4"].fill.fgColor.rgb != "00DDDDDD"
    assert form.max_row == 5
    assert [c.value for c in book["说明"][4]][1] == "领导和服务对象评议（1/5）"


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026H2", "2026-07-01", "2027-01-01"),
        ("2026Q1", "2026-01-01", "2026-04-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
    ],
)
def test_periods_have_their_usual_names(name: str, start: str, end: str) -> None:
    span = period_of(name, clock.ZONE)
    assert (span.start.date().isoformat(), span.end.date().isoformat()) == (start, end)


@pytest.mark.parametrize("name", ["", "2026-13", "2026Q5", "26-03", "2026-3", "2026-03 "])
def test_other_names_of_periods_are_refused(name: str) -> None:
    with pytest.raises(Refused):
        period_of(name, clock.ZONE)


def test_periods_stand_in_the_order_of_their_ends() -> None:
    names = [
        "2026-03",
        "2026Q1",
        "2026-04",
        "2026-06",
        "2026Q2",
        "2026H1",
        "2026-12",
        "2026Q4",
        "2026H2",
        "2026",
        "2027-01",
    ]
    assert sorted(sorted(names), key=in_time) == names


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("month", ["2026-02", "2026-01", "2025-12"]),
        ("quarter", ["2026Q1", "2025Q4", "2025Q3"]),
        ("half", ["2026H1", "2025H2", "2025H1"]),
        ("year", ["2026", "2025", "2024"]),
        ("fortnight", ["2026-02", "2026-01", "2025-12"]),
    ],
)
def test_the_last_periods_of_a_kind_are_named_newest_first(kind: str, names: list[str]) -> None:
    now = datetime(2026, 2, 28, 23, 59, tzinfo=clock.ZONE)
    assert recent(kind, now, 3) == names
    assert all(period_of(name, clock.ZONE).start <= now for name in names)


@pytest.mark.slow
def test_the_demo_county_is_scored_month_by_month_and_nothing_twice() -> None:
    with clock.at("2026-04-02 09:00"):
        seed_units(lambda *_: None)
        seed_scores(lambda *_: None)
        runs = models.Run.objects.count()
        seed_scores(lambda *_: None)
    assert runs == models.Run.objects.count() == 2 * 6
    info = queries.latest_run(OFFICE, "350824")
    assert info is not None
    assert info.period == "2026-03"
    board = queries.board(info.id, OFFICE)
    assert {r.group for r in board} == {"department", "township"}
    assert all(queries.recomputes(run) for run in models.Run.objects.values_list("pk", flat=True)[:2])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2026-03", "2026年3月"), ("2026Q4", "2026年第4季度"), ("2026H1", "2026年上半年"), ("2026H2", "2026年下半年"), ("2026", "2026年"),
        ("去年", "去年"), ("", ""),
    ],
)  # fmt: skip
def test_a_period_is_told_in_words(name: str, words: str) -> None:
    assert in_words(name) == words
