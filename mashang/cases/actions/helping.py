"""委托代办: a mandate is recorded or ended, and whoever it concerns is told, in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import actions as org_actions
from mashang.org import queries as org

from ..casefile import Message
from ..models import Case, Document
from .documents import place
from .notices import tell


def let_help(form: org_actions.NewMandate, *, by: Actor, now: datetime, code: str = "", paper: int = 0) -> int:
    """Record a mandate and tell the helper, and the person whose counter recorded it. Gives its id.

    Evidence "code" is confirmed by the `code` that went to the person's phone (`org.actions.ask_mandate`). The signed
    `paper`, an upload of the actor's that nothing has taken yet, is kept sealed with the mandate, which holds the SHA-256
    of its bytes. Refuses with all faults at once.
    """
    if form.evidence == "code" and by.kind == "person":
        org_actions.confirm_mandate(form.person, code, by=by, now=now)
    with transaction.atomic():
        document = _taken(paper, by) if paper else None
        if document is not None:
            form = replace(form, digest=_sha256(document))
        id_ = org_actions.record_mandate(form, by=by, now=now)
        if document is not None:
            document.mandate_id = id_
            document.save(update_fields=["mandate"])
        _tell_recorded(org.mandate(id_), by, now)
    return id_


def bind_identity(name: str, number: str, *, by: Actor, now: datetime) -> int:
    """Bind whoever signed in by phone to the person registered at a counter (`org.actions.bind_identity`), and give that
    person's account. Refuses while cases of theirs are under way: those stay with whom they were handed in by."""
    if by.kind == "person" and Case.objects.filter(persons__contains=[by.person_id], settled_at=None).exists():
        raise Refused("identity.cases", "您还有办理中的件，请等办结后再绑定，或带证件到窗口办理。")
    return org_actions.bind_identity(name, number, by=by, now=now)


def _taken(paper: int, by: Actor) -> Document:
    free = Document.objects.select_for_update().filter(case=None, mandate=None, owner=by.ref)
    document = free.filter(pk=paper).first()
    if document is None:
        raise Refused("document.gone", "委托书已失效或不是您上传的，请重新上传。", "paper")
    return document


def _sha256(document: Document) -> str:
    return hashlib.sha256(vault.open_bytes(place(document.digest).read_bytes())).hexdigest()


def _tell_recorded(made: org.MandateInfo, by: Actor, now: datetime) -> None:
    until = clock.local(made.ends_at - timedelta(microseconds=1)).strftime("%Y-%m-%d")
    tell(_to_helper(made, f"{made.person_name}委托您代办事项，到{until}止。登录后可以替他办理。"), now=now)
    if by.kind != "person":
        text = f"窗口为您登记了委托：由{made.helper_name}代办，到{until}止。不是您本人意思的，请登录“委托代办”或到窗口终止。"
        for channel in ("in-app", "sms"):
            tell(Message(text, person=made.person, channel=channel), now=now)


def _to_helper(made: org.MandateInfo, text: str) -> Message:
    return Message(text, person=made.helper_person, staff=made.helper_staff)


def end_help(id_: int, *, by: Actor, now: datetime) -> None:
    """End a mandate now and tell whoever did not do it. Refuses one that is over, or not the actor's to end."""
    with transaction.atomic():
        org_actions.revoke_mandate(id_, by=by, now=now)
        ended = org.mandate(id_)
        if by.id != ended.helper_staff and (by.kind != "person" or by.person_id != ended.helper_person):
            tell(_to_helper(ended, f"{ended.person_name}对您的委托已终止。"), now=now)
        if by.kind != "person" or by.person_id != ended.person:
            text = f"您对{ended.helper_name}的委托已终止。"
            tell(Message(text, person=ended.person), now=now)
