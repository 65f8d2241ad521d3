"""删除个人信息: what a settled application says of persons goes; the case, its times, decisions and proofs stay.

The lowest room that may call all involved: cases, the catalogue's definitions, the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from mashang.cases import actions as cases
from mashang.cases.casefile import Message
from mashang.catalogue.rules import impersonal
from mashang.documents import actions as documents
from mashang.documents.rules import years_on
from mashang.kernel import clock, sql, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.ledger import actions as ledger
from mashang.ledger.rules import ERASED

from .. import rules, store
from ..models import Application, KeptMaterial, Material, Refusal
from ..procedure import application

_COARSE = """
UPDATE approvals_sitecheck SET note = CASE WHEN note = '' THEN '' ELSE %s END, accuracy = NULL,
  latitude = round(latitude::numeric, 1), longitude = round(longitude::numeric, 1) WHERE case_id = %s"""
"""Of a finding on site stays what was found, when and by whom; of the place no more than the township, ten kilometres."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Why, under which document's number; `confirmed`: the number of the case, typed again."""

    ground: str
    reference: str
    confirmed: str


def erase(number: str, form: Erase, *, by: Actor, now: datetime) -> None:
    """Erase what a settled application says of persons (个人信息保护法 art. 47), with one entry in the ledger.

    Gone: private facts of the ledger, why somebody looked at the data among them, the answers but for choices and figures, who took part and by which phone it is
    tracked, messages to them, files and materials on file from here, words of refusals, of findings on site and of
    ratings, the exact place, what documents given out say. Staying: the case, steps, clocks, grades, entries and receipts, and of
    the documents what anyone may verify: number, dates, state, masked holder, hashes of files. A file on which another
    case relies stays with that. Those concerned are told. Refuses all faults at once, and a second time.
    """
    with transaction.atomic(durable=True):
        case = cases.settled_for(number, by=by)
        if case.kind != application.kind:
            raise NotFound("这一件不是行政审批申请。")
        if case.erased_at is not None:
            raise Refused("erase.twice", "这一件的个人信息已经删除。")
        settled = clock.local(case.settled_at).date() if case.settled_at else None
        until = years_on(settled, settings.MASHANG_RETENTION_YEARS) if settled else None
        faults = rules.erasure_faults(form.ground, form.reference, settled, until, clock.local(now).date())
        if form.confirmed.strip() != number:
            faults.append(Fault("erase.confirm", "请照原样再输入一遍这一件的编号，以确认删除。", "confirmed"))
        if faults:
            raise Refused.of(faults)
        about = _own_rows(case.pk)
        gone = cases.forget_persons(case, about=about, lent=_lent(case.pk), now=now)
        _materials(case.pk, gone.files)
        documents.forget(number)
        ground, reference = str(rules.GROUNDS[form.ground]), form.reference.strip()
        more = {"reference": reference, "files": len(gone.files), "persons": len(gone.persons)}
        looks = [f"org/person:{person}" for person in gone.persons]
        ledger.erase(number, by=by, now=now, ground=ground, more=more, filed_under=looks)
        for person in gone.persons:
            _tell(person, case.title, ground, reference, now)
    cases.forget_erased()


def _own_rows(case_id: int) -> str:
    """Empty the room's own rows; gives what stands instead of the case's subject."""
    folder = store.folder(case_id)
    public = impersonal(folder.spec, folder.answers, folder.row["part"])
    private = vault.seal(json.dumps({}))
    Application.objects.filter(case=case_id).update(public=public, private=private, applicant=0, noticed=[])
    Refusal.objects.filter(case=case_id).update(grounds=ERASED, remedy=ERASED, answer="")
    sql.run(_COARSE, [ERASED, case_id])
    return rules.about_of(ERASED, public)


def _lent(case_id: int) -> dict[int, int]:
    """Files of this case on which another one relies, with the newest that does."""
    own = Material.objects.filter(case=case_id, state="handed", document__isnull=False).values("document")
    others = Material.objects.filter(document__in=own, state="held").exclude(case=case_id).order_by("case_id")
    return {document: case for document, case in others.values_list("document", "case_id") if document is not None}


def _materials(case_id: int, files: Collection[int]) -> None:
    """Which materials there were stays; which files they were does not, and none is offered again."""
    KeptMaterial.objects.filter(document__in=files).delete()
    Material.objects.filter(case=case_id).update(document=None)


def _tell(person: int, title: str, ground: str, reference: str, now: datetime) -> None:
    """Without the number: the message must not lead back from the person to the case."""
    text = f"“{title}”一件中您的个人信息已删除，依据：{ground}，{reference}。"
    for channel in ("in-app", "sms"):
        cases.tell(Message(text, person=person, channel=channel), now=now)
