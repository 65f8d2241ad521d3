"""What every act of the room begins and ends with: the right, the scheme it is about, the entry in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound
from mashang.ledger.actions import record
from mashang.ledger.rules import Entry
from mashang.org import queries as org

from ..models import Scheme


def guard(by: Actor, right: str, **facts: Any) -> None:
    """Refuses whoever does not hold the right over these units, region or kind."""
    if not org.may(by, right, **facts):
        raise Forbidden()


def scheme_row(id_: int, *, lock: bool = False) -> Scheme:
    """The scheme's row, locked until the transaction ends if asked. Refuses (NotFound) an unknown one."""
    rows = Scheme.objects.select_for_update() if lock else Scheme.objects
    row = rows.filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这个考评方案。")
    return row


def entry(verb: str, by: Actor, now: datetime, private: Mapping[str, str] | None = None, **facts: object) -> Entry:
    return Entry(case="", verb=verb, by=by.ref, at=now, facts=facts, private=private or {})


def note(verb: str, by: Actor, now: datetime, private: Mapping[str, str] | None = None, **facts: object) -> None:
    record([entry(verb, by, now, private, **facts)])
