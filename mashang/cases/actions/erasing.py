"""What a settled case keeps of persons, taken out of it for good (个人信息保护法 art. 47). Rooms erase their own rows beside:
the one that asks does it itself, others join in by `forgets`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound
from mashang.ledger.rules import ERASED
from mashang.org import queries as org
from mashang.org.rules import Facts

from .. import rules
from ..models import Case, Document, Draft, Notice, Participant, Request

RIGHT = "cases.erase"
Forgets = Callable[[int, datetime], None]
"""What a room above does for the case with an id, at a time."""
_forgetters: list[Forgets] = []
_HELD = "SELECT 1 FROM cases_case WHERE id = %s AND erased_at IS NULL FOR SHARE"
_SEARCH = "UPDATE cases_case SET search = array_to_tsvector(string_to_array(%s, chr(31))) WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Gone:
    """What was erased: the persons who took part, and the ids of files."""

    persons: tuple[int, ...]
    files: tuple[int, ...]


def forgets(room: Forgets) -> Forgets:
    """Mark what a room above does when persons are taken out of a case."""
    _forgetters.append(room)
    return room


def hold(case_id: int) -> None:
    """Hold a case, until the transaction ends, for a row of another room that says something of persons. Refuses one out of
    which they were taken."""
    if sql.run(_HELD, [case_id]).fetchone() is None:
        raise NotFound("没有找到这一件，请核对编号。")


def lock(number: str) -> None:
    """Hold a case, if there is one, until the transaction ends, erased or not: whoever changes what hangs on it does so first."""
    Case.objects.select_for_update(no_key=True).filter(number=number).first()


def forget_subject(number: str, now: datetime) -> None:
    """What a case that came of another one says in its subject, when that was the words of who is forgotten."""
    for case in Case.objects.filter(number=number):
        Case.objects.filter(pk=case.pk).update(about=ERASED, updated_at=now, revision=F("revision") + 1)
        _search_anew(case, ERASED)


def _search_anew(case: Case, about: str) -> None:
    sql.run(_SEARCH, ["\x1f".join(rules.search_tokens(case.title, about, case.number)), case.pk])


def settled_for(number: str, *, by: Actor) -> Case:
    """The case, locked, for whoever may erase what it keeps of persons. Refuses one that is not theirs to see (NotFound)
    or to erase (Forbidden). In the caller's transaction."""
    case = Case.objects.select_for_update(no_key=True).filter(number=number).first()
    facts = Facts.of(case.units, case.persons, case.region, case.kind) if case else Facts()
    if case is None or not org.may_see(by, facts):
        raise NotFound("没有找到这一件，请核对编号。")
    if not org.may_act(by, RIGHT, facts):
        raise Forbidden
    return case


@transaction.atomic
def forget_persons(case: Case, *, about: str, lent: Mapping[int, int], now: datetime) -> Gone:
    """Take persons out of a settled case: who took part and by which phone it is tracked, what they were told, the files,
    what was typed on the way; `about` stands instead of the subject. The case, its steps and times stay.

    `lent`: files on which another case relies, by id, with the id of that case: they stay and belong to that one now. The
    bytes of the others are deleted by `forget_erased`, after the commit.
    """
    gone = Gone(tuple(case.persons), _files(case, lent, now))
    Participant.objects.filter(case=case).delete()
    Notice.objects.filter(case=case, person__isnull=False).delete()
    Draft.objects.filter(form__startswith=f"{case.number}-").delete()
    Request.objects.filter(actor__startswith="person:", answer__number=case.number).delete()
    row = Case.objects.filter(pk=case.pk)
    row.update(persons=[], about=about, erased_at=now, updated_at=now, revision=F("revision") + 1)
    _search_anew(case, about)
    for room in _forgetters:
        room(case.pk, now)
    return gone


def _files(case: Case, lent: Mapping[int, int], now: datetime) -> tuple[int, ...]:
    for document, other in lent.items():
        Document.objects.filter(pk=document, case=case).update(case=other, step=None)
    files = Document.objects.filter(case=case, erased_at=None)
    ids = tuple(files.order_by("id").values_list("id", flat=True))
    files.update(name=ERASED, size=0, facts={}, owner="", erased_at=now)
    return ids
