"""E1, E7 at the desk: a scheme is written, fixed, reported for, corrected by a second person, and run."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook

from mashang.cases.models import Notice
from mashang.kernel import clock
from mashang.org import queries as org
from mashang.performance import actions, models, queries

from .story import at, who
from .test_score import SCHEME, frozen

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TEXT = SCHEME.read_text("utf-8")
SignIn = Callable[[str], Client]
MARCH = "2026-03"


def body(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def town() -> int:
    return org.unit_named("武平县桃溪镇人民政府").id


def upload(data: bytes, name: str = "上报.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def written(client: Client) -> int:
    """The shipped example, opened, given another name, kept as a draft."""
    begun = client.get("/desk/score/scheme/new?example=county-demo")
    text = begun.context["form"].fields[2].value
    assert text == TEXT
    assert '>示例：演示县机关绩效考评方案 <span class="small muted">county-demo</span></a>' in begun.content.decode()
    sent = {"region": "350824", "text": text.replace("演示县", "武平县").replace("\n", "\r\n")}
    answer = client.post("/desk/score/scheme/new?example=county-demo", sent)
    assert answer.status_code == 302, body(answer)
    return models.Scheme.objects.latest("id").pk


@pytest.mark.row("E1", "E7")
def test_from_the_example_to_a_run_with_the_corrected_figure(sign_in: SignIn) -> None:
    office, lead, second = sign_in("office"), sign_in("townlead"), sign_in("inspector")
    with at("2026-03-20 09:00"):
        scheme = written(office)
        words = body(office.get(f"/desk/score/scheme/{scheme}/words"))
        assert "草案" in words
        assert "80 得 0、90 得 60、95 得 85、100 得 100，其间按直线" in words
        assert "平台实测：按时办结率" in words
        assert "确认定稿" in body(office.get(f"/desk/score/scheme/{scheme}/freeze"))
        final = f"/desk/score/scheme/{scheme}/freeze"
        assert office.post(final, read(office, final)).status_code == 302
        assert "定稿，此后不再改动" in body(office.get(f"/desk/score/scheme/{scheme}/words"))
        assert "第1版已定稿" in body(office.post(f"/desk/score/scheme/{scheme}/freeze", follow=True))  # pressed twice
    with at("2026-04-02 09:00"):
        sheet = lead.get(f"/desk/score/figures/{scheme}/{MARCH}/figures.xlsx")
        book = load_workbook(io.BytesIO(sheet.content))
        rows = list(book["上报数据"].iter_rows(values_only=True))
        assert [row[0] for row in rows] == ["单位", "桃溪镇"]
        book["上报数据"]["C2"] = 60
        out = io.BytesIO()
        book.save(out)
        sent = {"file": upload(out.getvalue()), "evidence": "发改局函〔2026〕3号"}
        answer = lead.post(f"/desk/score/figures/{scheme}/{MARCH}/sheet", sent, follow=True)
        assert "已上报 1 项" in body(answer)
        assert "发改局函〔2026〕3号" in body(answer)
        assert office.post("/desk/score/run", {"scheme": scheme, "period": MARCH}).status_code == 302
        board = body(office.get("/desk/score"))
        run = queries.runs(who("office"), scheme)[0].id
        missing = queries.unscored(run, who("office"))
        assert f"{len(missing)} 个单位没有可以计分的数据，不排名次" in board and missing
        assert all(name in board for name in missing)
        assert not {row.name for row in queries.board(run, who("office"))} & set(missing)
    figure = models.Figure.objects.get()
    with at("2026-04-03 09:00"):
        asked = {"value": "99%", "evidence": "发改局更正函", "reason": "漏报一项"}
        answer = lead.post(f"/desk/score/figure/{figure.pk}/correct", asked, follow=True)
        assert "等效能办批准" in body(answer)
        assert "2026年3月的 1 次计算用了这一数" in body(lead.get(f"/desk/score/figure/{figure.pk}/correct"))
        correction = models.Correction.objects.get()
        assert lead.post(f"/desk/score/correction/{correction.pk}", {"do": "approve"}).status_code == 403
        waiting = body(second.get("/desk/score/figures"))
        assert "（1 件待批）" in waiting
        answer = second.post(f"/desk/score/correction/{correction.pk}", {"do": "approve"}, follow=True)
        assert "已更正" in body(answer)
        unit = body(lead.get(f"/desk/score/figures/{scheme}/{MARCH}/{town()}"))
        assert "原报 60，2026年3月的 1 次计算用了这一数" in unit
        assert "更正理由：漏报一项" in unit
        assert "已按您的申请更正为 99" in body(lead.get("/desk/notices"))
        again = {"scheme": scheme, "period": MARCH}
        asked = office.post("/desk/score/run", again)
        assert asked.status_code == 422 and "这个期间已经算过" in asked.content.decode()
        assert office.post("/desk/score/run", {**again, "again": "on"}).status_code == 302
    second_run, first_run = queries.runs(who("office"), scheme)
    shown = [raw(run.id) for run in (first_run, second_run)]
    assert shown == [60, 99]
    assert queries.recomputes(first_run.id)
    assert Notice.objects.filter(staff=who("townlead").id).count() == 1


def raw(run: int) -> float:
    lines = {line.line.id: line for line in queries.sheet(run, town(), who("office")).lines}
    return lines["key_projects"].line.figures["raw"]


def test_every_fault_of_a_scheme_is_told_with_its_line_and_what_was_typed_is_kept(sign_in: SignIn) -> None:
    office = sign_in("office")
    wrong = TEXT.replace("weight = 25", "weight = 24", 1).replace(
        'source = "measure:promise_cut"', 'source = "measure:luck"'
    )
    with at("2026-03-20 09:00"):
        answer = office.post("/desk/score/scheme/new", {"region": "350824", "text": wrong})
        assert answer.status_code == 422
        assert answer.context["form"].fields[2].value == wrong
        broken = office.post("/desk/score/scheme/new", {"region": "350824", "text": TEXT + "\nx = = 1"})
        measure = TEXT.replace('source = "measure:promise_cut"', 'source = "measure:luck"')
        unknown = office.post("/desk/score/scheme/new", {"region": "350824", "text": measure})
        empty = office.post("/desk/score/scheme/new", {"region": "1", "text": ""})
    faults = [str(f.text) for f in answer.context["form"].faults]
    assert any("没有名为“luck”的实测指标" in text for text in faults), faults
    assert any(text.startswith("第 ") and "指标考核" in text or "indicators" in text for text in faults), faults
    line = TEXT.splitlines().index('source = "measure:promise_cut"') + 1
    assert f"第 {line} 行：没有名为“luck”的实测指标" in body(unknown)
    assert f"方案文件第 {len(TEXT.splitlines()) + 2} 行第 5 个字：等号后面的值不对" in body(broken)
    assert "请选择一个地区。" in body(empty)
    assert not models.Scheme.objects.exists()


def test_a_scheme_comes_as_a_file_and_what_is_no_text_is_refused(sign_in: SignIn) -> None:
    office = sign_in("office")
    with at("2026-03-20 09:00"):
        sent: dict[str, Any] = {"region": "350824", "text": "", "file": upload(TEXT.encode("utf-16"), "方案.toml")}
        refused = office.post("/desk/score/scheme/new", sent)
        sent["file"] = upload(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), "方案.toml")
        answer = office.post("/desk/score/scheme/new", sent)
    assert (refused.status_code, answer.status_code) == (422, 302)
    assert "不是 UTF-8 编码" in body(refused)
    assert models.Scheme.objects.get().text == TEXT


def test_a_draft_is_rewritten_but_not_over_somebody_elses_change(sign_in: SignIn) -> None:
    office, second = sign_in("office"), sign_in("inspector")
    with at("2026-03-20 09:00"):
        scheme = written(office)
        address = f"/desk/score/scheme/{scheme}/edit"
        mine, theirs = (c.get(address).context["form"].fields for c in (office, second))
        was = {f.name: f.value for f in mine}
        other = was["text"].replace("target = 60", "target = 55")
        assert second.post(address, {"was": theirs[0].value, "text": other}).status_code == 302
        late = was["text"].replace("target = 60", "target = 50")
        refused = office.post(address, {"was": was["was"], "text": late})
        assert refused.status_code == 422
        assert "已被别人改过" in body(refused)
        assert {f.name: f.value for f in refused.context["form"].fields}["text"] == late
        renamed = office.post(address, {"was": office.get(address).context["form"].fields[0].value, "text": other.replace('version = "1"', 'version = "9"')})  # fmt: skip
        assert "不换代码和版本号" in body(renamed)
        final = f"/desk/score/scheme/{scheme}/freeze"
        assert office.post(final, read(office, final)).status_code == 302
        assert office.get(address, follow=True).redirect_chain
        assert office.post(address, {"was": was["was"], "text": late}, follow=True).redirect_chain
    assert models.Scheme.objects.get().text == other


def read(client: Client, address: str) -> dict[str, str]:
    """What the page's form sends back of the text it shows."""
    return {"was": client.get(address).context["form"].fields[0].value}


