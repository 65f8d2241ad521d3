"""Publishing many entries at once: from a sheet, or those that come with the platform."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.text import rules as text

from .. import queries, sheets, shipped
from ..models import Entry, State, Version
from ..rules import Spec
from .writing import PUBLISH, columns_of, digest_of, guard, record

GUANGAN = {
    "region": "511602",
    "place": "广安市广安区",
    "source": "广安市广安区公布的事项名称（v-luobo/zwfw，Apache-2.0），仅作名称参考",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries a file brought: `published` new versions, `new` of them first ones; `same` stay as they are."""

    published: int
    same: int
    codes: tuple[str, ...]
    new: int = 0

    @property
    def changed(self) -> int:
        return self.published - self.new


@transaction.atomic
def publish_all(specs: Iterable[Spec], *, file: str, unit_id: int | None = None, by: Actor, now: datetime) -> Imported:
    """Publish many definitions at once, all or none. One already in force unchanged is left alone.

    Refuses with every fault: of a definition, an entry that is another's, one that somebody is drafting, one out of force.
    """
    given = {spec.code: spec for spec in specs}
    for region in sorted({spec.region for spec in given.values()}):
        guard(by, PUBLISH, unit_id, region)
    if faults := [fault for spec in given.values() for fault in queries.faults_of(spec)]:
        raise Refused.of(faults)
    missing = [Entry(code=code, shape=spec.shape, unit_id=unit_id) for code, spec in given.items()]
    Entry.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)
    entries = {e.code: e for e in Entry.objects.select_for_update().filter(code__in=given).order_by("code")}
    changed = _changed(entries, given)
    foreign = _foreign(entries.values(), given, by)
    own = [code for code in changed if code not in foreign]
    if faults := [*foreign.values(), *_drafted(own), *_retired(own)]:
        raise Refused.of(faults)
    numbers = _numbers([entries[code] for code in changed])
    rows = [
        Version(
            entry=entries[code],
            number=numbers.get(entries[code].id, 0) + 1,
            written_by=by.ref,
            written_at=now,
            published_at=now,
            note=file,
            **columns_of(given[code]),
        )
        for code in changed
    ]
    for row in Version.objects.bulk_create(rows, batch_size=500):
        entry = entries[row.entry.code]
        entry.current_id, entry.state, entry.retired_reason = row.id, State.ACTIVE, ""
    Entry.objects.bulk_update([entries[c] for c in changed], ["current", "state", "retired_reason"], batch_size=500)
    digest = hashlib.sha256("".join(sorted(r.digest for r in rows)).encode()).hexdigest()
    if rows:
        record("imported", by, now, file=file, count=len(rows), digest=digest)
    new = sum(1 for code in changed if entries[code].id not in numbers)
    return Imported(len(rows), len(given) - len(rows), tuple(changed), new)


def _foreign(entries: Iterable[Entry], given: Mapping[str, Spec], by: Actor) -> dict[str, Fault]:
    """What a file may not touch, by code: another kind of definition, and entries of other units and places."""
    faults = {}
    rows = Version.objects.filter(Q(entry__current=F("id")) | Q(entry__current=None), entry__code__in=given)
    regions = dict(rows.values_list("entry__code", "region"))
    for entry in entries:
        if not queries.may_write(by, PUBLISH, entry.unit_id, regions.get(entry.code, "")):
            text_ = said("代码“{code}”是其他单位或地区的事项，不能由您导入，请换一个代码。", code=entry.code)
            faults[entry.code] = Fault("catalogue.foreign", text_, "file")
        elif entry.shape != given[entry.code].shape:
            text_ = said("代码“{code}”已经用于另一类定义，请换一个代码。", code=entry.code)
            faults[entry.code] = Fault("catalogue.shape", text_, "code")
    return faults


def _drafted(codes: Sequence[str]) -> list[Fault]:
    """Nobody's draft is lost to a file."""
    drafts = Version.objects.filter(entry__code__in=codes, published_at=None).order_by("entry__code")
    return [
        Fault(
            "catalogue.drafted",
            said("“{name}”（{code}）有一份还没发布的草稿，请先发布或放弃草稿，再导入。", name=name, code=code),
            "file",
        )
        for name, code in drafts.values_list("name", "entry__code")
    ]


def _retired(codes: Sequence[str]) -> list[Fault]:
    """What was taken out of force does not come back by a file: of its form and steps the file knows nothing."""
    retired = Entry.objects.filter(code__in=codes, state=State.RETIRED).order_by("code")
    return [
        Fault(
            "catalogue.retired",
            said(
                "“{name}”（{code}）已经废止，不能由表格恢复；要恢复，请打开这个事项改写后发布。", name=name, code=code
            ),
            "file",
        )
        for name, code in retired.values_list("current__name", "code")
    ]


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


def import_sheet(
    content: bytes, filename: str, *, unit_id: int | None = None, region: str = "", by: Actor, now: datetime
) -> Imported:
    """Publish the items of a workbook or CSV: all of them, or none and every fault by row and column.

    New ones become those of the unit, and hold in the region.
    """
    guard(by, PUBLISH, unit_id, region)
    name, known = text.clean(filename).strip()[-100:], queries.items_in_force()
    specs = [
        spec if spec.code in known else spec.model_copy(update={"region": region})
        for spec in sheets.read(content, name, known)
    ]
    return publish_all(specs, file=name, unit_id=unit_id, by=by, now=now)


def import_shipped(*, by: Actor, now: datetime) -> Imported:
    """Publish the items and packages that come with the platform; a second time does nothing.

    What people have changed since, have retired or are drafting is theirs: a newer platform leaves it as it is.
    """
    specs: tuple[Spec, ...] = (*shipped.items(), *shipped.packages())
    theirs = _taken_over([spec.code for spec in specs])
    return publish_all([spec for spec in specs if spec.code not in theirs], file="shipped", by=by, now=now)


def _taken_over(codes: Sequence[str]) -> set[str]:
    """Codes of which the version in force is not what a file of the platform brought, or that are being drafted."""
    known = Entry.objects.filter(code__in=codes)
    kept = known.filter(state=State.ACTIVE, current__note="shipped", current__written_by__startswith="system:")
    drafted = Version.objects.filter(entry__in=known, published_at=None).values_list("entry__code", flat=True)
    return {e.code for e in known.exclude(id__in=kept)} | set(drafted)


def import_names(*, by: Actor, now: datetime) -> Imported:
    """Publish the 1,135 item names of 广安市广安区, named as such: shown and searched, never open for application."""
    data = shipped.NAMES.read_bytes()
    specs = sheets.names_from_csv(data, shipped.NAMES.name, **GUANGAN)
    retired = set(Entry.objects.filter(state=State.RETIRED).values_list("code", flat=True))
    known = [spec for spec in specs if spec.code not in retired]
    return publish_all(known, file=shipped.NAMES.name, by=by, now=now)
