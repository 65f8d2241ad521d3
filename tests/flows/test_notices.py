"""通知: what is new is marked and counted until the list is opened, for a person, a staff member, a unit."""

from __future__ import annotations

import pytest

from mashang.cases import actions, queries
from mashang.cases.casefile import Message
from mashang.cases.models import Notice
from mashang.kernel import clock, sql

from .story import hand_in_house, who
from .test_house import accepted
from .test_pages import at, text_of

pytestmark = pytest.mark.django_db


def count_at_desk(client) -> int:
    """The number beside 通知 in the side column."""
    groups = client.get("/desk/cases").context["side"]
    return next(item.count for group in groups for item in group.items if item.href == "/desk/notices") or 0


def test_a_citizen_sees_what_is_new_until_the_list_is_opened(sign_in):
    accepted()
    citizen, other = sign_in("citizen"), sign_in("helper")
    with at("2026-03-03 09:00"):
        new = queries.unread(who("citizen"))
        assert new == Notice.objects.filter(person=who("citizen").person_id).count() > 0
        assert f"{new} 条未读" in text_of(citizen.get("/my"))
        assert "条未读" not in text_of(other.get("/my"))
        first = citizen.get("/my/notices")
        assert first.content.decode().count('class="unread"') == new and "条未读" not in text_of(first)
        assert 'class="unread"' not in citizen.get("/my/notices").content.decode()
        assert "条未读" not in text_of(citizen.get("/my"))
    assert queries.unread(who("citizen")) == 0


def test_what_a_unit_was_told_is_read_when_one_of_its_people_has_read_it(sign_in):
    town, lead, elsewhere = sign_in("town"), sign_in("townlead"), sign_in("land")
    with at("2026-03-03 09:00"):
        for text in ("开会", "交表"):
            actions.tell(Message(text, unit=who("town").unit_id), now=clock.now())
        actions.tell(Message("只给您", staff=who("town").id), now=clock.now())
        assert (count_at_desk(town), count_at_desk(lead), count_at_desk(elsewhere)) == (3, 2, 0)
        shown = town.get("/desk/notices")
        assert shown.content.decode().count('class="unread"') == 3
        assert (count_at_desk(town), count_at_desk(lead)) == (0, 0)
        assert "开会" in text_of(lead.get("/desk/notices"))
        actions.tell(Message("又一条", unit=who("town").unit_id), now=clock.now())
        lead.get("/desk/notices")
        assert count_at_desk(town) == 0
    assert Notice.objects.get(text="只给您").read_at is not None


def test_nobody_reads_or_counts_what_a_unit_was_told_of_a_case_they_may_not_see(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        hidden = who("zhangpu")
        actions.tell(Message("外县的件", unit=hidden.unit_id), now=clock.now(), case=story.case.pk)
        assert queries.unread(hidden) == 0 and "外县的件" not in text_of(sign_in("zhangpu").get("/desk/notices"))
    assert Notice.objects.get(text="外县的件").read_at is None


def test_nobody_marks_the_notices_of_others(sign_in):
    accepted()
    notice = Notice.objects.filter(person=who("citizen").person_id).first()
    assert notice
    assert actions.mark_read(who("helper"), [notice.pk], now=clock.now()) == 0
    assert actions.mark_read(who("zhangpu"), [notice.pk], now=clock.now()) == 0


@pytest.mark.parametrize("login", ["citizen", "window", "town", "land", "office"])
def test_the_count_is_that_of_the_list(login):
    accepted()
    by = who(login)
    for place in range(60):
        kind = (
            {"person": by.person_id}
            if by.kind == "person"
            else {"staff" if place % 2 else "unit": by.id if place % 2 else by.unit_id}
        )
        actions.tell(Message(f"第 {place} 条", **kind), now=clock.now())
    listed = queries.notices_for(by)
    assert len(listed) == 50
    assert queries.unread(by) == sum(n.read_at is None for n in listed)
    actions.mark_read(by, [n.pk for n in listed[:20]], now=clock.now())
    assert queries.unread(by) == 30


def test_the_desk_asks_for_its_counts_in_one_statement():
    with sql.statements() as sent:
        assert queries.counts(who("town"), now=clock.now())["unread"] == 0
    assert len([text for text in sent if "cases_notice" in text]) == 1