def test_a_text_that_nobody_read_is_not_made_final(sign_in: SignIn) -> None:
    office, second = sign_in("office"), sign_in("inspector")
    with at("2026-03-20 09:00"):
        scheme = written(office)
        final = f"/desk/score/scheme/{scheme}/freeze"
        opened = read(office, final)
        other = TEXT.replace("target = 60", "target = 55")
        second.post(
            f"/desk/score/scheme/{scheme}/edit", {**read(second, f"/desk/score/scheme/{scheme}/edit"), "text": other}
        )
        for sent in (opened, {}):
            refused = office.post(final, sent)
            assert refused.status_code == 422
            assert "请回到条目核对新稿" in body(refused)
        assert models.Scheme.objects.get().frozen_at is None
        assert office.post(final, read(office, final)).status_code == 302
    assert models.Scheme.objects.get().text == other


def test_the_next_version_says_what_is_different(sign_in: SignIn) -> None:
    office = sign_in("office")
    with at("2026-03-20 09:00"):
        first = frozen()
        begun = office.get(f"/desk/score/scheme/new?from={first}").context["form"].fields[2].value
        assert 'version = "2"' in begun
        text = begun.replace("target = 60", "target = 50").replace(
            '[indicators.accident]', '[indicators.ideas]\nname = "改革创新"\nparent = "bonus"\nmethod = "points"\n\n[indicators.accident]'
        )  # fmt: skip
        office.post("/desk/score/scheme/new", {"region": "350824", "text": text})
        second = models.Scheme.objects.latest("id").pk
        page = body(office.get(f"/desk/score/scheme/{second}/compare?with={first}"))
        again = office.post("/desk/score/scheme/new", {"region": "350824", "text": text.replace("演示县", "武平县")})
    assert "数值占目标 60 的百分比，最高 100" in page
    assert "数值占目标 50 的百分比，最高 100" in page
    assert "改革创新" in page
    assert "新增" in page
    assert "已有草案" in body(again)
    assert models.Scheme.objects.count() == 2


