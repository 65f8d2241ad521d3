"""容缺: what may follow acceptance has its own clock against the applicant; the unit's go on beside it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mashang.approvals import queries as approvals
from mashang.approvals.models import Refusal
from mashang.cases import queries as cases
from mashang.cases import sweeps
from mashang.cases.models import Expiry, Notice
from mashang.catalogue import queries as catalogue
from mashang.clocks import queries as clocks
from mashang.documents import queries as documents
from mashang.documents.models import Issued
from mashang.documents.rules.wording import worded
from mashang.kernel import clock
from mashang.kernel.refused import Refused

from .story import Story, at, hand_in_house, publish_steps, reviewed, text_of, upload, verbs_of, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("A12")]


def lacking(until: str = "2026-03-11") -> Story:
    """A house application accepted without the neighbours' consent, which is to follow."""
    with at("2026-03-02 09:10"):
        files = {code: upload(who("citizen")) for code in ("identity", "household", "drawing")}
        story = hand_in_house("citizen", materials=files)
        story.do("window", "accept", {"later_until": until}, "intake")
    return story


def swept(moment: str) -> None:
    with at(moment):
        sweeps.fire(clock.now())
        sweeps.expire(clock.now())


def told(story: Story) -> list[str]:
    return list(
        Notice.objects.filter(case__number=story.number, person__isnull=False, channel="sms")
        .order_by("id").values_list("text", flat=True)
    )  # fmt: skip


def following(story: Story) -> list[str]:
    return [row.state for row in clocks.clocks_of(story.case.pk) if row.code == "RQ-x"]


def test_the_applicant_is_told_what_by_when_and_what_comes_of_missing_it(sign_in):
    story = lacking()
    assert "在2026年3月11日前补交，逾期视为撤回" in told(story)[-1]
    with at("2026-03-03 09:00"):
        page = text_of(sign_in("citizen").get(f"/my/{story.number}"))
    assert "容缺，3月11日前补，逾期视为撤回" in page and "补交容缺材料" in page


def test_the_notice_of_acceptance_names_what_is_to_follow():
    facts = {"item": "建房", "due": "2026年3月5日 17:30"}
    plain, nothing, after = worded("acceptance", facts, "")
    assert nothing == () and "材料齐全、符合法定形式" in plain[0] and not any("补交" in words for words in after)
    more, listed, after = worded("acceptance", {**facts, "follow": ["四邻意见"], "until": "2026年3月11日"}, "")
    assert listed == ("四邻意见",) and "主要材料齐全" in more[0]
    assert "2026年3月11日前补交" in after[0] and "视为撤回申请" in after[0]


BY_WHEN = [
    ({}, "本件承诺于2026年3月5日 17:30前办结。"),  # as older documents have it
    ({"limit": "promised"}, "本件承诺于2026年3月5日 17:30前办结。"),
    ({"limit": "instant", "due": "当场"}, "本件承诺当场办结。"),
    ({"limit": "statutory"}, "本件依法应于2026年3月5日 17:30前作出决定。"),
    ({"limit": "none", "due": "没有规定"}, "本件的办结期限：没有规定。"),
]


@pytest.mark.parametrize(("facts", "said"), BY_WHEN)
def test_the_notice_of_acceptance_promises_what_is_promised(facts, said):
    plain, _nothing, _after = worded("acceptance", {"item": "建房", "due": "2026年3月5日 17:30", **facts}, "")
    assert plain[1].startswith(said)


def accepted_as(story: Story) -> str:
    row = Issued.objects.get(case=story.number, kind="acceptance")
    return "".join(worded("acceptance", documents.opened(row)["facts"], row.title)[0])


def test_where_nothing_is_promised_the_statutory_day_is_told_and_never_the_applicants():
    publish_steps([s.model_copy(update={"promised": ""}) for s in catalogue.current("rural-house").spec.steps])
    story = lacking("2026-03-05")
    due = next(r.due_at for r in clocks.clocks_of(story.case.pk) if r.code == "XK-45")
    day = f"{due.year}年{clock.in_words(due)}"
    assert f"本件依法应于{day}前作出决定" in accepted_as(story)
    assert f"已受理，应于{day}前作出决定。" in told(story)[-1] and "承诺" not in told(story)[-1]
    view = cases.case_for(who("town"), story.number)
    assert "受理" in [line.text for line in cases.timeline(view, who("town"))]


