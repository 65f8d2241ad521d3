"""Schemes scored over the API as the command scores them; the platform's runs as far as a token reaches."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from mashang import performance
from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor
from mashang.ledger.queries import history
from mashang.org import queries as org
from mashang.performance import actions, models
from mashang.performance.rules import output
from mashang.performance.rules.engine import evaluate
from mashang.performance.rules.frozen import fingerprint, freeze
from mashang.performance.rules.parse import parse, toml
from mashang.performance.rules.table import table_from
from mashang.site.messages import CHINESE

from .test_cases import at
from .test_texts import points, told

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ASEM = Path(performance.__file__).parent / "data" / "asem"
SCHEME = """
[scheme]
code = "two"
name = "两项"
[nodes.total]
name = "总分"
[indicators.speed]
name = "按时率"
parent = "total"
weight = 60
method = { kind = "as-is" }
[indicators.praise]
name = "好评率"
parent = "total"
weight = 40
method = { kind = "as-is" }
"""
ROWS = [{"unit": "甲镇", "speed": 90, "praise": "80"}, {"unit": "乙镇", "speed": 70.5, "praise": 95}]


@pytest.fixture
def scores(admit):
    return admit("score:use")


def test_rows_are_scored_to_every_node(scores):
    found = told(scores.call("POST", "/score/run", {"scheme": SCHEME, "values": ROWS}))
    first, second = found["units"]
    assert (first["unit"], first["scores"][0]["node"], first["scores"][0]["rank"]) == ("甲镇", "total", 1)
    assert first["scores"][0]["score"] == pytest.approx(86) and second["scores"][0]["score"] == pytest.approx(80.3)
    assert [s["node"] for s in first["scores"]] == ["total", "speed", "praise"]
    assert first["scores"][0]["of"] == 2 and first["scores"][0]["shown"] == "86.00"


def test_rows_and_csv_give_one_digest_which_is_the_commands(scores):
    text = "unit,speed,praise\n甲镇,90,80\n乙镇,70.5,95\n"
    by_rows = told(scores.call("POST", "/score/run", {"scheme": SCHEME, "values": ROWS}))
    by_text = told(scores.call("POST", "/score/run", {"scheme": SCHEME, "values": text}))
    assert by_rows == by_text
    scheme = parse(toml(SCHEME.encode()))
    assert by_rows["digest"] == fingerprint(freeze(scheme, table_from(text.encode(), "values.csv", scheme)))


def test_a_published_index_comes_out_to_the_last_digit(scores):
    """The whole ASEM index: what the engine gives is what the API tells."""
    scheme_text, values = (ASEM / "scheme.toml").read_text("utf-8"), (ASEM / "values.csv").read_text("utf-8")
    found = told(scores.call("POST", "/score/run", {"scheme": scheme_text, "values": values}))
    scheme = parse(toml(scheme_text.encode()))
    rows = output.scores_long(evaluate(scheme, table_from(values.encode(), "v.csv", scheme)))
    expected = {(r["unit"], r["node"]): r["score"] for r in csv.DictReader(io.StringIO(output.as_csv(rows)))}
    given = {(u["unit"], s["node"]): s["score"] for u in found["units"] for s in u["scores"]}
    assert {k: float(v) if v else None for k, v in expected.items()} == given
    assert len(found["units"]) == 51


def test_a_sound_scheme_is_told_what_it_holds(scores):
    found = told(scores.call("POST", "/score/check", {"scheme": SCHEME}))
    assert (found["code"], found["name"], found["nodes"], found["indicators"], found["units"]) == (
        "two",
        "两项",
        1,
        2,
        0,
    )
    more = [{**row, "other": 1} for row in ROWS]
    found = told(scores.call("POST", "/score/check", {"scheme": SCHEME, "values": more}))
    assert found["units"] == 2 and found["notices"] == ["没有用到的列：other。"]


LATIN = {"unit": "丙镇", "speed": "many", "praise": 1}
# scheme, values, where it is wrong
WRONG = [
    ("[scheme", ROWS, ["#/scheme"]),
    (SCHEME.replace("weight = 60", "weight = 50"), ROWS, ["#/scheme"]),
    ("a = " + "[" * 5000, ROWS, ["#/scheme"]),  # brackets without end
    ("a = " + "9" * 5000, ROWS, ["#/scheme"]),  # a number without end
    (".".join("a" * 5000) + " = 1", ROWS, ["#/scheme"]),  # tables without end
    ("\ud800", ROWS, ["#/scheme"]),
    (SCHEME, [*ROWS, LATIN], ["#/values/2/speed"]),
    (SCHEME, [*ROWS, ROWS[0]], ["#/values/2/unit"]),
    (SCHEME, [ROWS[0], {"unit": "乙镇", "speed": 1}], ["#/values/1/praise"]),
    (SCHEME, [ROWS[0], {"unit": "乙镇", "speed": True, "praise": [1]}], ["#/values/1/speed", "#/values/1/praise"]),
    (SCHEME, [ROWS[0], 5], ["#/values/1"]),
    (SCHEME, [], ["#/values"]),
    (SCHEME, {}, ["#/values"]),
    (SCHEME, ROWS * 1001, ["#/values"]),  # too many
    (SCHEME, [{"unit": "a" * 5, **{f"c{n}-{m}": 1 for m in range(10)}} for n in range(900)], ["#/values"]),  # too wide
    (SCHEME, "unit,speed\n甲镇,x\n", ["#/values"]),
    (SCHEME, "unit,speed,praise\n甲镇,x,5\n", ["#/values"]),
    (SCHEME, "unit,speed,praise\n甲镇,1,\n", ["#/values"]),
    (SCHEME, "", ["#/values"]),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "values", "where"), WRONG)
@pytest.mark.parametrize("operation", ["run", "check"])
def test_faults_point_to_the_scheme_or_to_row_and_column(scores, operation, scheme, values, where):
    body = {"scheme": scheme, "values": values}
    assert list(dict.fromkeys(points(scores.call("POST", f"/score/{operation}", body)))) == where


# values of which some cells can't be read, and every fault there is
ALL = [
    ([ROWS[0], LATIN, {"unit": "丁镇", "speed": 5}], ["#/values/1/speed", "#/values/2/praise"]),
    ([LATIN, {"unit": "丁镇", "speed": "few", "praise": 1}], ["#/values/0/speed", "#/values/1/speed"]),
    ("unit,speed,praise\n甲镇,x,\n乙镇,y,8\n", ["#/values"] * 3),
]


@pytest.mark.parametrize(("values", "where"), ALL, ids=range(len(ALL)))
@pytest.mark.parametrize("operation", ["run", "check"])
def test_beside_cells_that_cannot_be_read_all_other_faults_are_told(scores, operation, values, where):
    assert points(scores.call("POST", f"/score/{operation}", {"scheme": SCHEME, "values": values})) == where


def test_all_faults_of_a_scheme_come_at_once(scores):
    answer = scores.call("POST", "/score/check", {"scheme": SCHEME.replace('parent = "total"', 'parent = "none"')})
    assert answer.status_code == 422 and len(answer.json()["errors"]) > 2


@pytest.fixture
def run() -> int:
    """The county's scheme, frozen, and March scored."""
    by, text = Actor.system("tests"), (ASEM.parent / "county-demo" / "scheme.toml").read_text("utf-8")
    with at("2026-04-02 09:00"):
        scheme = actions.write_scheme(text, "350824", by=by, now=clock.now())
        actions.freeze_scheme(scheme, by=by, now=clock.now())
        for unit in (u.id for u in org.units_in("350824") if u.scheme_class):
            figure = actions.NewFigure("county-demo", "key_projects", unit, "2026-03", 96.0, "演示数据")
            actions.report(figure, by=by, now=clock.now())
        return actions.run(scheme, "2026-03", by=by, now=clock.now())