def test_a_draft_is_tried_with_the_figures_that_stand_and_nothing_is_written(sign_in: SignIn) -> None:
    office = sign_in("office")
    with at("2026-04-02 09:00") as now:
        scheme = frozen()
        figure = actions.NewFigure("county-demo", "key_projects", town(), MARCH, 96.0, "发改局函〔2026〕3号")
        actions.report(figure, by=who("office"), now=now)
        actions.run(scheme, MARCH, by=who("office"), now=now)
        other = TEXT.replace('version = "1"', 'version = "2"').replace("share = 0.4", "share = 0.1").replace(
            "share = 0.6", "share = 0.9"
        )  # fmt: skip
        draft = actions.write_scheme(other, "350824", by=who("office"), now=now)
        before = models.Run.objects.count(), models.Score.objects.count()
        page = body(office.get(f"/desk/score/scheme/{draft}/try?period={MARCH}"))
        strict = other.replace('missing = "redistribute"', 'missing = "refuse"').replace('"2"', '"3"', 1)
        gaps = actions.write_scheme(strict, "350824", by=who("office"), now=now)
        refused = office.get(f"/desk/score/scheme/{gaps}/try?period={MARCH}")
    tried = {t.name: t for t in trial(draft)}
    assert (models.Run.objects.count(), models.Score.objects.count()) == before
    assert tried["桃溪镇"].was < tried["桃溪镇"].score
    assert tried["桃溪镇"].score in page
    assert refused.status_code == 422
    assert "武平县桃溪镇人民政府" in body(refused)  # units by name, not by number


def trial(scheme: int) -> list[queries.Tried]:
    return queries.try_out(scheme, MARCH, who("office"), now=datetime(2026, 4, 2, 9, tzinfo=clock.ZONE))


