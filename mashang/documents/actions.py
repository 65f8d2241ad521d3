"""Giving out documents and taking them back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from mashang.cases import actions as cases
from mashang.cases.procedure import beside
from mashang.kernel import clock, sql, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry as Record
from mashang.org import queries as org
from mashang.text.rules import clean

from . import queries, rules
from .events import SENTENCES
from .models import Issued as Row
from .models import State

_ISSUE = """INSERT INTO documents_issued
(number, kind, title, "case", holder, content, unit_id, unit_name, issued_at, issued_by, valid_to, code, url, form,
replaces, corrected)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_MADE = """INSERT INTO documents_file (document_id, format, sha256, made_at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING"""
_REASON = 500
beside.update(SENTENCES)
Later = Callable[[Callable[..., tuple[str, list[Any]]]], Any]


@dataclass(frozen=True, slots=True)
class Issued:
    """What is known before anything is written: the verification code and the address the QR code leads to."""

    number: str
    code: str
    url: str


@dataclass(frozen=True, slots=True)
class _Instead:
    """What a corrected document replaces: number, the salt of the digests, and the parts that changed."""

    number: str
    salt: str
    changes: Sequence[rules.Changed]


def issue(
    *,
    number: str,
    kind: str,
    holder: str,
    case: str,
    unit_id: int,
    facts: Mapping[str, Any],
    title: str = "",
    valid_years: int = 0,
    by: Actor,
    now: datetime,
    later: Later | None = None,
) -> Issued:
    """Give out a document: one INSERT that nobody waits for; the file itself is made when someone asks for it.

    `kind` is one of rules.KINDS, or any other code for a plain result with `title`. `later` takes a function that
    gives the statement when the act's are sent (a case file's `write_also`); without it the row is written at once. The caller
    holds the right and records the act. Refuses a document that leaves out what the law wants it to say.
    """
    rules.check(kind, facts, holder, number)
    shown = title or rules.KINDS.get(kind, rules.OTHER).label
    valid_to = rules.expiry(clock.local(now).date(), valid_years)
    issued, values = _row(number, kind, shown, case, holder, facts, unit_id, valid_to, by, now)
    if later is None:
        sql.run(_ISSUE, values)
    else:
        later(lambda *_sent: (_ISSUE, values))
    return issued


def _row(
    number: str,
    kind: str,
    title: str,
    case: str,
    holder: str,
    facts: Mapping[str, Any],
    unit_id: int,
    valid_to: date | None,
    by: Actor,
    now: datetime,
    instead: _Instead | None = None,
) -> tuple[Issued, list[Any]]:
    """A new document and the values of its row. The salt of its digests is sealed, and erased, with what it says."""
    said = {"holder": holder, "facts": facts, **({"salt": instead.salt} if instead else {})}
    content = vault.seal(json.dumps(said, ensure_ascii=False, default=str))
    code = rules.new_code()
    url = f"{settings.MASHANG_URL.rstrip('/')}/verify/{code}"
    values = [
        number, kind, title, case, rules.masked_holder(holder), content, unit_id, org.unit(unit_id).name, now, by.ref,
        valid_to, code, url, rules.FORM,
        instead.number if instead else "", sql.as_json([asdict(c) for c in instead.changes] if instead else []),
    ]  # fmt: skip
    return Issued(number, code, url), values


@transaction.atomic
def revoke(number: str, *, reason: str, by: Actor, now: datetime) -> None:
    """Take a document back. From then on verification, the file itself and the case say so, with the reason, and whoever
    takes part in the case is told, with the remedies; it can't be undone."""
    row = _locked(number)
    if not queries.may_revoke(by, row.unit_id):
        raise Forbidden(_("只有出具单位的负责人可以撤销这份文书。"))
    plain = clean(reason).strip()
    if not plain:
        raise Refused("document.reason", _("请写明撤销的理由和法律依据。"), "reason")
    if len(plain) > _REASON:
        raise Refused("document.reason", _("撤销的理由不能超过 500 个字。"), "reason")
    if row.state == State.REVOKED:
        raise Refused("document.revoked", _("这份文书已经撤销，不用再次撤销。"))
    row.state, row.revoked_at, row.revoked_by, row.revoked_reason = State.REVOKED, now, by.ref, plain
    row.save(update_fields=["state", "revoked_at", "revoked_by", "revoked_reason"])
    facts = {"number": number, "title": row.title, "reason": row.revoked_reason}
    ledger.record([Record(case=row.case, verb="document.revoked", by=by.ref, at=now, facts=facts)])
    full = f"“{row.title}”（{number}）已被撤销：{row.revoked_reason}。"
    full += "不服的，可自知道之日起六十日内申请行政复议，或六个月内提起行政诉讼。"
    sms = f"“{row.title}”已被撤销，理由和救济途径请登录查看。"
    cases.tell_of(row.case, {"in-app": full, "sms": sms}, now=now)


