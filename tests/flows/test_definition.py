"""What a definition says of its steps is what happens: clocks, visits, which document comes with which step."""

from __future__ import annotations

import pytest

from mashang.cases import queries as cases
from mashang.catalogue import queries
from mashang.clocks.queries import rule_for
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.refused import Refused

from .story import Story, at, change_steps, hand_in_house, publish_steps, who

pytestmark = [pytest.mark.django_db]


def begun(*presses: str) -> Story:
    """Handed in and accepted, then reviewed by all three; what `presses` names besides, before the decision."""
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
    with at("2026-03-02 09:45"):
        story.do("window", "accept", {}, "intake")
    with at("2026-03-03 09:30"):
        for unit, code in (("village", "qualification"), ("planning", "planning"), ("land", "land")):
            story.do(unit, "review", {"passed": True, "opinion": "符合要求"}, code)
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    return story


def clocks(story: Story) -> dict[tuple[str, str], str]:
    view = cases.case_for(who("town"), story.number)
    names = {s.id: s.code for s in view.steps}
    return {(c.code, names.get(c.step_id, "")): c.state for c in cases.clocks_of(view)}


def visited(story: Story) -> None:
    with at("2026-03-03 10:00"):
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30:00+08:00"}, "visit")
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")


@pytest.mark.row("A9", "A24")
def test_the_ten_days_for_handing_over_the_certificate_run_from_the_decision():
    story = begun()
    visited(story)
    assert ("XK-SD", "certificate") not in clocks(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
    assert clocks(story)["XK-SD", "certificate"] == "running"
    served = next(c for c in cases.clocks_of(cases.case_for(who("town"), story.number)) if c.code == "XK-SD")
    assert (served.limit, clock.local(served.due_at).date().isoformat()) == ("10wd", "2026-03-18")
    with at("2026-03-04 11:00"):
        story.do("window", "issue", {}, "certificate")
    assert clocks(story)["XK-SD", "certificate"] == "stopped"


def test_several_steps_that_issue_give_each_its_own_and_the_promise_lasts_until_the_last():
    steps = queries.current("rural-house").spec.steps
    certificate = next(s for s in steps if s.code == "certificate")
    two = (
        certificate.model_copy(update={"produces": ("planning-permit",)}),
        certificate.model_copy(
            update={"code": "homestead", "label": "制发批准书", "produces": ("homestead-approval",)}
        ),
    )
    with at("2026-02-27 09:00"):
        publish_steps(tuple(t for s in steps for t in (two if s.code == "certificate" else (s,))))
    story = begun()
    visited(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        assert story.case.state == "accepted" and clocks(story)["CN-x", ""] == "running"
        assert [d.title for d in documents.of_case(story.number) if d.number.endswith("-01")] == ["乡村建设规划许可证"]
        assert not any(d.title == "农村宅基地批准书" for d in documents.of_case(story.number))
        story.do("window", "issue", {}, "homestead")
    assert story.case.state == "granted" and clocks(story)["CN-x", ""] == "stopped"
    results = {d.number.removeprefix(story.number): d.title for d in documents.of_case(story.number)}
    assert results["-02"] == "农村宅基地批准书"


def test_a_case_is_settled_only_when_nothing_is_left_to_do():
    beside = {"after": ("certificate",), "opens": "request"}
    with at("2026-02-27 09:00"):
        change_steps(key_stage_check=beside)
    story = begun()
    visited(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        story.do("planning", "check_site", {**story.evidence("planning"), "finding": "good"}, "key-stage-check")
        assert (story.case.state, story.step("setting-out-check").state) == ("granted", "open")
        story.do("planning", "check_site", {**story.evidence("planning"), "finding": "good"}, "setting-out-check")
    assert story.case.state == "completed"


def test_a_visit_that_stops_no_clock_has_no_button_to_stop_one():
    with at("2026-02-27 09:00"):
        change_steps(visit={"suspends": False, "ground": ""})
    story = begun()
    by = who("village")
    with at("2026-03-03 10:00"):
        offered = {p.action.code for p in cases.available(cases.case_for(by, story.number), by)}
        assert "visit" in offered and not {"start_visit", "finish_visit"} & offered
        story.do("village", "visit", {**story.evidence("village"), "passed": True}, "visit")
        assert clocks(story)["XK-45", ""] == "running"
    view = cases.case_for(who("citizen"), story.number)
    assert cases.timeline(view, who("citizen"))[-1].text == "现场踏勘完成，1 张照片"


def test_the_clock_stops_on_the_ground_that_the_definition_names():
    assert rule_for("XK-45").ground("expert_review")
    with at("2026-02-27 09:00"):
        change_steps(visit={"ground": "expert_review"})
    story = begun()
    with at("2026-03-03 10:00"):
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30:00+08:00"}, "visit")
    stopped = next(c for c in cases.clocks_of(cases.case_for(who("town"), story.number)) if c.code == "XK-45")
    assert [p.ground for p in stopped.pauses] == ["expert_review"]


def test_clocks_and_grounds_that_nobody_knows_are_not_published():
    wrong: dict[str, dict[str, object]] = {
        "land": {"rule": "XK-99"}, "planning": {"rule": "RX-x"}, "decision": {"rule": "XK-SD"}, "visit": {"ground": "siesta"},
        "acceptance": {"produces": ("sheep",)},
    }  # fmt: skip
    with pytest.raises(Refused) as no:
        change_steps(**wrong)
    told = {fault.code.removeprefix("catalogue."): fault.text for fault in no.value.faults}
    assert {"rule", "rule-limit", "unknown-ground", "produces"} <= told.keys()
    texts = " ".join(fault.text for fault in no.value.faults)
    for words in (
        "“XK-99”不在时钟目录里",
        "“RX-x”没有自己的期限",
        "只能是 XK-20、XK-45、FD-x",
        "“siesta”不在",
        "“sheep”不是办理结果",
    ):
        assert words in texts
    assert queries.current("rural-house").number == 1


def test_the_definition_says_which_law_limits_the_decision():
    with at("2026-02-27 09:00"):
        change_steps(decision={"rule": "XK-20"})
    assert clocks(begun()).keys() >= {("XK-20", ""), ("CN-x", "")}