def test_one_figure_by_form_with_its_faults_at_the_fields(sign_in: SignIn) -> None:
    lead = sign_in("townlead")
    with at("2026-04-02 09:00"):
        scheme = frozen()
        address = f"/desk/score/figures/{scheme}/{MARCH}/{town()}/key_projects"
        refused = lead.post(address, {"value": "九十", "evidence": ""})
        assert refused.status_code == 422
        wrong = {f.name: f.error for f in refused.context["form"].fields}
        assert "应当是一个数" in wrong["value"]
        assert "请写明佐证" in wrong["evidence"]
        assert refused.context["form"].fields[0].value == "九十"
        sent = {"value": "９６．５%", "evidence": "发改局函"}
        assert "已上报：重点项目" in body(lead.post(address, sent, follow=True))
        assert lead.post(address, sent).status_code == 302  # the same again
        other = lead.post(address, {**sent, "value": "97"})
        assert "要改请走更正" in body(other)
        assert lead.get(address).status_code == 302  # it is reported: back to the unit's page
        assert lead.get(address.replace("key_projects", "on_time")).status_code == 404  # the platform counts it
        assert lead.get(address.replace("key_projects", "meetings")).status_code == 404  # townships are freed from it
        page = body(lead.get("/desk/score/figures"))
    assert models.Figure.objects.get().value == 96.5
    assert "96.5" in page
    assert "群众满意度（主动评价）" in page
    assert "这些不用上报，由平台按办件实测" in page


def test_a_figure_that_was_corrected_since_is_not_told_to_be_taken(sign_in: SignIn) -> None:
    lead = sign_in("townlead")
    with at("2026-04-02 09:00") as now:
        scheme = frozen()
        address = f"/desk/score/figures/{scheme}/{MARCH}/{town()}/key_projects"
        sent = {"value": "60", "evidence": "函"}
        assert "已上报：重点项目" in body(lead.post(address, sent, follow=True))
        form = actions.NewCorrection(models.Figure.objects.get().pk, 99.0, "更正函", "漏报一项")
        actions.approve_correction(actions.ask_correction(form, by=who("townlead"), now=now), by=who("office"), now=now)
        late = body(lead.post(address, sent, follow=True))
    assert "已经更正过，以更正后的数据为准" in late
    assert "已上报：重点项目" not in late


def test_a_sheet_with_faults_names_each_row_and_column_and_keeps_the_evidence(sign_in: SignIn) -> None:
    office = sign_in("office")
    with at("2026-04-02 09:00"):
        scheme = frozen()
        text = "单位,重点项目年度计划完成率,rater_1\n桃溪镇,九十,95\n十方镇,90,130\n火星镇,91,1\n"
        first = office.post(f"/desk/score/figures/{scheme}/{MARCH}/sheet", {"file": upload(text.encode(), "a.csv"), "evidence": "汇总"})  # fmt: skip
        second = office.post(f"/desk/score/figures/{scheme}/{MARCH}/sheet", {"file": upload(text.replace("九十", "90").encode(), "a.csv"), "evidence": "汇总"})  # fmt: skip
        none = office.post(f"/desk/score/figures/{scheme}/{MARCH}/sheet", {"evidence": ""})
        rubbish = office.post(f"/desk/score/figures/{scheme}/{MARCH}/sheet", {"file": upload(b"PK\x03\x04rubbish"), "evidence": "汇总"})  # fmt: skip
    assert [a.status_code for a in (first, second, none, rubbish)] == [422] * 4
    assert "第 2 行“重点项目年度计划完成率”应当是数" in body(first)
    assert first.context["form"].fields[1].value == "汇总"
    assert "第 4 行（火星镇）" in body(second)
    assert "第 3 行 领导和服务对象评议（1/5）：评分应当在 0 到 100 之间。" in body(second)
    assert "请选择填好的表" in body(none)
    assert "工作簿打不开" in body(rubbish)
    assert not models.Figure.objects.exists()


