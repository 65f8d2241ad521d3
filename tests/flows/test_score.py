"""C8, E7, G2: an overdue step becomes a supervised matter, costs points, and the score opens down to the very case."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from mashang import performance
from mashang.cases import queries as cases
from mashang.cases import sweeps
from mashang.cases.models import Case
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.models import Input
from mashang.performance.rules.frozen import fingerprint
from mashang.supervision import sweeps as supervision

from .story import Story, accepted, at, reviewed, who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SCHEME = Path(performance.__file__).parent / "data" / "county-demo" / "scheme.toml"


def swept(text: str) -> None:
    """What the worker does when time has passed."""
    with at(text) as now:
        sweeps.fire(now)
        sweeps.expire(now)
        supervision.supervise(now)
        supervision.release(now)


def undecided() -> Story:
    """Everything is ready for the township's decision on the second day, and nobody decides."""
    story = accepted()
    reviewed(story)
    return story


def struck_off(story: Story) -> str:
    """The matter that the sweep opened, answered, checked by the inspector, struck off with a point and a half."""
    swept("2026-03-09 09:00")
    matter = Story(Case.objects.get(kind="supervision", about=story.number).number)
    with at("2026-03-10 09:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        matter.do("town", "report", {"answer": "已作出决定，向申请人致歉", "measures": "每日查看临期件"}, "answer-1")
    with at("2026-03-11 09:00"):
        matter.do("inspector", "close", {"deduction": "1.5", "ground": "县效能考评办法第十二条"}, "check-1")
    swept("2026-03-11 09:30")
    return matter.number


def frozen() -> int:
    return frozen_at("2026-03-12 09:00")


def frozen_at(moment: str) -> int:
    with at(moment) as now:
        by = who("office")
        scheme = actions.write_scheme(SCHEME.read_text("utf-8"), "350824", by=by, now=now)
        actions.freeze_scheme(scheme, by=by, now=now)
    return scheme


@pytest.mark.row("C8", "E7")
def test_an_overdue_decision_costs_points_and_the_sheet_names_the_case(sign_in):
    story = undecided()
    matter = struck_off(story)
    assert story.case.late
    assert not story.case.supervised
    assert cases.case_for(who("leader"), matter).state_label == "已销号"
    scheme, town = frozen(), org.unit_named("武平县桃溪镇人民政府").id
    with at("2026-04-01 09:00"):
        answer = sign_in("office").post("/desk/score/run", {"scheme": scheme, "period": "2026-03"})
        assert answer.status_code == 302, answer.content.decode()
        (info,) = queries.runs(who("office"), scheme)
        board = sign_in("leader").get(answer["Location"]).content.decode()
        page = sign_in("leader").get(f"/desk/score/{info.id}/{town}").content.decode()
    assert f"/desk/score/{info.id}/{town}" in board
    assert (
        "平台实测 7 / 8" in page
    )  # the decision too late; what window, village and stations did before and after in time
    assert "其中 桃溪镇 0/1、" in page
    assert "-1.50" in page
    assert reverse("desk:case", args=[story.number]) in page
    assert reverse("desk:case", args=[matter]) in page
    assert f"/desk/cases?numbers={matter}" in page
    sheet = queries.sheet(info.id, town, who("leader"))
    lines = {line.line.id: line for line in sheet.lines}
    on_time = lines["on_time"].evidence[0]
    assert on_time.cases == {"counted": [story.number], "against": [story.number]}
    stations = {b.name: (b.numerator, b.denominator) for b in on_time.brought}
    assert stations["桃溪镇"] == (0, 1)
    assert on_time.brought[0].name == "桃溪镇"  # the one that was late stands first
    assert (on_time.numerator, on_time.denominator) == tuple(map(sum, zip(*stations.values(), strict=True)))
    assert lines["supervised"].evidence[0].numerator == 1.5
    assert [e.verb for e in ledger.history("") if e.verb == "score.run"] == ["score.run"]


@pytest.mark.row("E7")
def test_anyone_recomputes_the_run_from_the_inputs_that_are_offered(sign_in):
    struck_off(undecided())
    scheme = frozen()
    with at("2026-04-01 09:00") as now:
        run = actions.run(scheme, "2026-03", by=who("office"), now=now)
        client = sign_in("leader")
        page = client.get(f"/desk/score/{run}/proof").content.decode()
        inputs = client.get(f"/desk/score/{run}/inputs.json")
        book = client.get(f"/desk/score/{run}/scores.xlsx")
        text = client.get(f"/desk/score/scheme/{scheme}").content.decode()
    digest = fingerprint(inputs.content.decode())
    assert "复算一致" in page
    assert digest in page
    assert digest == queries.frozen_inputs(run, who("leader"))[1]
    assert book.content[:2] == b"PK"
    assert "county-demo" in text
    assert "第1版" in text


@pytest.mark.row("C8")
def test_a_late_case_is_supervised_however_many_stand_before_it_for_good(monkeypatch):
    struck, waiting = undecided(), undecided()
    with at("2026-03-09 08:00") as now:
        sweeps.fire(now)
        sweeps.expire(now)
    with monkeypatch.context() as patch:  # only the first of the two is supervised, answered for and struck off
        patch.setattr(
            supervision,
            "_supervise",
            lambda row, now, do=supervision._supervise: row.number == struck.number and do(row, now),
        )
        struck_off(struck)
    assert struck.case.late and waiting.case.late
    assert not struck.case.supervised and not waiting.case.supervised
    assert struck.case.updated_at > waiting.case.updated_at  # it comes first, and is never supervised again
    monkeypatch.setattr(supervision, "BATCH", 1)
    with at("2026-03-11 10:00") as now:
        assert supervision.supervise(now) == 1
    assert waiting.case.supervised and not struck.case.supervised


@pytest.mark.row("G2", "C8")
def test_the_cockpit_lamp_burns_from_the_hour_the_step_is_late_and_opens_to_the_case(sign_in):
    story = undecided()
    town = org.unit_named("武平县桃溪镇人民政府").id
    leader = sign_in("leader")
    with at("2026-03-04 10:00"):
        before = leader.get("/cockpit/").content.decode()
        near = leader.get(f"/cockpit/cases?what=warn&place=350824&unit={town}").content.decode()
    assert "龙岩市武平县 将到期" in before
    assert story.number in near
    swept("2026-03-09 09:00")
    with at("2026-03-09 09:10"):
        after = leader.get("/cockpit/").content.decode()
        late = leader.get(f"/cockpit/cases?what=late&place=350824&unit={town}").content.decode()
        watched = leader.get("/cockpit/cases?what=supervised&place=350824").content.decode()
    assert "龙岩市武平县 已超期" in after
    assert f"/cockpit/cases?what=late&amp;place=350824&amp;unit={town}" in after
    assert reverse("desk:case", args=[story.number]) in late
    assert "审批决定" in late
    assert Case.objects.get(kind="supervision").number in watched


def test_weights_are_tried_without_writing_anything(sign_in):
    struck_off(undecided())
    scheme = frozen()
    with at("2026-04-01 09:00") as now:
        run = actions.run(scheme, "2026-03", by=who("office"), now=now)
        client = sign_in("office")
        whole = client.get(f"/desk/score/{run}/what-if").content.decode()
        part = client.get(f"/desk/score/{run}/what-if?w-on_time=0", headers={"HX-Request": "true"}).content.decode()
        wrong = client.get(f"/desk/score/{run}/what-if?w-on_time=-1")
    assert 'name="w-on_time"' in whole
    assert "还是方案原来的权重" in whole
    assert "<html" not in part
    assert 'id="o-w-on_time"' in part
    assert wrong.status_code == 422
    was = {r.unit: r.shown for r in queries.board(run, who("office"))}
    tried = {c.unit: (c.was, c.score) for c in queries.what_if(run, {"on_time": 0.0}, who("office"))}
    town = org.unit_named("武平县桃溪镇人民政府").id
    assert tried[town][0] == was[town]
    assert tried[town][1] > tried[town][0]  # without its late decision it stands better
    assert queries.recomputes(run)


def test_a_period_that_has_not_begun_and_a_scheme_not_offered_are_refused_at_the_field(sign_in):
    scheme = frozen()
    with at("2026-04-01 09:00"):
        client = sign_in("office")
        early = client.post("/desk/score/run", {"scheme": scheme, "period": "2026-05"})
        other = client.post("/desk/score/run", {"scheme": "99999", "period": "2026-03"})
    assert (early.status_code, other.status_code) == (422, 422)
    assert "还没有开始" in early.content.decode()
    assert "请选择一个已定稿的考评方案" in other.content.decode()


def test_a_handler_sees_the_sheet_of_the_own_unit_and_runs_nothing(sign_in):
    scheme, (town, other) = frozen(), (org.unit_named(f"武平县{name}人民政府").id for name in ("桃溪镇", "十方镇"))
    with at("2026-04-01 09:00") as now:
        for unit in (town, other):
            form = actions.NewFigure("county-demo", "key_projects", unit, "2026-03", 96.0, "发改局函〔2026〕3号")
            actions.report(form, by=who("office"), now=now)
        run = actions.run(scheme, "2026-03", by=who("office"), now=now)
        client = sign_in("town")
        assert client.get(f"/desk/score/{run}/{town}").status_code == 200
        assert client.get(f"/desk/score/{run}/{other}").status_code == 404
        assert client.get("/desk/score/run").status_code == 403
        board = client.get("/desk/score").content.decode()
        proof = client.get(f"/desk/score/{run}/proof").content.decode()
        assert client.get(f"/desk/score/{run}/inputs.json").status_code == 403
    assert "复算一致" in proof and queries.run_for(run, who("town")).digest in proof
    assert "由能查看整个地区成绩的人下载" in proof and "inputs.json" not in proof
    assert f"/desk/score/{run}/{town}" in board
    assert f"/desk/score/{run}/{other}" not in board


def test_without_a_run_the_board_says_why_it_is_empty(sign_in):
    with at("2026-04-01 09:00"):
        assert "还没有考评方案" in sign_in("leader").get("/desk/score").content.decode()
        frozen()
        assert "还没有算过考评" in sign_in("leader").get("/desk/score").content.decode()


@pytest.mark.row("E7")
def test_of_a_month_that_still_runs_nothing_is_late_that_is_not_due():
    story = undecided()  # the decision is due later
    scheme = frozen_at("2026-03-03 17:00")
    town = org.unit_named("武平县桃溪镇人民政府").id
    with at("2026-03-03 17:00") as now:
        run = actions.run(scheme, "2026-03", by=who("office"), now=now)
    so_far = Input.objects.get(run=run, measure="on_time_rate", unit_id=town)
    assert so_far.numerator == so_far.denominator > 0
    with at("2026-03-09 09:00") as now:
        run = actions.run(scheme, "2026-03", by=who("office"), now=now)
    late = Input.objects.get(run=run, measure="on_time_rate", unit_id=town)
    assert (late.numerator, late.denominator) == (so_far.numerator, so_far.denominator + 1)
    assert late.cases["against"] == [story.number]
