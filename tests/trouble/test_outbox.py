"""Messages that do not get through: tried again, later each time, given up in sight; one bad message holds up no other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mashang.cases import actions, queries
from mashang.cases.actions.notices import MAX_ATTEMPTS, Undelivered
from mashang.cases.models import Notice
from mashang.kernel import clock
from tests.flows.story import hand_in_house, who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
SENDER = "mashang.cases.actions.notices.to_folder"


def sms() -> Notice:
    return Notice.objects.get(channel="sms")


def test_a_gateway_that_is_down_is_asked_again_ever_later_and_given_up_where_all_can_see(story, monkeypatch, sign_in):
    calls: list[datetime] = []
    now = BEGAN

    def down(notice: Notice, address: str) -> None:
        calls.append(now)
        raise Undelivered("短信网关没有应答")

    monkeypatch.setattr(SENDER, down)
    while sms().state == "queued":
        actions.send_due(sms().next_at - timedelta(seconds=1))
        now = sms().next_at
        actions.send_due(now)
    actions.send_due(now + timedelta(days=30))
    waits = [(b - a).total_seconds() / 60 for a, b in zip(calls, calls[1:], strict=False)]
    assert waits == [2.0**n for n in range(1, MAX_ATTEMPTS)]
    assert (sms().state, sms().attempts, sms().fault) == ("failed", MAX_ATTEMPTS, "短信网关没有应答")
    with clock.at(now):
        page = sign_in("window").get(f"/desk/case/{story.number}").content.decode()
    assert "有消息没有送到" in page
    assert "短信网关没有应答" in page


def test_a_sender_that_breaks_in_an_unforeseen_way_holds_up_nobody_and_is_given_up_too(story, monkeypatch):
    with clock.at(BEGAN + timedelta(seconds=1)):
        other = hand_in_house("citizen")
    first = Notice.objects.filter(channel="sms").order_by("next_at")[0].pk
    sent: list[int] = []

    def breaks(notice: Notice, address: str) -> None:
        if notice.pk == first:
            raise ZeroDivisionError("a fault in the gateway's own code")
        sent.append(notice.pk)

    monkeypatch.setattr(SENDER, breaks)
    tries = 0
    for hours in range(MAX_ATTEMPTS + 3):
        try:
            actions.send_due(BEGAN + timedelta(hours=5 * hours + 1))
        except ZeroDivisionError:
            tries += 1
    assert tries == MAX_ATTEMPTS
    assert Notice.objects.get(pk=first).state == "failed"
    assert len(sent) == 1
    assert Notice.objects.get(pk=sent[0]).case.number == other.number


def test_a_message_for_somebody_without_a_phone_is_given_up_at_once(story, monkeypatch):
    monkeypatch.setattr("mashang.org.queries.address_of", lambda **_: "")
    assert actions.send_due(BEGAN) == 0
    assert (sms().state, sms().attempts) == ("failed", 1)
    assert queries.undelivered(queries.case_for(who("window"), story.number)) == [sms()]


def test_what_arrives_at_the_second_try_is_sent_and_says_nothing_of_the_first(story, monkeypatch):
    answers = iter([Undelivered("忙"), None])

    def busy(notice: Notice, address: str) -> None:
        if fault := next(answers):
            raise fault

    monkeypatch.setattr(SENDER, busy)
    assert actions.send_due(BEGAN) == 0
    assert actions.send_due(BEGAN + timedelta(minutes=1)) == 0
    assert actions.send_due(BEGAN + timedelta(minutes=2)) == 1
    assert (sms().state, sms().attempts, sms().fault) == ("sent", 2, "")


def test_a_full_disk_under_the_folder_sender_counts_as_not_delivered(story, settings, tmp_path):
    settings.VAR = tmp_path / "file"
    settings.VAR.write_text("a file where a folder should be")
    assert actions.send_due(BEGAN) == 0
    assert sms().state == "queued"
    assert "发件文件夹写不进" in sms().fault
