"""While the statutory clock rests: visits beside each other, extensions, and what an officer or a system may give as a time."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from mashang.approvals.actions.forms import Evidence, StartVisit
from mashang.cases import queries as cases
from mashang.cases.actions import common
from mashang.cases.models import Notice
from mashang.cases.rules import parse
from mashang.catalogue import actions as catalogue_actions
from mashang.catalogue import queries as catalogue
from mashang.clocks import queries as clocks
from mashang.clocks.rules import ClockRow
from mashang.documents import queries as documents
from mashang.documents.models import Issued
from mashang.documents.rules.wording import worded
from mashang.kernel import clock
from mashang.kernel.refused import Refused

from .story import Story, accepted, at, change_steps, hand_in_house, publish_steps, upload, who

pytestmark = [pytest.mark.django_db]
VISIT = {"purpose": "现场踏勘", "expected": "2026-03-10T11:30:00+08:00"}
BIG = "9" * 25


def statutory(story: Story) -> ClockRow:
    return next(r for r in clocks.clocks_of(story.case.pk) if r.code == "XK-45" and r.step_id is None)


def paper(story: Story, kind: str) -> str:
    """The words of the newest document of this kind."""
    row = Issued.objects.filter(case=story.number, kind=kind).latest("issued_at")
    return "".join("".join(part) for part in worded(kind, documents.opened(row)["facts"], row.title))


def test_what_is_extended_while_the_clock_rests_has_no_day_yet_and_says_so(sign_in):
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", VISIT, "visit")
    with at("2026-03-04 09:30"):
        address = reverse("desk:press", args=[story.number, "extend"])
        answer = sign_in("townlead").post(address, {"ground": "案情复杂需要论证", "days": "10", "key": "k"})
    assert answer.status_code == 302 and statutory(story).due_at is None
    assert "办理期限延长10 个工作日。现在依法停表，到期日期在恢复计时后重新计算。" in paper(story, "extension")
    sms = Notice.objects.filter(case=story.case, channel="sms").latest("id").text
    assert sms.endswith("延期 10 个工作日：案情复杂需要论证。现在停表，到期日期在恢复计时后重新计算。")
    with at("2026-03-05 09:30"):
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
    assert statutory(story).due_at is not None


def test_an_extension_of_a_running_clock_names_its_day():
    story = accepted()
    with at("2026-03-04 09:30"):
        story.do("townlead", "extend", {"ground": "案情复杂需要论证。", "days": 10})
    due = statutory(story).due_at
    assert due and f"延长至{due.year}年{due.month}月{due.day}日。" in paper(story, "extension")
    assert "论证，不能在原期限内" in paper(story, "extension")


def two_visits(ground: str) -> Story:
    """The house with a second visit, the land office's, that suspends on this ground; both begun."""
    steps = catalogue.current("rural-house").spec.steps
    visit = next(s for s in steps if s.code == "visit")
    other = {"code": "second", "label": "第二次踏勘", "role": "land", "ground": ground}
    with at("2026-02-27 09:00"):
        publish_steps((*steps, visit.model_copy(update=other)))
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", VISIT, "visit")
        story.do("land", "start_visit", {**VISIT, "expected": "2026-03-05T11:30:00+08:00"}, "second")
    return story


@pytest.mark.parametrize("ground", ["inspection", "testing"])
@pytest.mark.parametrize("order", [("second", "visit"), ("visit", "second")])
def test_two_visits_beside_each_other_suspend_until_the_last_of_them_is_done(ground, order):
    story = two_visits(ground)
    logins = {"visit": "village", "second": "land"}
    with at("2026-03-03 10:00"), pytest.raises(Refused) as no:
        story.do("land", "start_visit", VISIT, "second")
    assert no.value.code == "clock.suspended"
    states = []
    for moment, step in zip(("2026-03-04 09:30", "2026-03-09 09:30"), order, strict=True):
        with at(moment):
            login = logins[step]
            story.do(login, "finish_visit", {**story.evidence(login), "passed": True}, step)
        states.append(statutory(story).state)
    assert states == ["suspended", "running"]
    alone = accepted()
    with at("2026-03-03 09:30"):
        alone.do("village", "start_visit", VISIT, "visit")
    with at("2026-03-09 09:30"):
        alone.do("village", "finish_visit", {**alone.evidence("village"), "passed": True}, "visit")
    assert statutory(story).due_at == statutory(alone).due_at


def told(story: Story, verb: str) -> list[str]:
    """What the timeline says of this verb."""
    lines = cases.timeline(cases.case_for(who("office"), story.number), who("office"))
    return [line.text for line in lines if line.verb == f"application.{verb}"]


def test_the_clock_runs_again_with_the_last_visit_and_each_names_the_law_of_its_ground():
    story = two_visits("testing")
    began = [words.partition("，")[0] for words in told(story, "start_visit")]
    assert began == ["停表：现场踏勘（行政许可法第四十五条）"] * 2
    assert "。依据行政许可法第四十五条，这段时间不计入办理期限。" in paper(story, "special")
    for moment, step in (("2026-03-04 09:30", "second"), ("2026-03-09 09:30", "visit")):
        with at(moment):
            login = {"visit": "village", "second": "land"}[step]
            story.do(login, "finish_visit", {**story.evidence(login), "passed": True}, step)
    assert told(story, "finish_visit") == ["第二次踏勘完成，1 张照片", "现场踏勘完成，停表结束，1 张照片"]


