"""Notices leave through a pluggable sender; what fails is tried again, later each time, and given up only in sight."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from mashang.kernel.actor import Actor
from mashang.org import queries as org

from ..casefile import Message
from ..models import Case, Channel, Notice, NoticeState

Sender = Callable[[Notice, str], None]
MAX_ATTEMPTS = 8
BROKEN_OFF = "上次发送中断，可能已经送达。"
TWICE = "发送曾经中断，可能送达两次。"


class Undelivered(Exception):
    """A sender could not deliver now; the sentence is kept with the notice."""


def to_folder(notice: Notice, address: str) -> None:
    """The default sender: one JSON file a message under `var/outbox`, for installations without a gateway."""
    folder = Path(settings.VAR) / "outbox"
    message = {"to": address, "channel": notice.channel, "text": notice.text, "at": notice.at.isoformat()}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = folder / f".{notice.pk}.part"
        temporary.write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")
        temporary.replace(folder / f"{notice.pk}.json")
    except OSError as fault:
        raise Undelivered(f"发件文件夹写不进：{fault.strerror}") from fault


def send_due(now: datetime, limit: int = 200) -> int:
    """Send what is due; gives how many left. At least once, at most `MAX_ATTEMPTS` times.

    Each notice is claimed in a transaction of its own before the sender is asked: one that is killed, or breaks in a way
    nobody foresaw, has used up an attempt, holds up no other notice, and its message waits before it goes out again.
    """
    sent = 0
    for _ in range(limit):
        found = _claim(now)
        if found is None:
            break
        notice, before = found
        sent += notice.state == NoticeState.QUEUED and _send(notice, before, now)
    return sent


def _claim(now: datetime) -> tuple[Notice, str] | None:
    """The next notice due, counted as tried, and what was wrong with it before; given up when every attempt was broken off."""
    with transaction.atomic():
        due = Notice.objects.select_for_update(skip_locked=True).filter(state=NoticeState.QUEUED, next_at__lte=now)
        notice = due.order_by("next_at").first()
        if notice is None:
            return None
        before = notice.fault
        if notice.attempts >= MAX_ATTEMPTS:
            notice.state = NoticeState.FAILED
        else:
            notice.attempts += 1
            notice.fault, notice.next_at = BROKEN_OFF, now + timedelta(minutes=2**notice.attempts)
        notice.save(update_fields=["state", "attempts", "fault", "next_at"])
        return notice, before


def _send(notice: Notice, before: str, now: datetime) -> bool:
    sender: Sender = import_string(settings.MASHANG_SENDERS[notice.channel])
    address = org.address_of(person=notice.person, staff=notice.staff, channel=notice.channel)
    broken_off = before.startswith(BROKEN_OFF) or before == TWICE
    try:
        if not address:
            raise Undelivered("没有登记联系方式")
        sender(notice, address)
    except Undelivered as fault:
        given_up = notice.attempts >= MAX_ATTEMPTS or not address
        notice.state = NoticeState.FAILED if given_up else NoticeState.QUEUED
        notice.fault = f"{BROKEN_OFF if broken_off else ''}{fault}"
        notice.save(update_fields=["state", "fault"])
        return False
    notice.state, notice.sent_at, notice.next_at, notice.fault = (
        NoticeState.SENT,
        now,
        None,
        TWICE if broken_off else "",
    )
    notice.save(update_fields=["state", "sent_at", "next_at", "fault"])
    return True


def tell(message: Message, *, now: datetime, case: int | None = None) -> None:
    """Owe someone a message outside an act of the door, in the caller's transaction; in the app it is there at once."""
    here = message.channel == Channel.IN_APP
    Notice.objects.create(
        case_id=case, person=message.person, staff=message.staff, unit=message.unit, channel=message.channel,
        text=message.text, at=now, state=NoticeState.SENT if here else NoticeState.QUEUED,
        next_at=None if here else now, sent_at=now if here else None,
    )  # fmt: skip


def tell_of(number: str, texts: Mapping[str, str], *, now: datetime) -> int:
    """Tell everyone who takes part in the case as a person, a text a channel, and let followers see that it changed;
    gives how many are told."""
    case = Case.objects.select_for_update(no_key=True).filter(number=number).first()
    if case is None:
        return 0
    for person in case.persons:
        for channel, text in texts.items():
            tell(Message(text, person=person, channel=channel), now=now, case=case.pk)
    Case.objects.filter(pk=case.pk).update(revision=F("revision") + 1, updated_at=now)
    return len(case.persons)


def mark_read(by: Actor, ids: list[int], *, now: datetime) -> int:
    """The reader has seen these; only their own are touched. What a unit was told is seen when one of its people has."""
    mine = Q(staff=by.id) | Q(unit=by.unit_id) if by.kind == "staff" else Q(person=by.person_id)
    return Notice.objects.filter(mine, pk__in=ids, read_at=None).update(read_at=now)
