"""Writing and publishing one entry. Each publishing freezes one more version; nothing published is ever altered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.kernel.said import said
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry as Record
from mashang.org import queries as org
from mashang.text import rules as text

from .. import queries, rules
from ..models import Entry, State, Version
from ..rules import ItemSpec, PackageSpec, Spec

EDIT, PUBLISH = "catalogue.edit", "catalogue.publish"
Owner = int | Literal["stays"] | None
"""The unit an entry belongs to: its id, none, or the one it has."""


def guard(by: Actor, right: str, unit_id: int | None, region: str = "") -> None:
    """Refuses who may not write entries of this unit or place."""
    if not queries.may_write(by, right, unit_id, region):
        raise Forbidden("您没有编辑或发布这个单位、这个地区事项的权限，请联系事项管理员。")


def _parsed(spec: Spec | Mapping[str, Any]) -> Spec:
    """A definition given as values or as JSON; refuses with every field that is wrong."""
    return rules.checked_definition(spec) if isinstance(spec, Mapping) else spec


def digest_of(spec: Spec) -> str:
    """SHA-256 of the definition's canonical JSON, hex: two versions alike have the same."""
    plain = json.dumps(spec.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def columns_of(spec: Spec) -> dict[str, Any]:
    """The searched and counted columns, drawn from the definition; of a draft too, whatever is wrong with it."""
    item = spec if isinstance(spec, ItemSpec) else None
    organ = item.organ.name if item else spec.lead if isinstance(spec, PackageSpec) else ""
    inside = spec.items if isinstance(spec, PackageSpec) else ()
    names = " ".join((spec.name, *spec.aliases, *(i.name for i in inside)))
    found = " ".join((names, organ, spec.group))
    instant = rules.is_instant(spec, {})
    handling = item.handling if item else rules.Handling.INSTANT if instant else rules.Handling.PROMISED
    return {
        "spec": spec.model_dump(mode="json"),
        "digest": digest_of(spec),
        "name": spec.name,
        "detail": item.detail if item else "full",
        "type": item.type.value if item else "",
        "level": spec.level.value,
        "organ": organ,
        "group": spec.group,
        "region": spec.region,
        "handling": handling.value,
        "depth": spec.depth.value,
        "online": bool(rules.ONLINE & set(spec.channels)),
        "visits": len(rules.merged_visits(spec)),
        "terms": text.bigrams(found),
        "initials": " ".join(text.initials(name) for name in (spec.name, *spec.aliases)),
        "source": spec.source,
    }


def record(verb: str, by: Actor, now: datetime, code: str = "", **facts: Any) -> None:
    """Acts on one entry stand in the ledger under "catalogue/CODE", so that its history can be read."""
    subject = f"catalogue/{code}" if code else ""
    ledger.record([Record(case=subject, verb=f"catalogue.{verb}", by=by.ref, at=now, facts=facts)])
    queries.forget()
    transaction.on_commit(queries.forget)


def _locked(code: str, by: Actor, right: str) -> Entry:
    """The entry, nobody else's to change meanwhile. One out of scope is not found; without the right it is forbidden."""
    entry = Entry.objects.select_for_update().filter(code=code).first()
    if not org.holds(by, right):
        guard(by, right, None)
    if entry is None or not queries.may_write(by, right, entry.unit_id, _place(entry)):
        raise NotFound("没有找到这个事项，请核对名称或编码。")
    return entry


def _place(entry: Entry) -> str:
    """The region of the version in force, before the first that of the draft."""
    rows = Version.objects.filter(entry=entry)
    rows = rows.filter(id=entry.current_id) if entry.current_id else rows
    return rows.order_by("-number").values_list("region", flat=True).first() or ""


def _draft_of(entry: Entry, seen: str | None) -> Version | None:
    """The draft. Refuses where it is no longer the one that was `seen` (its digest, "" for none; None: not looked at)."""
    row = Version.objects.filter(entry=entry, published_at=None).first()
    if seen is not None and seen != (row.digest if row else ""):
        raise Refused(
            "conflict.draft",
            "您打开以后，这份草稿已经被改过、发布或者放弃了。您填的内容还在下面，请打开最新的草稿核对后再保存。",
        )
    return row


@transaction.atomic
def begin(spec: Spec | Mapping[str, Any], *, unit_id: int | None = None, by: Actor, now: datetime) -> int:
    """A new entry, as a draft. Refuses a code that is taken. Gives the draft's id."""
    parsed = _parsed(spec)
    guard(by, EDIT, unit_id, parsed.region)
    _entry, made = Entry.objects.get_or_create(code=parsed.code, defaults={"shape": parsed.shape, "unit_id": unit_id})
    if made:
        return draft(parsed, unit_id=unit_id, by=by, now=now)
    same = Version.objects.filter(
        entry__code=parsed.code, number=1, published_at=None, digest=digest_of(parsed), written_by=by.ref
    ).first()
    if same is None:
        raise Refused("catalogue.taken", said("代码“{code}”已经用过，请换一个。", code=parsed.code), "code")
    return same.id  # the same press once more


@transaction.atomic
def draft(
    spec: Spec | Mapping[str, Any], *, unit_id: Owner = "stays", seen: str | None = None, by: Actor, now: datetime
) -> int:
    """Write or rewrite the one draft of a code; faults of content are allowed until it is published. Gives its id.

    `seen` is the digest of the draft that the writer began from ("" when there was none): refused when another has
    written meanwhile. Another `unit_id` is the entry's owner at once; what is common is given to one unit or place only by
    who may write everything.
    """
    parsed = _parsed(spec)
    first = None if isinstance(unit_id, str) else unit_id
    Entry.objects.get_or_create(code=parsed.code, defaults={"shape": parsed.shape, "unit_id": first})
    entry = _locked(parsed.code, by, EDIT)
    owner = entry.unit_id if isinstance(unit_id, str) else unit_id
    guard(by, EDIT, owner, parsed.region)
    if entry.shape != parsed.shape:
        raise Refused("catalogue.shape", "这个代码已经用于另一类定义，请换一个代码。", "code")
    values = {**columns_of(parsed), "written_by": by.ref, "written_at": now}
    row = Version.objects.filter(entry=entry, published_at=None).first()
    if row is not None and row.digest == values["digest"] and entry.unit_id == owner:
        return row.id  # the same press once more, or nothing was changed
    row = _draft_of(entry, seen)
    _give(entry, owner, parsed, by, now)
    if row is None:
        row = Version.objects.create(entry=entry, number=_next_number(entry), **values)
    else:
        Version.objects.filter(id=row.id).update(**values)
    record("drafted", by, now, code=entry.code, name=parsed.name, number=row.number, digest=values["digest"])
    return row.id


def _give(entry: Entry, owner: int | None, spec: Spec, by: Actor, now: datetime) -> None:
    """The entry to another owner. Refuses to take one that is common from the others, for a unit or by its new place."""
    place = _place(entry)
    common = entry.unit_id is None and not place and Version.objects.filter(entry=entry).exists()
    if common and (owner or spec.region) and not queries.may_write_all(by, EDIT):
        field = "unit" if owner else "region"
        raise Refused("catalogue.common", "各地通用的事项不能改归一个单位或一个地区；请另建一个本地的事项。", field)
    if entry.unit_id != owner:
        was, entry.unit_id = entry.unit_id, owner
        entry.save(update_fields=["unit"])
        names = {"old": queries.owner_name(was, place), "new": queries.owner_name(owner, spec.region)}
        told = {key: name or "各地通用" for key, name in names.items()}
        record("given", by, now, code=entry.code, name=spec.name, was=was, unit=owner, **told)


def _next_number(entry: Entry) -> int:
    last = Version.objects.filter(entry=entry).order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


@transaction.atomic
def revise(code: str, *, by: Actor, now: datetime) -> int:
    """改写: a draft that begins as what is in force, or was last; one that is being written stays. Gives its id."""
    entry = _locked(code, by, EDIT)
    row = _draft_of(entry, None)
    if row is not None:
        return row.id
    assert entry.current_id is not None, "an entry without a version in force has its draft"
    return draft(queries.version(entry.current_id).spec, seen="", by=by, now=now)


@transaction.atomic
def discard(code: str, *, seen: str | None = None, by: Actor, now: datetime) -> None:
    """Throw the draft away. An entry that was never published goes with it, and its code is free again."""
    entry = _locked(code, by, EDIT)
    row = _draft_of(entry, seen)
    if row is None:
        raise Refused("catalogue.no-draft", "没有草稿可以放弃。")
    row.delete()
    if entry.current_id is None:
        entry.delete()
    record("discarded", by, now, code=code, name=row.name, number=row.number, digest=row.digest)


@transaction.atomic
def publish(code: str, *, seen: str | None = None, by: Actor, now: datetime, note: str = "") -> int:
    """Freeze the draft and put it in force. Refuses with all faults (`rules.faults_of`); running cases stay on their version.

    `seen` is the digest of the draft that was read before: another one is not published unread.
    """
    entry = _locked(code, by, PUBLISH)
    active = entry.current if entry.state == State.ACTIVE else None
    row = Version.objects.filter(entry=entry, published_at=None).first()
    if row is None and active is not None and seen and active.digest == seen:
        return active.id  # the same press once more
    row = _draft_of(entry, seen)
    if row is None:
        raise Refused("catalogue.no-draft", "没有待发布的草稿，请先编辑事项。")
    guard(by, PUBLISH, entry.unit_id, row.region)
    if active is not None and active.digest == row.digest:
        raise Refused("catalogue.same", said("草稿和现行的第 {n} 版完全一样，没有可以发布的改动。", n=active.number))
    if faults := queries.faults_of(queries.parsed(row.spec)):
        raise Refused.of(faults)
    Version.objects.filter(id=row.id).update(published_at=now, note=text.clean(note).strip()[:500])
    entry.current_id, entry.state, entry.retired_reason = row.id, State.ACTIVE, ""
    entry.save(update_fields=["current", "state", "retired_reason"])
    record("published", by, now, code=code, name=row.name, number=row.number, digest=row.digest)
    return row.id


@transaction.atomic
def retire(code: str, *, reason: str, by: Actor, now: datetime) -> None:
    """Take an entry out of force, with the reason shown to who asks for it. Running cases go on."""
    entry = _locked(code, by, PUBLISH)
    why = text.clean(reason).strip()[:500]
    if entry.state != State.ACTIVE:
        raise Refused("catalogue.not-active", "这个事项不在用，不能取消。")
    if not why:
        raise Refused("catalogue.reason", "请写明取消的原因和依据文号。", "reason")
    entry.state, entry.retired_reason = State.RETIRED, why
    entry.save(update_fields=["state", "retired_reason"])
    name = Entry.objects.values_list("current__name", flat=True).get(id=entry.id)
    record("retired", by, now, code=code, name=name, reason=why)