def test_the_office_sees_what_is_missing_and_a_station_that_its_township_reports(sign_in: SignIn) -> None:
    with at("2026-04-02 09:00") as now:
        assert "还没有定稿的方案" in body(sign_in("office").get("/desk/score/figures"))
        scheme = frozen()
        figure = actions.NewFigure("county-demo", "key_projects", town(), MARCH, 96.0, "发改局函〔2026〕3号")
        actions.report(figure, by=who("office"), now=now)
        page = body(sign_in("office").get(f"/desk/score/figures?scheme={scheme}&period={MARCH}"))
        station = sign_in("land").get("/desk/score/figures")
    assert "缺 5 项" in page  # of the six figures of a township
    assert "每月 18 日前上报" in page
    assert station.status_code == 200
    assert "您的单位不单独考评，数据由桃溪镇上报。" in body(station)


@pytest.mark.parametrize("login", ["town", "townlead"])
def test_a_unit_sees_and_reports_its_own_figures_and_no_others(sign_in: SignIn, login: str) -> None:
    client = sign_in(login)
    other = org.unit_named("武平县十方镇人民政府").id
    with at("2026-04-02 09:00") as now:
        scheme = frozen()
        made = actions.report(
            actions.NewFigure("county-demo", "key_projects", other, MARCH, 90.0, "函"), by=who("office"), now=now
        )
        for path in (
            f"/desk/score/figures/{scheme}/{MARCH}/{other}", f"/desk/score/figures/{scheme}/{MARCH}/{other}/awards",
            f"/desk/score/figure/{made}/correct",
        ):  # fmt: skip
            assert client.get(path).status_code == 404
            assert client.post(path, {"value": "1", "evidence": "x", "reason": "x"}).status_code in (404, 405)
        assert "十方镇" not in body(client.get("/desk/score/figures"))
        assert client.get("/desk/score/scheme/new").status_code == 403
        for act in ("edit", "freeze", "try"):
            assert client.get(f"/desk/score/scheme/{scheme}/{act}").status_code == 403
        assert client.get(f"/desk/score/scheme/{scheme}/words").status_code == 200
    assert models.Figure.objects.count() == 1


def test_a_correction_is_not_decided_by_the_one_who_asked_and_a_refusal_says_why(sign_in: SignIn) -> None:
    office, second = sign_in("office"), sign_in("inspector")
    with at("2026-04-02 09:00") as now:
        frozen()
        figure = actions.report(
            actions.NewFigure("county-demo", "key_projects", town(), MARCH, 60.0, "函"), by=who("office"), now=now
        )
        refused = office.post(f"/desk/score/figure/{figure}/correct", {"value": "60", "evidence": "", "reason": ""})
        assert refused.status_code == 422
        assert {f.name for f in refused.context["form"].fields if f.error} == {"value", "evidence", "reason"}
        office.post(f"/desk/score/figure/{figure}/correct", {"value": "61", "evidence": "函", "reason": "笔误"})
        address = f"/desk/score/correction/{models.Correction.objects.get().pk}"
        assert "不能由您自己批准或驳回" in body(office.get(address))
        assert "不能自己批准" in body(office.post(address, {"do": "approve"}))
        silent = second.post(address, {"do": "refuse", "answer": " "})
        assert silent.status_code == 422
        assert "请写明不同意的理由" in body(silent)
        assert "文件未盖章" in body(second.post(address, {"do": "refuse", "answer": "文件未盖章"}, follow=True))
        assert "文件未盖章" in body(office.get("/desk/score/corrections"))
        assert "已经办过" in body(second.post(address, {"do": "approve"}))
    assert models.Figure.objects.count() == 1


def test_the_tabs_are_for_those_who_may_open_them(sign_in: SignIn) -> None:
    with at("2026-04-02 09:00"):
        frozen()
        for login, tabs in (("office", 3), ("townlead", 3), ("leader", 2)):
            assert len(sign_in(login).get("/desk/score").context["tabs"]) == tabs
        assert sign_in("leader").get("/desk/score/figures").status_code == 403
        assert sign_in("citizen").get("/desk/score/schemes").status_code == 403


def test_what_is_no_toml_is_told_in_chinese_with_its_place(sign_in: SignIn) -> None:
    text = TEXT + "\n[there"
    with at("2026-03-20 09:00"):
        answer = sign_in("office").post("/desk/score/scheme/new", {"region": "350824", "text": text})
    [fault] = answer.context["form"].faults
    line = text.count("\n") + 1
    assert answer.status_code == 422
    assert str(fault.text) == f"方案文件第 {line} 行第 1 个字：方括号没有配对。"
    assert "Expected" not in answer.content.decode()
