"""差评 and 二次评价: somebody can always check a bad rating, and what was put right is rated once more, never for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.urls import reverse

from mashang.cases import queries as cases
from mashang.cases.measures import Measured
from mashang.cases.models import Case, Notice
from mashang.insight.queries import parts
from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.reviews import actions as reviews
from mashang.reviews import measures, rules, sweeps
from mashang.reviews import queries as review_queries
from mashang.reviews.models import Rating
from mashang.supervision import sweeps as supervision
from mashang.supervision.models import Matter

from .story import Story, accepted, at, rated_badly, reviewed, superior, text_of, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("E9")]
BY = Actor.system("test")
OFFICE = "武平县机关效能建设领导小组办公室"


def let_go(login: str) -> None:
    org_actions.let_go(who(login).id, by=BY, now=clock.now())


def test_without_any_lead_the_effectiveness_office_checks_and_reads_whom_to_contact(sign_in):
    with at("2026-03-02 08:30"):
        let_go("townlead")
    story, became = rated_badly()
    step = became.step("contact")
    assert (step.unit_id, step.kind) == (org.unit_named(OFFICE).id, "office_contact")
    assert became.step("put_right").unit_id == who("town").unit_id
    with at("2026-03-04 11:00"):
        told = {n.unit: n.text for n in Notice.objects.filter(case__number=became.number, unit__isnull=False)}
        assert "请在一个工作日内联系核实" in told[step.unit_id] and f"{OFFICE}核实" in told[who("town").unit_id]
        office = sign_in("office")
        assert became.number in text_of(office.get("/desk/"))
        shown = text_of(office.get(f"/desk/case/{became.number}"))
        assert story.number in shown and "联系评价人" in shown
        address = reverse("desk:press_step", args=[became.number, "office_contact", step.pk])
        assert address in office.get(f"/desk/case/{became.number}").content.decode()
        seen = text_of(sign_in("town").get(f"/desk/case/{became.number}"))
        assert "跑了三趟" in seen and story.number not in seen
        with pytest.raises(Forbidden):
            became.do("town", "office_contact", {"words": "自己核实自己"}, "contact")
        assert office.post(address, {"words": "已电话联系，情况属实"}).status_code == 302
        became.do("town", "put_right", {"words": "已上门说明并改进"}, "put_right")
    assert became.case.state == "righted"


def test_a_lead_who_had_the_service_in_hand_does_not_check_it(sign_in):
    _story, became = rated_badly(lead_acts=True)
    assert became.step("contact").unit_id == org.unit_named(OFFICE).id
    with at("2026-03-04 11:00"), pytest.raises((Forbidden, Refused)):
        became.do("townlead", "contact", {"words": "自己核实自己"}, "contact")


def test_the_office_has_no_part_in_checks_that_a_lead_can_make(sign_in):
    _story, became = rated_badly()
    view = cases.case_for(who("office"), became.number)
    assert not {p.action.code for p in cases.available(view, who("office"))} & {"contact", "office_contact"}
    with at("2026-03-04 11:00"), pytest.raises((Forbidden, Refused)):
        became.do("office", "office_contact", {"words": "代为核实一下"}, "contact")


def test_a_check_passes_on_when_whoever_should_check_has_gone(sign_in):
    story, became = rated_badly()
    assert became.step("contact").unit_id == who("townlead").unit_id
    with at("2026-03-04 11:00"):
        assert sweeps.pass_on(clock.now()) == 0
        let_go("townlead")
        assert sweeps.pass_on(clock.now()) == 1 and sweeps.pass_on(clock.now()) == 0
        step = became.step("contact")
        assert (step.unit_id, step.kind) == (org.unit_named(OFFICE).id, "office_contact")
        assert step.due_at is not None
        shown = text_of(sign_in("office").get(f"/desk/case/{became.number}"))
        assert story.number in shown and f"改由{OFFICE}核实" in shown
        became.do("office", "office_contact", {"words": "已电话联系"}, "contact")
        assert sweeps.pass_on(clock.now()) == 0


def test_the_check_waits_where_nobody_can_and_finds_the_lead_who_comes():
    with at("2026-03-02 08:30"):
        for login in ("townlead", "office", "inspector"):
            let_go(login)
    _story, became = rated_badly()
    assert became.step("contact").unit_id == org.unit_named(OFFICE).id
    with at("2026-03-04 11:00"):
        assert sweeps.pass_on(clock.now()) == 0
        above = superior()
        assert sweeps.pass_on(clock.now()) == 1
        assert (became.step("contact").unit_id, became.step("contact").kind) == (above.unit_id, "contact")
        became.do(above, "contact", {"words": "已电话联系"}, "contact")


def righted(words: str = "已上门说明并改进") -> tuple[Story, Story]:
    """A service rated badly, and the case that it became, put right; whoever rated has been told."""
    story, became = rated_badly()
    with at("2026-03-05 09:00"):
        became.do("townlead", "contact", {"words": "已电话联系，情况属实"}, "contact")
        became.do("townlead", "put_right", {"words": words}, "put_right")
        assert sweeps.follow(clock.now()) == 1 and sweeps.follow(clock.now()) == 0
    return story, became


def test_whoever_rated_is_told_reads_what_was_put_right_and_rates_once_more(sign_in):
    story, became = righted()
    citizen, address = sign_in("citizen"), reverse("hall:rate", args=[story.number])
    with at("2026-03-06 09:00"):
        assert "您可以再评价一次" in text_of(citizen.get("/my/notices"))
        own = text_of(citizen.get(f"/my/{story.number}"))
        assert "非常不满意" in own and "已上门说明并改进" in own and "再评价一次" in own
        assert address in citizen.get(f"/my/{story.number}").content.decode()
        form = text_of(citizen.get(address))
        assert "第二次评价" in form and "已上门说明并改进" in form and "两次评价都会保留" in form
        assert citizen.post(address, {"grade": "4", "words": "这次好多了"}).status_code == 302
        own = text_of(citizen.get(f"/my/{story.number}"))
        assert "非常不满意" in own and "第二次评价 满意" in own and "再评价一次" not in own
        again = citizen.post(address, {"grade": "5"})
        assert again.status_code == 422 and "已经评价过" in text_of(again)
        assert sweeps.follow(clock.now()) == 1 and sweeps.follow(clock.now()) == 0
        for login in ("townlead", "office", "town"):
            shown = text_of(sign_in(login).get(f"/desk/case/{became.number}"))
            assert "评价 非常不满意" in shown and "第二次评价 满意" in shown and "这次好多了" in shown, login
        assert story.number not in text_of(sign_in("town").get(f"/desk/case/{became.number}"))
    first, second = Rating.objects.filter(case=story.case).order_by("round")
    assert (first.grade, first.second, second.grade, second.second) == (1, False, 4, True)
    (entry,) = ledger.history(f"rating/{second.pk}")
    assert (entry.verb, entry.by, entry.facts["grade"]) == ("rating.given_again", "person", 4)
    assert entry.private == {"case": story.number}
    assert ledger.history(became.number)[-1].verb == "bad_rating.rated_again"
    assert supervision.supervise_ratings(clock.now()) == 0


def test_no_message_about_a_rating_that_the_desk_may_show_says_that_somebody_rated(sign_in):
    story, _became = righted()
    before = Case.objects.get(number=story.number)
    sms = Notice.objects.filter(case__number=story.number, channel="sms").latest("id")
    assert "评价" not in sms.text and "差评" not in sms.text
    full = Notice.objects.filter(case__number=story.number, channel="in-app").latest("id")
    assert "再评价一次" in full.text and full.state == "sent"
    assert before.updated_at < datetime(2026, 3, 5, 9, tzinfo=clock.ZONE)  # nor does the rated case move in any list


def test_an_explained_bad_rating_may_be_rated_again_too(sign_in):
    story, became = rated_badly()
    with at("2026-03-05 09:00"):
        became.do("townlead", "contact", {"words": "已电话联系"}, "contact")
        became.do("town", "explain", {"words": "所提要求没有法律依据，已说明"}, "put_right")
        sweeps.follow(clock.now())
        own = text_of(sign_in("citizen").get(f"/my/{story.number}"))
        assert "已解释说明" in own and "所提要求没有法律依据" in own and "再评价一次" in own


def test_a_bad_second_rating_goes_to_the_effectiveness_office_and_ends_there(sign_in):
    story, became = righted()
    with at("2026-03-06 09:00"):
        again = reviews.rate(story.number, {"grade": 2, "words": "还是没改"}, by=who("citizen"), now=clock.now())
        assert again.redress == became.number
        assert sweeps.redress(clock.now()) == 0  # no second case of the same kind
        sweeps.follow(clock.now())
        assert supervision.supervise_ratings(clock.now()) == 1 and supervision.supervise_ratings(clock.now()) == 0
        matter = Matter.objects.get(about=became.number)
        assert (matter.source, matter.unit_id) == ("rating", who("town").unit_id)
        supervised = Story(matter.case.number)
        assert Case.objects.get(number=became.number).supervised
        assert story.number not in matter.cause and "还是没改" not in matter.cause
        assert supervised.number in text_of(sign_in("office").get("/desk/watch"))
        supervised.do("townlead", "report", {"answer": "重新核实，已当面整改并道歉"}, "answer-1")
        supervised.do("office", "close", {}, "check-1")
        assert supervision.release(clock.now()) == 1
        assert not Case.objects.get(number=became.number).supervised
        assert supervision.supervise_ratings(clock.now()) == 0 and sweeps.redress(clock.now()) == 0
        with pytest.raises(Refused, match="已经评价过"):
            reviews.rate(story.number, {"grade": 1}, by=who("citizen"), now=clock.now())
    assert Case.objects.filter(kind="bad_rating").count() == 1 and Matter.objects.count() == 1


def test_the_mark_of_a_matter_is_made_up_for_after_a_kill(sign_in):
    story, became = righted()
    with at("2026-03-06 09:00"):
        reviews.rate(story.number, {"grade": 1}, by=who("citizen"), now=clock.now())
        (one,) = review_queries.unsatisfied()
        assert supervision.supervise_ratings(clock.now()) == 1
        sql.run("UPDATE cases_case SET supervised = false WHERE number = %s", [became.number])
        sql.run("DELETE FROM cases_request WHERE key LIKE 'supervised:%%'", [])
        assert one.about == became.number and supervision.supervise_ratings(clock.now()) == 1
    assert Case.objects.get(number=became.number).supervised and Matter.objects.count() == 1


@dataclass(frozen=True)
class March:
    start: datetime = datetime(2026, 3, 1, tzinfo=clock.ZONE)
    end: datetime = datetime(2026, 4, 1, tzinfo=clock.ZONE)


def counted(unit: int) -> tuple[tuple[float, float], tuple[float, float], int]:
    """Bad and all ratings as the measures have them, explicit and with defaults, and how many the cockpit counts."""
    span = March()
    said, all_ = measures.satisfaction([unit], span), measures.satisfaction_with_default([unit], span)
    text, values = parts.rated(who("office"), "", span.start, span.end)
    (rows,) = sql.run(f"WITH {text} SELECT count(*) FROM rated", values).fetchone()
    none = Measured(0, 0)
    figures = [(m.get(unit, none).numerator, m.get(unit, none).denominator) for m in (said, all_)]
    return figures[0], figures[1], rows


def test_the_first_explicit_rating_of_a_service_is_the_one_that_counts():
    story, _became = righted()
    unit = who("town").unit_id
    assert counted(unit) == ((0, 1), (0, 1), 1)
    with at("2026-03-06 09:00"):
        reviews.rate(story.number, {"grade": 5}, by=who("citizen"), now=clock.now())
    assert counted(unit) == ((0, 1), (0, 1), 1)


def test_a_default_over_which_the_person_rated_counts_no_more():
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        reviews.rating.rate_by_default(story.number, by=Actor.system("reviews"), now=clock.now())
        unit = who("town").unit_id
        assert (counted(unit)[1], counted(unit)[2]) == ((1, 1), 1)
        reviews.rate(story.number, {"grade": 1}, by=who("citizen"), now=clock.now())
        assert counted(unit) == ((0, 1), (0, 1), 1)
        assert sweeps.redress(clock.now()) == 1  # said over a default: the first rating, not the second


@pytest.mark.parametrize(
    ("first", "settled", "second", "turn"),
    [
        (None, False, False, rules.Turn.FIRST),
        (2, True, False, rules.Turn.SECOND),
        (1, True, False, rules.Turn.SECOND),
        (2, False, False, None),  # being put right
        (3, True, False, None),  # not bad
        (5, False, False, None),
        (1, True, True, None),  # both given
    ],
)
def test_there_are_two_ratings_at_most(first, settled, second, turn):
    if turn is not None:
        assert rules.turn(first, settled, second) is turn
        return
    with pytest.raises(Refused, match="已经评价过"):
        rules.turn(first, settled, second)


def test_erasing_takes_the_words_of_both_ratings():
    story, became = righted()
    with at("2026-03-06 09:00"):
        reviews.rate(story.number, {"grade": 2, "words": "还是没改"}, by=who("citizen"), now=clock.now())
        reviews.erasing.words(story.case.pk, clock.now())
    assert set(Rating.objects.filter(case=story.case).values_list("words", flat=True)) == {""}
    complaint = review_queries.complaint_of(cases.case_for(who("office"), became.number), who("office"))
    assert (
        complaint is not None and complaint.again is not None and (complaint.words, complaint.again.words) == ("", "")
    )
