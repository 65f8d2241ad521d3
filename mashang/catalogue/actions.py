"""What changes the catalogue. Each publishing writes one more frozen version; nothing published is ever altered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry as Record
from mashang.org import queries as org
from mashang.text import rules as text

from . import queries, rules, sheets, shipped
from .models import Entry, State, Version
from .rules import ItemSpec, PackageSpec, Spec

GUANGAN = {
    "region": "511602",
    "place": "广安市广安区",
    "source": "广安市广安区公布的事项名称（v-luobo/zwfw，Apache-2.0），仅作名称参考",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries a file brought: `published` new versions; `same` were unchanged and stay as they are."""

    published: int
    same: int
    codes: tuple[str, ...]


def _guard(by: Actor, right: str, unit_id: int | None) -> None:
    units = None if unit_id is None else (unit_id,)
    if not org.may(by, right, units=units):
        raise Forbidden(_("您没有编辑或发布这个单位事项的权限，请联系事项管理员。"))


def _parsed(spec: Spec | Mapping[str, Any]) -> Spec:
    """A definition given as values or as JSON; refuses with every field that is wrong."""
    if not isinstance(spec, Mapping):
        return spec
    try:
        return queries.parsed(dict(spec))
    except ValidationError as fault:
        found = [
            Fault("catalogue.value", _("%(w)s 填写有误（%(m)s）。") % {"w": w, "m": e["msg"]}, w)
            for e in fault.errors(include_url=False)
            if (w := ".".join(str(part) for part in e["loc"])) is not None
        ]
        raise Refused.of(found) from fault


def digest_of(spec: Spec) -> str:
    """SHA-256 of the definition's canonical JSON, hex: two versions alike have the same."""
    plain = json.dumps(spec.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _columns(spec: Spec) -> dict[str, Any]:
    """The searched and counted columns, drawn from the definition."""
    item = spec if isinstance(spec, ItemSpec) else None
    organ = item.organ.name if item else spec.lead if isinstance(spec, PackageSpec) else ""
    names = " ".join((spec.name, *spec.aliases, *(i.name for i in rules.items_of(spec))))
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


def _record(verb: str, by: Actor, now: datetime, code: str = "", **facts: Any) -> None:
    """Acts on one entry stand in the ledger under "catalogue/CODE", so that its history can be read."""
    subject = f"catalogue/{code}" if code else ""
    ledger.record([Record(case=subject, verb=f"catalogue.{verb}", by=by.ref, at=now, facts=facts)])
    queries.forget()
    transaction.on_commit(queries.forget)


def _locked(code: str) -> Entry:
    entry = Entry.objects.select_for_update().filter(code=code).first()
    if entry is None:
        raise NotFound(_("没有找到这个事项，请核对名称或编码。"))
    return entry


@transaction.atomic
def draft(spec: Spec | Mapping[str, Any], *, unit_id: int | None = None, by: Actor, now: datetime) -> int:
    """Write or rewrite the one draft of a code; faults of content are allowed until it is published. Gives its id."""
    parsed = _parsed(spec)
    shape = parsed.shape
    _guard(by, "catalogue.edit", unit_id)
    Entry.objects.get_or_create(code=parsed.code, defaults={"shape": shape, "unit_id": unit_id})
    entry = _locked(parsed.code)
    if entry.shape != shape:
        raise Refused("catalogue.shape", _("这个代码已经用于另一类定义，请换一个代码。"), "code")
    if entry.unit_id is not None and entry.unit_id != unit_id:
        _guard(by, "catalogue.edit", entry.unit_id)
    if unit_id is not None and entry.unit_id != unit_id:
        entry.unit_id = unit_id
        entry.save(update_fields=["unit"])
    values = {**_columns(parsed), "written_by": by.ref, "written_at": now}
    row = Version.objects.filter(entry=entry, published_at=None).first()
    if row is None:
        row = Version.objects.create(entry=entry, number=_next_number(entry), **values)
    else:
        Version.objects.filter(id=row.id).update(**values)
    _record("drafted", by, now, code=entry.code, name=parsed.name, number=row.number, digest=values["digest"])
    return row.id


def _next_number(entry: Entry) -> int:
    last = Version.objects.filter(entry=entry).order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


@transaction.atomic
def publish(code: str, *, by: Actor, now: datetime, note: str = "") -> int:
    """Freeze the draft and put it in force. Refuses with all faults (law.md 4.4); running cases stay on their version."""
    entry = _locked(code)
    _guard(by, "catalogue.publish", entry.unit_id)
    row = Version.objects.filter(entry=entry, published_at=None).first()
    if row is None:
        raise Refused("catalogue.no-draft", _("没有待发布的草稿，请先编辑事项。"))
    if faults := rules.faults_of(queries.parsed(row.spec)):
        raise Refused.of(faults)
    Version.objects.filter(id=row.id).update(published_at=now, note=note)
    entry.current_id, entry.state, entry.retired_reason = row.id, State.ACTIVE, ""
    entry.save(update_fields=["current", "state", "retired_reason"])
    _record("published", by, now, code=code, name=row.name, number=row.number, digest=row.digest)
    return row.id


@transaction.atomic
def retire(code: str, *, reason: str, by: Actor, now: datetime) -> None:
    """Take an entry out of force, with the reason shown to who asks for it. Running cases go on."""
    entry = _locked(code)
    _guard(by, "catalogue.publish", entry.unit_id)
    if entry.state != State.ACTIVE:
        raise Refused("catalogue.not-active", _("这个事项不在用，不能取消。"))
    if not text.clean(reason).strip():
        raise Refused("catalogue.reason", _("请写明取消的原因和依据文号。"), "reason")
    entry.state, entry.retired_reason = State.RETIRED, text.clean(reason).strip()[:500]
    entry.save(update_fields=["state", "retired_reason"])
    name = Entry.objects.values_list("current__name", flat=True).get(id=entry.id)
    _record("retired", by, now, code=code, name=name, reason=entry.retired_reason)


@transaction.atomic
def publish_all(specs: Iterable[Spec], *, file: str, unit_id: int | None = None, by: Actor, now: datetime) -> Imported:
    """Publish many definitions at once, all or none. One already in force unchanged is left alone; a draft is replaced."""
    given = {spec.code: spec for spec in specs}
    _guard(by, "catalogue.publish", unit_id)
    if faults := [fault for spec in given.values() for fault in rules.faults_of(spec)]:
        raise Refused.of(faults)
    missing = [Entry(code=code, shape=spec.shape, unit_id=unit_id) for code, spec in given.items()]
    Entry.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)
    entries = {e.code: e for e in Entry.objects.select_for_update().filter(code__in=given).order_by("code")}
    _guard_all(entries.values(), given, unit_id, by)
    changed = _changed(entries, given)
    numbers = _numbers([entries[code] for code in changed])
    Version.objects.filter(entry__code__in=changed, published_at=None).delete()
    rows = [
        Version(
            entry=entries[code],
            number=numbers.get(entries[code].id, 0) + 1,
            written_by=by.ref,
            written_at=now,
            published_at=now,
            note=file,
            **_columns(given[code]),
        )
        for code in changed
    ]
    for row in Version.objects.bulk_create(rows, batch_size=500):
        entry = entries[row.entry.code]
        entry.current_id, entry.state, entry.retired_reason = row.id, State.ACTIVE, ""
    Entry.objects.bulk_update([entries[c] for c in changed], ["current", "state", "retired_reason"], batch_size=500)
    digest = hashlib.sha256("".join(sorted(r.digest for r in rows)).encode()).hexdigest()
    if rows:
        _record("imported", by, now, file=file, count=len(rows), digest=digest)
    return Imported(len(rows), len(given) - len(rows), tuple(changed))


