"""Notices leave through a pluggable sender; what fails is tried again, later each time, and given up only in sight."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from mashang.kernel.actor import Actor
from mashang.org import queries as org

from ..models import Notice, NoticeState

Sender = Callable[[Notice, str], None]
MAX_ATTEMPTS = 8


class Undelivered(Exception):
    """A sender could not deliver now; the sentence is kept with the notice."""


def to_folder(notice: Notice, address: str) -> None:
    """The default sender: one JSON file a message under `var/outbox`, for installations without a gateway."""
    folder = Path(settings.VAR) / "outbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    message = {"to": address, "channel": notice.channel, "text": notice.text, "at": notice.at.isoformat()}
    try:
        temporary = folder / f".{notice.pk}.part"
        temporary.write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")
        temporary.replace(folder / f"{notice.pk}.json")
    except OSError as fault:
        raise Undelivered(f"发件文件夹写不进：{fault.strerror}") from fault


def send_due(now: datetime, limit: int = 200) -> int:
    """Send what is due; each notice in its own transaction, so that one fault holds up no other. Gives how many left."""
    sent = 0
    for _ in range(limit):
        with transaction.atomic():
            notice = (
                Notice.objects.select_for_update(skip_locked=True)
                .filter(state=NoticeState.QUEUED, next_at__lte=now)
                .order_by("next_at")
                .first()
            )
            if notice is None:
                break
            sent += _send(notice, now)
    return sent


def _send(notice: Notice, now: datetime) -> bool:
    sender: Sender = import_string(settings.MASHANG_SENDERS[notice.channel])
    address = org.address_of(person=notice.person, staff=notice.staff, channel=notice.channel)
    notice.attempts += 1
    try:
        if not address:
            raise Undelivered("没有登记联系方式")
        sender(notice, address)
    except Undelivered as fault:
        given_up = notice.attempts >= MAX_ATTEMPTS or not address
        notice.state = NoticeState.FAILED if given_up else NoticeState.QUEUED
        notice.fault, notice.next_at = str(fault), now + timedelta(minutes=2**notice.attempts)
        notice.save(update_fields=["state", "attempts", "fault", "next_at"])
        return False
    notice.state, notice.sent_at, notice.next_at = NoticeState.SENT, now, None
    notice.save(update_fields=["state", "attempts", "sent_at", "next_at"])
    return True


def mark_read(by: Actor, ids: list[int], *, now: datetime) -> int:
    """The reader has seen these; only their own are touched."""
    mine = {"staff": by.id} if by.kind == "staff" else {"person": by.person_id}
    return Notice.objects.filter(**mine, pk__in=ids, read_at=None).update(read_at=now)