def test_runs_are_seen_as_far_as_the_token_reaches(admit, run):
    county, town = admit("score:read", region="350824"), admit("score:read", unit="武平县桃溪镇人民政府")
    other = admit("score:read", region="350623")
    [line] = told(county.get("/scores"))["items"]
    assert (line["id"], line["region"], line["period"], len(line["digest"])) == (run, "350824", "2026-03", 64)
    assert told(county.get("/scores?period=2026-02"))["items"] == []
    assert told(county.get("/scores?region=3508&limit=1"))["items"] == [line]
    whole, one = told(county.get(f"/scores/{run}")), told(town.get(f"/scores/{run}"))
    assert len(whole["units"]) > len(one["units"]) == 1 and one["units"][0] in whole["units"]
    assert whole["digest"] == line["digest"] and whole["units"][0]["rank"] == 1
    assert told(other.get("/scores"))["items"] == []
    assert other.get(f"/scores/{run}").status_code == 404
    with sql.statements() as few:
        county.get("/scores")
    by, text = Actor.system("tests"), (ASEM.parent / "county-demo" / "scheme.toml").read_text("utf-8")
    for code in ("second", "third"):
        actions.write_scheme(text.replace("county-demo", code), "350824", by=by, now=clock.now())
    with sql.statements() as many:
        assert told(county.get("/scores"))["items"] == [line]
    assert len(many) == len(few)
    assert county.get(f"/scores/{run + 1}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/score/run"), ("POST", "/score/check"), ("GET", "/scores"), ("GET", "/scores/1")]
)
def test_each_scope_opens_its_own(admit, method, path):
    use, read = admit("score:use"), admit("score:read")
    other = admit("cases:read", "cases:write", "text:use", "catalogue:read")
    body: Any = {"scheme": SCHEME, "values": ROWS} if method == "POST" else None
    status = {name: system.call(method, path, body).status_code for name, system in (("use", use), ("read", read))}
    assert other.call(method, path, body).status_code == 403
    assert (status["use"] == 403, status["read"] == 403) == (method == "GET", method == "POST")