def _guard_all(entries: Iterable[Entry], given: Mapping[str, Spec], unit_id: int | None, by: Actor) -> None:
    for entry in entries:
        if entry.shape != given[entry.code].shape:
            text_ = _("代码“%(c)s”已经用于另一类定义，请换一个代码。") % {"c": entry.code}
            raise Refused("catalogue.shape", text_, "code")
        if entry.unit_id not in (None, unit_id):
            _guard(by, "catalogue.publish", entry.unit_id)


def _changed(entries: Mapping[str, Entry], given: Mapping[str, Spec]) -> list[str]:
    """The codes whose definition differs from the one in force, or that are not in force."""
    active = Entry.objects.filter(code__in=entries, state=State.ACTIVE)
    digests = dict(active.values_list("code", "current__digest"))
    return [code for code, spec in given.items() if digests.get(code) != digest_of(spec)]


def _numbers(entries: Sequence[Entry]) -> dict[int, int]:
    """The highest published number of each entry."""
    rows = Version.objects.filter(entry__in=entries, published_at__isnull=False).values_list("entry_id", "number")
    found: dict[int, int] = {}
    for entry_id, number in rows:
        found[entry_id] = max(number, found.get(entry_id, 0))
    return found


def import_sheet(content: bytes, filename: str, *, unit_id: int | None = None, by: Actor, now: datetime) -> Imported:
    """Publish the items of a workbook or CSV: all of them, or none and every fault by row and column."""
    _guard(by, "catalogue.publish", unit_id)
    name = text.clean(filename).strip()[-100:]
    specs = sheets.read(content, name, queries.items_in_force())
    return publish_all(specs, file=name, unit_id=unit_id, by=by, now=now)


def import_shipped(*, by: Actor, now: datetime) -> Imported:
    """Publish the items and packages that come with the platform; a second time does nothing."""
    return publish_all((*shipped.items(), *shipped.packages()), file="shipped", by=by, now=now)


def import_names(*, by: Actor, now: datetime) -> Imported:
    """Publish the 1,135 item names of 广安市广安区, named as such: shown and searched, never open for application."""
    data = shipped.NAMES.read_bytes()
    return publish_all(
        sheets.names_from_csv(data, shipped.NAMES.name, **GUANGAN), file=shipped.NAMES.name, by=by, now=now
    )