def test_what_counts_as_accepted_for_silence_is_not_said_to_be_whole():
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
    swept("2026-03-10 09:00")
    words = accepted_as(story)
    assert "第三十二条第一款第四项，自收到申请材料之日起即为受理" in words and "齐全" not in words
    assert "自收到材料之日起视为受理，承诺3个工作日内办结。" in told(story)[-1]


def test_the_time_of_the_applicant_is_never_shown_as_the_units():
    story = lacking("2026-03-03")
    promised = next(r for r in clocks.clocks_of(story.case.pk) if r.code == "CN-x" and r.step_id is None)
    assert story.case.due_at == promised.due_at
    assert following(story) == ["running"]


def test_a_day_before_the_applicant_is_reminded_and_afterwards_it_counts_as_withdrawn(sign_in):
    story = lacking()
    swept("2026-03-11 09:00")
    assert "remind_later" in verbs_of(story.number) and "逾期视为撤回申请" in told(story)[-1]
    assert story.case.state == "accepted"
    swept("2026-03-12 00:30")
    assert story.case.state == "lapsed"
    assert verbs_of(story.number)[-1] == "lapse" and "视为撤回" in told(story)[-1]
    assert not story.case.steps.filter(state__in=("open", "waiting")).exists()
    assert following(story) == ["stopped"]
    assert "视为撤回" in text_of(sign_in("citizen").get(f"/my/{story.number}"))
    done = verbs_of(story.number)
    swept("2026-06-30 09:00")
    assert verbs_of(story.number) == done, "no clock of a settled case runs"


def test_what_followed_stops_the_clock_and_cannot_be_exchanged_afterwards(sign_in):
    story = lacking()
    with at("2026-03-05 10:00"):
        story.do("citizen", "hand_later", {"materials": {"neighbours": upload(who("citizen"))}})
        assert following(story) == ["stopped"]
        address = reverse("hall:press", args=[story.number, "hand_later"])
        assert address not in sign_in("citizen").get(f"/my/{story.number}").content.decode()
        with pytest.raises(Refused) as no:
            story.do("citizen", "hand_later", {"materials": {"neighbours": upload(who("citizen"))}})
        assert no.value.code == "material.here"
    swept("2026-03-12 00:30")
    assert story.case.state == "accepted"
    states = {m["code"]: m["state"] for m in approvals.folder(story.case.pk).materials}
    assert states["neighbours"] == "handed"


def test_a_no_that_waits_is_overtaken():
    story = lacking()
    reviewed(story)
    with at("2026-03-04 10:00"):
        grounds = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选地块再申请"}
        story.do("town", "propose_refusal", grounds, "decision")
    swept("2026-03-12 00:30")
    assert story.case.state == "lapsed" and Refusal.objects.get(case=story.case).state == "overtaken"


def test_what_is_here_is_not_asked_for():
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
        by = who("citizen")
        assert "hand_later" not in {p.action.code for p in cases.available(cases.case_for(by, story.number), by)}
    assert following(story) == []


@pytest.mark.parametrize(
    ("fired", "answered"), [("2026-03-11 09:00", "2026-03-11 09:10"), ("2026-03-12 00:30", "2026-03-12 00:40")]
)
def test_what_came_before_the_end_of_its_time_was_answered_to_neither_reminds_nor_lapses(fired, answered):
    story = lacking()
    with at(fired):
        sweeps.fire(clock.now())
        story.do("citizen", "hand_later", {"materials": {"neighbours": upload(who("citizen"))}})
    with at(answered):
        sweeps.expire(clock.now())
    assert story.case.state == "accepted" and not {"remind_later", "lapse"} & set(verbs_of(story.number))
    answers = Expiry.objects.filter(case=story.case, code="RQ-x").order_by("id").values_list("outcome", flat=True)
    assert set(answers) == {"later.here"}
