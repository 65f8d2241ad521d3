"""Figures that are reported: one by one, in sheets, and corrected by a second person."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from mashang.audit.queries.words import Names, sentence
from mashang.cases.models import Notice
from mashang.kernel import sql
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.kernel.said import told
from mashang.ledger.queries import history
from mashang.org import actions as org
from mashang.org.queries import unit_named
from mashang.performance import actions, models, queries
from mashang.performance.actions import NewCorrection, Reported
from mashang.performance.events import PRIVATE, SENTENCES
from mashang.performance.rules.parse import read_scheme
from mashang.performance.rules.reporting import Wanted, number_of, value_faults, wanted

from .test_runs import COUNTY, NOW, OFFICE, SYSTEM, below, county, frozen, reported, verbs

__all__ = ["county"]
pytestmark = pytest.mark.django_db
SECOND = Actor("staff", 6, 6, "督查员", 0, (Grant("office"),))
MARCH = "2026-03"


def lead(unit: int, id_: int = 8) -> Actor:
    return Actor("staff", id_, id_, "负责人", unit, (Grant("lead", frozenset({unit})),))


def sheet(scheme: int, text: str, evidence: str = "汇总表", by: Actor = OFFICE, period: str = MARCH) -> Reported:
    return actions.report_sheet(scheme, period, text.encode(), "figures.csv", evidence, by=by, now=NOW)


def codes(no: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in no.value.faults]


def test_a_filled_in_sheet_is_taken_whole_or_not_at_all(county: list[int]) -> None:
    scheme = frozen()
    good = "单位,类别,key_projects,awards\n0局,department,97.5,1\n桃溪镇,township,,2\n"
    done = actions.report_sheet(scheme, MARCH, good.encode("gb18030"), "figures.csv", "汇总表", by=OFFICE, now=NOW)
    assert done == Reported(3, 0)
    bad = "单位,类别,key_projects\n1局,department,about 90\n1局,department,3\n"
    with pytest.raises(Refused) as no:
        sheet(scheme, bad)
    assert set(codes(no)) == {"values.not-a-number", "values.duplicate"}
    mixed = "单位,key_projects,meetings,rater_1\n1局,90,80,101\n0局,91,,\n九局,92,,\n桃溪镇,,3,\n"
    with pytest.raises(Refused) as no:
        sheet(scheme, mixed)
    assert [(f.code, str(f.field)) for f in no.value.faults] == [
        ("figure.unit", "第 4 行（九局）"),
        ("figure.value", "第 2 行 领导和服务对象评议（1/5）"),
        ("figure.freed", "第 5 行 县级会议和发文数量（比上年，%）"),
        ("conflict.figure", "第 3 行 重点项目年度计划完成率"),
    ]
    assert models.Figure.objects.count() == 3
    assert verbs().count("figure.reported") == 3


def test_the_record_names_units_indicators_and_schemes_and_not_their_codes(county: list[int]) -> None:
    frozen()
    actions.report(reported(county[0], 97.5), by=OFFICE, now=NOW)
    entries = [e for e in history("") if e.verb.startswith(("figure.", "scheme."))]
    names = Names.of(entries, ())
    told_ = [sentence(entry, names) for entry in entries]
    title, unit = "重点项目年度计划完成率", unit_named("0局").name
    assert f"上报{unit}2026年3月“{title}”的数据。" in told_
    name = models.Scheme.objects.get().name
    assert f"编制考评方案“{name}”第1版。" in told_ and not any("county-demo" in text for text in told_)
    assert queries.spoken([]) == queries.Spoken()
    gone = queries.spoken([{"indicator": "x", "unit": county[0]}])
    assert gone.facts({"indicator": "x", "unit": county[0]}) == {"indicator": "x", "unit": unit}
    assert gone.facts({"code": "old", "version": "1", "region": COUNTY}) == {"code": "old"}


def test_the_same_sheet_again_changes_nothing_and_more_of_it_adds_the_rest(county: list[int]) -> None:
    scheme = frozen()
    first = "单位,key_projects\n0局,97.5\n1局,90\n"
    assert sheet(scheme, first) == Reported(2, 0)
    assert sheet(scheme, first) == Reported(0, 2)
    assert sheet(scheme, first + "2局,88\n", "补报") == Reported(1, 2)
    assert verbs().count("figure.reported") == 3


def test_the_template_goes_out_and_comes_back(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0], 97.5), by=OFFICE, now=NOW)
    book = load_workbook(io.BytesIO(queries.figures_template(scheme, MARCH, OFFICE)))
    page = book["上报数据"]
    assert page["C2"].value == 97.5  # what stands is there already
    page["C3"], page["E5"] = 88, 91.5
    out = io.BytesIO()
    book.save(out)
    assert actions.report_sheet(scheme, MARCH, out.getvalue(), "f.xlsx", "汇总表", by=OFFICE, now=NOW) == Reported(2, 1)
    assert {(f.unit_id, f.indicator, f.value) for f in models.Figure.objects.all()} == {
        (county[0], "key_projects", 97.5), (county[1], "key_projects", 88.0), (county[3], "rater_1", 91.5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "period", "text", "wrong"),
    [
        ("", MARCH, "单位,awards\n0局,1\n", ["figure.evidence"]),
        ("汇总", "2026-13", "单位,awards\n0局,1\n", ["period.name"]),
        ("汇总", "2026-05", "单位,awards\n0局,1\n", ["period.future"]),
        (" ", "2027", "单位,awards\n0局,x\n", ["figure.evidence", "period.future", "values.not-a-number"]),
        ("汇总", MARCH, "", ["values.no-rows"]),
        ("汇总", MARCH, "名称,awards\n0局,1\n", ["values.no-unit-column"]),
    ],
)
def test_everything_wrong_with_a_sheet_is_told_at_once(
    county: list[int], evidence: str, period: str, text: str, wrong: list[str]
) -> None:
    scheme = frozen()
    with pytest.raises(Refused) as no:
        sheet(scheme, text, evidence, period=period)
    assert codes(no) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "单位,期间,key_projects\n桃溪镇,2026-02,90\n0局,2026-03,90\n1局,,90\n",
            [("figure.period", "第 2 行（桃溪镇）")],
        ),
        ("单位,类别,重点项目完成\n0局,department,90\n", [("figure.column", "第 1 行 重点项目完成")]),
        ("单位,on_time,key_projects\n0局,90,90\n", [("figure.column", "第 1 行 on_time")]),
        ("单位,key_projects\n0局,0.975\n1局,98\n2局,0\n", [("figure.percent", "第 2 行 重点项目年度计划完成率")]),
        ("单位,awards\n0局,1e16\n", [("figure.value", "第 2 行 上级表彰和典型经验")]),
        ("单位,key_projects\n0局,90\n武平县第0局,91\n", [("conflict.figure", "第 3 行 重点项目年度计划完成率")]),
    ],
)
def test_nothing_in_a_sheet_is_taken_for_something_else(
    county: list[int], text: str, wrong: list[tuple[str, str]]
) -> None:
    scheme = frozen()
    with pytest.raises(Refused) as no:
        sheet(scheme, text)
    assert [(f.code, str(f.field)) for f in no.value.faults] == wrong
    assert models.Figure.objects.count() == 0


def test_rows_that_name_no_period_are_of_the_one_that_is_reported(county: list[int]) -> None:
    text = "单位,期间,key_projects\n0局,2026-03,90\n1局,,91\n"
    assert sheet(frozen(), text) == Reported(2, 0)
    assert {f.period for f in models.Figure.objects.all()} == {"2026-03"}


def test_a_per_cent_below_one_that_stands_may_come_back_in_a_sheet(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0], 0.5), by=OFFICE, now=NOW)
    assert sheet(scheme, "单位,期间,key_projects\n0局,2026-03,0.5\n") == Reported(0, 1)


def test_a_sheet_costs_a_handful_of_statements_however_many_cells_it_has(county: list[int]) -> None:
    scheme = frozen()
    sheet(scheme, "单位,key_projects\n0局,1.5\n")
    counts = []
    for period, text in (
        ("2026-01", "单位,key_projects\n0局,90\n"),
        (MARCH, "单位,key_projects,awards\n1局,90,1\n2局,91,2\n"),
    ):
        with sql.statements() as sent:
            sheet(scheme, text, period=period)
        counts.append(sum("performance_figure" in one for one in sent))
    assert counts == [3, 3]


def test_a_sheet_of_too_many_lines_or_faults_is_cut_short(county: list[int]) -> None:
    scheme = frozen()
    with pytest.raises(Refused) as no:
        sheet(scheme, "单位,awards\n" + "九局,1\n" * 50_000)
    assert codes(no) == ["values.lines"]
    for line in ('"九"局{n},1\n', "九局{n},1\n", "九局{n},x\n"):
        with pytest.raises(Refused) as no:
            sheet(scheme, "单位,awards\n" + "".join(line.format(n=n) for n in range(1000)))
        assert len(no.value.faults) <= 202


NUMBERED = COUNTY.replace(
    "[attributes]\n", '[attributes]\npeople = { type = "number", name = "人口", columns = ["pop"] }\n'
)


def test_a_number_about_the_unit_goes_out_in_the_template_and_comes_back(county: list[int]) -> None:
    scheme = actions.write_scheme(NUMBERED, "350824", by=OFFICE, now=NOW)
    actions.freeze_scheme(scheme, by=OFFICE, now=NOW)
    book = load_workbook(io.BytesIO(queries.figures_template(scheme, MARCH, OFFICE)))
    page = book["上报数据"]
    place = next(cell for cell in page[1] if cell.value == "pop")
    page.cell(2, place.column).value = 1200
    out = io.BytesIO()
    book.save(out)
    assert actions.report_sheet(scheme, MARCH, out.getvalue(), "f.xlsx", "年鉴", by=OFFICE, now=NOW) == Reported(1, 0)
    assert models.Figure.objects.get().indicator == "people"


def test_only_a_unit_that_the_scheme_scores_is_named_as_the_one_who_reports(county: list[int]) -> None:
    scheme = frozen()
    for group, named in (("park", []), ("township", ["园区"])):
        form = org.NewUnit(
            f"武平县{group}园区", "园区", "department", "350824", scheme_class=group, valid_from=NOW.date()
        )
        station = below(org.open_unit(form, by=SYSTEM, now=NOW), f"{group}站")
        assert queries.answers_for(Actor("staff", 9, 9, "站长", station), scheme) == named


def test_a_sheet_reports_only_for_units_of_ones_own(county: list[int]) -> None:
    scheme = frozen()
    with pytest.raises(Refused) as no:
        sheet(scheme, "单位,key_projects\n0局,1\n1局,2\n", by=lead(county[1]))
    assert codes(no) == ["figure.unit"]
    assert "0局" in no.value.text
    assert models.Figure.objects.count() == 0
    assert sheet(scheme, "单位,key_projects\n1局,2\n", by=lead(county[1])) == Reported(1, 0)
    with pytest.raises(Forbidden):
        sheet(scheme, "单位,key_projects\n1局,2\n", by=Actor("person", 9, 9, "群众"))
    book = load_workbook(io.BytesIO(queries.figures_template(scheme, MARCH, lead(county[1]))))
    assert [row[0].value for row in book["上报数据"]] == ["单位", "1局"]


def test_figures_go_to_frozen_schemes_and_units_that_they_score(county: list[int]) -> None:
    draft = actions.write_scheme(COUNTY, "350824", by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        sheet(draft, "单位,awards\n0局,1\n")
    assert codes(no) == ["figure.draft"]
    actions.freeze_scheme(draft, by=OFFICE, now=NOW)
    for form, code in (
        (reported(county[3], indicator="meetings"), "figure.indicator"),  # townships are freed from it
        (reported(county[0], period="2026-05"), "period.future"),
        (reported(county[0], indicator="on_time"), "figure.indicator"),  # the platform counts it
        (reported(county[0], 101.0, indicator="rater_1"), "figure.value"),
    ):
        with pytest.raises(Refused) as no:
            actions.report(form, by=OFFICE, now=NOW)
        assert codes(no) == [code]


def test_a_unit_reports_for_itself_and_for_no_other(county: list[int]) -> None:
    frozen()
    with pytest.raises(Forbidden):
        actions.report(reported(county[0]), by=lead(county[1]), now=NOW)
    made = actions.report(reported(county[1]), by=lead(county[1]), now=NOW)
    assert queries.figure_for(made, lead(county[1])).value == 96
    with pytest.raises(NotFound):
        queries.figure_for(made, lead(county[0]))


def test_marks_bonuses_and_vetoes_are_the_offices_to_report(county: list[int]) -> None:
    scheme, own = frozen(), lead(county[1])
    mine = {line.wanted.column for line in queries.figures_of(scheme, MARCH, own)[0].lines}
    assert mine == {"key_projects", "meetings"}
    with pytest.raises(Refused) as no:
        actions.report(reported(county[1], 95.0, indicator="rater_1"), by=own, now=NOW)
    assert codes(no) == ["figure.office"]
    with pytest.raises(Refused) as no:
        sheet(scheme, "单位,key_projects,rater_1\n1局,96,100\n", by=own)
    assert codes(no) == ["figure.office"]
    made = actions.report(reported(county[1], 85.0, indicator="rater_1"), by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        actions.ask_correction(actions.NewCorrection(made, 95.0, "评议表", "录错"), by=own, now=NOW)
    assert codes(no) == ["figure.office"]
    assert models.Figure.objects.count() == 1 and not models.Correction.objects.exists()


def test_what_is_wanted_and_what_is_there(county: list[int]) -> None:
    scheme = frozen()
    actions.report(reported(county[0]), by=OFFICE, now=NOW)
    found = {u.unit: u for u in queries.figures_of(scheme, MARCH, OFFICE)}
    assert list(found) == county
    assert (found[county[0]].missing, found[county[3]].missing) == (6, 6)  # townships have one indicator less
    first = found[county[0]].lines[0]
    assert (first.wanted.name, first.wanted.collected) == ("重点项目年度计划完成率", "每月 18 日前上报")
    assert first.figure is not None
    assert first.figure.by == OFFICE.ref
    assert [u.unit for u in queries.figures_of(scheme, MARCH, lead(county[1]))] == [county[1]]
    with pytest.raises(NotFound):
        queries.figures_of(scheme, MARCH, lead(county[1]), county[0])
    assert [name for name, _label in queries.measured_of(scheme, OFFICE)] == [
        "按时办结率", "承诺时限压缩率", "群众满意度（主动评价）", "督查扣分",
    ]  # fmt: skip


def asked(unit: int, **changes: Any) -> tuple[int, NewCorrection]:
    figure = actions.report(reported(unit, 60.0), by=lead(unit), now=NOW)
    return figure, NewCorrection(figure, **{"value": 99.0, "evidence": "更正函", "reason": "漏报一项", **changes})


@pytest.mark.row("E7")
def test_a_correction_waits_for_a_second_person_and_leaves_earlier_runs_alone(county: list[int]) -> None:
    scheme, unit = frozen(), county[0]
    figure, form = asked(unit)
    first = actions.run(scheme, MARCH, by=OFFICE, now=NOW)
    waiting = actions.ask_correction(form, by=lead(unit), now=NOW)
    assert actions.ask_correction(form, by=lead(unit), now=NOW) == waiting  # the same again
    between = actions.run(scheme, MARCH, by=OFFICE, now=NOW)  # what is only asked for does not count
    made = actions.approve_correction(waiting, by=OFFICE, now=NOW + timedelta(hours=1))
    assert actions.approve_correction(waiting, by=OFFICE, now=NOW) == made
    second = actions.run(scheme, MARCH, by=OFFICE, now=NOW)
    shown = [
        next(line for line in queries.sheet(run, unit, OFFICE).lines if line.line.id == "key_projects").line.figures[
            "raw"
        ]
        for run in (first, between, second)
    ]
    assert shown == [60, 60, 99]
    assert all(queries.recomputes(run) for run in (first, second))
    assert [r.id for r in queries.runs_using([figure, made])[figure]] == [between, first]
    row = models.Figure.objects.get(pk=made)
    assert (row.corrects_id, row.reported_by, row.approved_by, row.reason) == (
        figure, lead(unit).ref, OFFICE.ref, "漏报一项",
    )  # fmt: skip
    line = queries.figures_of(scheme, MARCH, OFFICE, unit)[0].lines[0]
    assert line.figure is not None
    assert (line.figure.value, [f.value for f in line.before]) == (99, [60])
    assert [v for v in verbs() if "correct" in v] == ["correction.asked", "figure.corrected"]
    notice = Notice.objects.get(staff=8)
    assert (notice.state, "已按您的申请更正为 99" in notice.text) == ("sent", True)


def test_the_template_with_a_corrected_figure_comes_back_unharmed(county: list[int]) -> None:
    scheme = frozen()
    _figure, form = asked(county[0])
    actions.approve_correction(actions.ask_correction(form, by=lead(county[0]), now=NOW), by=OFFICE, now=NOW)
    data = queries.figures_template(scheme, MARCH, OFFICE)
    assert actions.report_sheet(scheme, MARCH, data, "f.xlsx", "汇总表", by=OFFICE, now=NOW) == Reported(0, 1)
    with pytest.raises(Refused) as no:
        sheet(scheme, "单位,key_projects\n0局,60\n")  # what was reported first no longer stands
    assert codes(no) == ["conflict.figure"]


def test_a_correction_refused_leaves_the_figure_and_tells_why(county: list[int]) -> None:
    scheme, unit = frozen(), county[0]
    _figure, form = asked(unit)
    waiting = actions.ask_correction(form, by=lead(unit), now=NOW)
    with pytest.raises(Refused) as no:
        actions.refuse_correction(waiting, " ", by=OFFICE, now=NOW)
    assert (no.value.code, no.value.field) == ("correction.answer", "answer")
    actions.refuse_correction(waiting, "文件未盖章", by=OFFICE, now=NOW)
    actions.refuse_correction(waiting, "文件未盖章", by=OFFICE, now=NOW)
    line = queries.figures_of(scheme, MARCH, OFFICE, unit)[0].lines[0]
    assert line.figure is not None
    assert line.correction is not None
    assert (line.figure.value, line.correction.state, line.correction.answer) == (60, "refused", "文件未盖章")
    assert "文件未盖章" in Notice.objects.get(staff=8).text
    for decide in (
        lambda: actions.approve_correction(waiting, by=SECOND, now=NOW),
        lambda: actions.refuse_correction(waiting, "再想想", by=OFFICE, now=NOW),
    ):
        with pytest.raises(Refused) as no:
            decide()
        assert no.value.code == "conflict.decided"
    assert actions.ask_correction(form, by=lead(unit), now=NOW) != waiting  # asked anew, with what was missing


def test_nobody_decides_on_a_correction_of_ones_own(county: list[int]) -> None:
    frozen()
    figure, form = asked(county[0])
    waiting = actions.ask_correction(form, by=OFFICE, now=NOW)
    for decide in (
        lambda: actions.approve_correction(waiting, by=OFFICE, now=NOW),
        lambda: actions.refuse_correction(waiting, "不行", by=OFFICE, now=NOW),
    ):
        with pytest.raises(Refused) as no:
            decide()
        assert no.value.code == "correction.own"
    with pytest.raises(Forbidden):
        actions.approve_correction(waiting, by=lead(county[0]), now=NOW)
    for stranger in (lead(county[1]), Actor("person", 9, 9, "群众")):
        with pytest.raises(NotFound):
            actions.approve_correction(waiting, by=stranger, now=NOW)
        with pytest.raises(NotFound):
            actions.ask_correction(form, by=stranger, now=NOW)
        with pytest.raises(NotFound):
            queries.correction_for(waiting, stranger)
    assert [c.id for c in queries.corrections_for(lead(county[0]))] == [waiting]
    assert queries.corrections_for(lead(county[1])) == []
    assert figure == queries.correction_for(waiting, SECOND).figure.id


def test_what_a_figure_is_called_and_who_reports_it_is_the_own_regions_to_say(county: list[int]) -> None:
    frozen()
    figure = actions.report(reported(county[0], 80.0, indicator="rater_1"), by=OFFICE, now=NOW)
    elsewhere = COUNTY.replace('reporter = "office"', 'reporter = "unit"').replace("领导和服务对象评议", "外县评议")
    actions.freeze_scheme(actions.write_scheme(elsewhere, "350623", by=OFFICE, now=NOW), by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        actions.ask_correction(NewCorrection(figure, 99.0, "函", "漏报"), by=lead(county[0]), now=NOW)
    assert codes(no) == ["figure.office"]
    titles = queries.titles_of([queries.figure_for(figure, OFFICE)])
    assert told(titles[figure].title, str) == "领导和服务对象评议（1/5）"


def test_any_number_of_corrections_is_named_in_one_statement(county: list[int]) -> None:
    frozen()
    for unit in county[:3]:
        actions.ask_correction(asked(unit)[1], by=lead(unit), now=NOW)
    found = queries.corrections_for(OFFICE)
    with sql.statements() as sent:
        titles = queries.titles_of(c.figure for c in found)
    assert (len(sent), {one.name for one in titles.values()}) == (1, {"重点项目年度计划完成率"})


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"value": 60.0}, ["value"]),
        ({"value": float("nan"), "evidence": "", "reason": " "}, ["value", "evidence", "reason"]),
        ({"reason": "长" * 301}, ["reason"]),
    ],
)
def test_faults_of_a_correction_come_at_once(county: list[int], changes: dict[str, Any], fields: list[str]) -> None:
    frozen()
    _figure, form = asked(county[0], **changes)
    with pytest.raises(Refused) as no:
        actions.ask_correction(form, by=OFFICE, now=NOW)
    assert [f.field for f in no.value.faults] == fields


def test_one_correction_waits_at_a_time_and_only_of_the_figure_that_stands(county: list[int]) -> None:
    frozen()
    figure, form = asked(county[0])
    waiting = actions.ask_correction(form, by=lead(county[0]), now=NOW)
    with pytest.raises(Refused) as no:
        actions.ask_correction(NewCorrection(figure, 98.0, "更正函", "漏报"), by=SECOND, now=NOW)
    assert no.value.code == "conflict.correction"
    actions.approve_correction(waiting, by=OFFICE, now=NOW)
    with pytest.raises(Refused) as no:
        actions.ask_correction(NewCorrection(figure, 98.0, "更正函", "漏报"), by=SECOND, now=NOW)
    assert no.value.code == "conflict.figure"


def test_the_database_itself_keeps_corrections(county: list[int]) -> None:
    frozen()
    figure, form = asked(county[0])
    waiting = actions.ask_correction(form, by=lead(county[0]), now=NOW)
    rows = models.Correction.objects.filter(pk=waiting)
    wrong: list[dict[str, Any]] = [
        {"value": 1.0},
        {"state": "approved", "decided_at": NOW, "decided_by": "staff:7"},  # without a figure
        {"state": "refused", "decided_at": NOW, "decided_by": "staff:7"},  # without a reason
        {"state": "refused", "decided_at": NOW, "decided_by": "staff:8", "answer": "不"},  # by the one who asked
        {"state": "refused", "decided_at": NOW, "decided_by": "staff:7", "answer": "不", "value": 1.0},
    ]
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    actions.approve_correction(waiting, by=OFFICE, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(answer="改口")
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Figure.objects.create(
            scheme_code="x", indicator="x", unit_id=county[0], period=MARCH, value=1, evidence="x", reported_at=NOW,
            reported_by="staff:7", corrects_id=models.Correction.objects.get(pk=waiting).made_id, reason="x", approved_by="staff:7",
        )  # fmt: skip
    assert figure


def test_what_was_said_in_confidence_is_private_in_the_ledger(county: list[int]) -> None:
    frozen()
    _figure, form = asked(county[0])
    waiting = actions.ask_correction(form, by=lead(county[0]), now=NOW)
    actions.approve_correction(waiting, by=OFFICE, now=NOW)
    _figure, form = asked(county[1])
    waiting = actions.ask_correction(form, by=lead(county[1]), now=NOW)
    actions.refuse_correction(waiting, "没有依据", by=OFFICE, now=NOW)
    entries = [entry for entry in history("") if entry.verb in PRIVATE]
    assert {entry.verb for entry in entries} == PRIVATE.keys()
    for entry in entries:
        assert not set(PRIVATE[entry.verb]) & entry.facts.keys()
        assert told(str(SENTENCES[entry.verb]), str).format(**entry.facts)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("97.5", "percent", 97.5), ("97.5%", "percent", 97.5), ("９７．５％", "percent", 97.5), ("97%", "share", 0.97),
        ("1,234", "", 1234), (" -3 ", "", -3), ("1e3", "", 1000),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, unit: str, value: float) -> None:
    assert number_of(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "九十", "9 7 x", "1.2.3", "%", "nan", "inf", "=1+1", "e5", ".e5%", "1234,567", "٣"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert str(number_of(text)) == "nan"


@pytest.mark.parametrize(
    ("unit", "value", "good"),
    [("share", 1.0, True), ("share", 1.1, False), ("count", 3, True), ("count", 2.5, False), ("count", -1, False),
     ("percent", 105, True), ("", float("inf"), False), ("", 1e15, True), ("", -1.1e15, False)],
)  # fmt: skip
def test_a_figure_must_be_what_its_unit_says(unit: str, value: float, good: bool) -> None:
    assert bool(value_faults(Wanted("x", "某项", unit=unit), value)) != good


def test_what_each_class_reports_stands_in_the_order_of_the_file() -> None:
    rule = read_scheme(COUNTY)
    assert [w.column for w in wanted(rule, "department")][:3] == ["key_projects", "meetings", "rater_1"]
    assert "meetings" not in {w.column for w in wanted(rule, "township")}
    own = COUNTY.replace(
        'class = { columns = ["类别"] }', 'class = { columns = ["类别"] }\npeople = { type = "number", name = "人口" }'
    )
    assert wanted(read_scheme(own), "township")[0].name == "人口"