def test_a_ground_taken_by_analogy_is_told_as_such():
    with at("2026-02-27 09:00"):
        change_steps(visit={"ground": "site_visit"})
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", VISIT, "visit")
    assert told(story, "start_visit")[0].startswith("停表：现场踏勘（参照行政许可法第四十五条检验、检测），")
    assert "。参照行政许可法第四十五条检验、检测，这段时间" in paper(story, "special")


def test_where_no_statutory_clock_runs_a_visit_suspends_none_and_says_of_none():
    with at("2026-02-27 09:00"):
        spec = catalogue.current("rural-house").spec
        without = {"statutory": "", "statutory_note": "法律没有规定"}
        items = tuple(item.model_copy(update=without) for item in spec.items)
        form = spec.model_copy(update={**without, "items": items})
        catalogue_actions.draft(form, by=who("editor"), now=clock.now())
        catalogue_actions.publish("rural-house", by=who("editor"), now=clock.now())
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", VISIT, "visit")
    assert told(story, "start_visit") == ["现场踏勘，预计 3月10日 11:30，已告知申请人"]
    assert not Issued.objects.filter(case=story.number, kind="special").exists()
    assert "停表" not in Notice.objects.filter(case=story.case, channel="sms").latest("id").text
    with at("2026-03-04 09:30"):
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
    assert told(story, "finish_visit") == ["现场踏勘完成，1 张照片"]


def test_a_step_done_right_after_its_pause_was_due_when_the_time_left_ends():
    """A visit with a clock of its own and no promise: two working days, of which a week of testing is no part."""
    with at("2026-02-27 09:00"):
        change_steps(visit={"promised": "", "rule": "FD-x", "statutory": "2wd", "suspends": True, "ground": "testing"})
    story = accepted()
    with at("2026-03-02 15:00"):
        story.do("village", "start_visit", {**VISIT, "expected": "2026-03-09T11:30:00+08:00"}, "visit")
    assert story.step("visit").held
    with at("2026-03-09 09:30"):
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
    done = story.step("visit")
    clock_ = next(r for r in clocks.clocks_of(story.case.pk) if r.step_id == done.pk)
    assert (done.state, done.held, clock_.state) == ("done", False, "stopped")
    assert done.due_at == clock_.due_at and done.due_at > done.done_at


@pytest.mark.parametrize(
    "expected", ["9999-12-31T23:59:00-12:00", "0001-01-01T00:00:00+14:00", "9999-12-31", 20_000_000_000, 1e300, -1e18]
)
def test_a_time_that_no_zone_can_say_is_a_fault_at_its_field(expected: Any):
    with pytest.raises(Refused) as no:
        parse(StartVisit, {"expected": expected})
    assert [f.field for f in no.value.faults] == ["expected"]
    with pytest.raises(Refused) as no:
        parse(Evidence, {"photos": [1], "latitude": 25, "longitude": 116, "taken_at": expected})
    assert [f.field for f in no.value.faults] == ["taken_at"]


def test_a_number_that_no_row_can_have_is_a_fault_at_its_field():
    with at("2026-03-02 09:10"):
        for given in ({"materials": {"identity": BIG}}, {"materials": {"identity": 0}}, {"acting_for": BIG}):
            with pytest.raises(Refused) as no:
                hand_in_house("citizen", **given)
            assert no.value.faults[0].field.split(".")[0] == next(iter(given))
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
        story.do("window", "notice", {"missing": ["户口簿"]}, "intake")
        with pytest.raises(Refused) as no:
            story.do("citizen", "supplement", {"materials": {"household": BIG}})
        assert no.value.faults[0].field == "materials.household"
        with pytest.raises(Refused):  # a number that a row may have, and none has
            story.do("citizen", "supplement", {"materials": {"household": 2**63 - 1}})
    for form, data in ((common.Assign, {"staff": BIG}), (common.HandOver, {"unit": BIG, "reason": "属其职责"})):
        with pytest.raises(Refused):
            parse(form, data)


@pytest.mark.parametrize("until", ["9999-12-31", "2200-01-01"])
def test_a_day_beyond_reason_is_a_fault_and_none_of_ours(until):
    with at("2026-03-02 09:10"):
        files = {code: upload(who("citizen")) for code in ("identity", "household", "drawing")}
        story = hand_in_house("citizen", materials=files)
        with pytest.raises(Refused) as no:
            story.do("window", "accept", {"later_until": until}, "intake")
    assert no.value.code == "calendar.outside"


def test_a_visit_that_suspends_already_is_not_offered_once_more():
    story = accepted()

    def offered() -> set[str]:
        by = who("village")
        return {press.action.code for press in cases.available(cases.case_for(by, story.number), by)}

    with at("2026-03-03 09:30"):
        assert {"start_visit", "finish_visit"} <= offered()
        story.do("village", "start_visit", VISIT, "visit")
        assert "start_visit" not in offered() and "finish_visit" in offered()


def test_the_expected_end_of_a_visit_lies_within_half_a_year_and_is_told_with_its_year():
    with at("2026-12-21 09:10"):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
    with at("2026-12-22 09:30"):
        with pytest.raises(Refused) as no:
            story.do("village", "start_visit", {**VISIT, "expected": "2027-12-20T10:00:00+08:00"}, "visit")
        assert (no.value.code, no.value.field) == ("visit.far", "expected")
        story.do("village", "start_visit", {**VISIT, "expected": "2027-01-05T10:00:00+08:00"}, "visit")
    with at("2026-12-23 09:30"):
        assert "，预计 2027年1月5日 10:00，" in told(story, "start_visit")[0]
        with translation.override("en"):
            assert "expected until 2027-01-05 10:00" in told(story, "start_visit")[0]
    assert "，预计 2027年1月5日 10:00 前完成。依据" in paper(story, "special")