@transaction.atomic
def reissue(number: str, given: Mapping[str, str], *, reason: str, by: Actor, now: datetime) -> Issued:
    """Give out a corrected document in place of a revoked one, once: `given` holds its words as put right, by the names of
    `queries.wording`. It has the old one's kind, validity and case, and a number of its own; the old one stays revoked and says
    which one replaces it. Which parts were corrected is recorded and shown, with digests of both wordings, never the wordings.
    Whoever takes part in the case is told."""
    row = _locked(number)
    if not queries.may_reissue(by, row.unit_id):
        raise Forbidden(_("只有出具单位的负责人可以出具更正后的文书。"))
    if row.state != State.REVOKED:
        raise Refused("document.in-force", _("这份文书还没有撤销。需要更正的，请先撤销，再出具更正后的文书。"))
    if Row.objects.filter(replaces=number).exists():
        raise Refused("document.replaced", _("已经出具过更正后的文书，不用再次出具。"))
    plain, holder, facts = _put_right(row, given, reason)
    new = rules.next_number(number)
    rules.check(row.kind, facts, holder, new)
    instead = _compared(row, holder, facts)
    issued, values = _row(
        new, row.kind, row.title, row.case, holder, facts, row.unit_id, row.valid_to, by, now, instead
    )
    sql.run(_ISSUE, values)
    told = {
        "number": new, "replaces": number, "title": row.title, "reason": plain,
        "parts": "、".join(c.label for c in instead.changes), "changed": [asdict(c) for c in instead.changes],
    }  # fmt: skip
    ledger.record([Record(case=row.case, verb="document.reissued", by=by.ref, at=now, facts=told)])
    full = f"“{row.title}”已更正并重新出具（{new}），代替已撤销的 {number}。说明：{plain}。"
    cases.tell_of(row.case, {"in-app": full, "sms": f"“{row.title}”已更正并重新出具，请登录查看和下载。"}, now=now)
    return issued


def _put_right(row: Row, given: Mapping[str, str], reason: str) -> tuple[str, str, dict[str, Any]]:
    """What was corrected in a word, holder and facts. Refuses everything that is wrong with them at once."""
    plain, faults = clean(reason).strip(), []
    if not 0 < len(plain) <= _REASON:
        faults.append(Fault("document.reason", _("请写明更正了什么，不超过 500 个字。"), "reason"))
    content = queries.opened(row)
    holder, facts = content["holder"], content["facts"]
    try:
        holder, facts = rules.corrected(holder, facts, rules.MORE_WORDS, given)
    except Refused as no:
        faults += no.faults
    if faults:
        raise Refused.of(faults)
    return plain, holder, facts


def _compared(row: Row, holder: str, facts: Mapping[str, Any]) -> _Instead:
    """The revoked document that another one replaces, and which parts that one words otherwise."""
    before, salt = queries.opened(row), secrets.token_hex(16)
    old = rules.parts_of(before["holder"], before["facts"], rules.MORE_WORDS)
    return _Instead(row.number, salt, rules.changes(old, rules.parts_of(holder, facts, rules.MORE_WORDS), salt))


def _locked(number: str) -> Row:
    """The document, locked after its case as everywhere. Refuses a number that nothing was given out under."""
    case = Row.objects.filter(number=number).values_list("case", flat=True).first()
    if case is None:
        raise NotFound
    cases.lock(case)
    return Row.objects.select_for_update().get(number=number)


def forget(case: str) -> int:
    """Erase what the documents of a case say; gives of how many. Number, dates, state, masked holder and the hashes of files
    stay, so that they can still be verified. The caller holds the case and records the act."""
    return Row.objects.filter(case=case).exclude(content=b"").update(content=b"")


def hand_over(code: str, format_: str = "pdf", *, now: datetime) -> queries.Made:
    """The file for download (pdf or docx), whose hash is kept so that a holder can have it compared. The caller has
    checked who may have it."""
    made = queries.render(code, format_)
    sql.run(_MADE, [made.document_id, format_, made.digest, now])
    return made