def test_every_fault_of_scheme_and_values_is_told_in_english(scores):
    scheme = SCHEME.replace('kind = "as-is"', 'kind = "guess"', 1).replace(
        'parent = "total"\nweight = 40', 'parent = "top"\nweight = 40'
    )
    values = [{"unit": "one", "speed": "９０", "praise": "many"}, {"unit": "one", "speed": 70.5}]
    for asked in ({"scheme": scheme}, {"scheme": SCHEME, "values": values}):
        answer = scores.call(
            "POST",
            "/score/run" if "values" in asked else "/score/check",
            {**asked, "values": values},
            Accept_Language="en",
        )
        assert answer.status_code == 422, answer.content.decode()
        details = [fault["detail"] for fault in answer.json()["errors"]]
        assert len(details) >= 2
        assert not [d for d in details if CHINESE.search(re.sub("“[^”]*”", "", d))], details


def test_what_was_not_used_is_told_in_english(scores):
    asked = {"scheme": SCHEME, "values": [{**row, "other": 1} for row in ROWS]}
    for path in ("/score/check", "/score/run"):
        assert told(scores.call("POST", path, asked, Accept_Language="en"))["notices"] == ["Columns not used: other."]


FIGURE = {
    "scheme": "county-demo",
    "indicator": "key_projects",
    "period": "2026-02",
    "value": 2,
    "evidence": "省政府通报",
}


def town() -> int:
    return org.unit_named("武平县桃溪镇人民政府").id


def test_a_figure_is_reported_once_whoever_sends_it_again(admit, run):
    system = admit("score:report", unit="武平县桃溪镇人民政府")
    with at("2026-04-03 09:00"):
        first = system.call("POST", "/figures", {**FIGURE, "unit": town()})
        again = system.call("POST", "/figures", {**FIGURE, "unit": town()})
        other = system.call("POST", "/figures", {**FIGURE, "unit": town(), "value": 3})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409), other.content.decode()
    assert first.json() == again.json()
    assert (first.json()["value"], first.json()["stands"]) == (2, True)
    assert other.json()["code"] == "conflict.figure"
    assert models.Figure.objects.filter(period="2026-02").count() == 1
    assert [e.by for e in history("") if e.verb == "figure.reported"][-1] == f"client:{system.id}"


def test_bonuses_are_reported_by_a_system_of_the_county_not_by_one_of_the_unit(admit, run):
    own, county = admit("score:report", unit="武平县桃溪镇人民政府"), admit("score:report")
    bonus = {**FIGURE, "indicator": "awards", "unit": town()}
    with at("2026-04-03 09:00"):
        assert own.call("POST", "/figures", bonus).json()["code"] == "figure.office"
        assert county.call("POST", "/figures", bonus).status_code == 201


def test_figures_of_units_out_of_reach_are_not_there(admit, run):
    system = admit("score:report", unit="武平县桃溪镇人民政府")
    with at("2026-04-03 09:00"):
        for unit in (org.unit_named("武平县十方镇人民政府").id, 999_999):
            assert system.call("POST", "/figures", {**FIGURE, "unit": unit}).status_code == 404
    assert not models.Figure.objects.filter(period="2026-02").exists()


def test_faults_of_a_figure_come_at_once_and_point_to_their_fields(admit, run):
    system = admit("score:report")
    wrong = {**FIGURE, "unit": town(), "indicator": "on_time", "period": "2026-13"}
    with at("2026-04-03 09:00"):
        assert points(system.call("POST", "/figures", wrong)) == ["#/period", "#/indicator"]
        for name in ("scheme", "indicator"):
            nul = system.call("POST", "/figures", {**FIGURE, "unit": town(), name: "a\x00b"})
            assert nul.status_code == 422 and points(nul) == ["#/indicator"]
        for value in ("2", True, None, 1e300):
            answer = system.call("POST", "/figures", {**FIGURE, "unit": town(), "value": value})
            assert (answer.status_code, points(answer)) == (422, ["#/value"])
