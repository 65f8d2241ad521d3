"""What editors read: entries within their scope with their drafts, versions, differences, and who may write what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.kernel.said import said
from mashang.org import queries as org
from mashang.text import rules as text

from .. import rules, sheets
from ..models import Entry, State
from ..models import Version as Row
from ..rules import ItemSpec, Limits, Spec
from .reading import Guide, Version, guide_of, parsed

PAGE = 50
EDIT = "catalogue.edit"


def may_write(by: Actor, right: str, unit_id: int | None, region: str = "") -> bool:
    """Whether an entry of this unit, or without one of this place, is the actor's to write; the unit's own place counts too.

    With neither it is common to all who use the platform, and every editor's.
    """
    if unit_id is None and not region:
        return org.holds(by, right)
    units = () if unit_id is None else (unit_id,)
    places = [*(u.region for u in org.units_of(units)), *filter(None, (region,))]
    return bool(places) and all(org.may(by, right, units=units, region=place, kind="") for place in places)


def may_write_all(by: Actor, right: str) -> bool:
    """Whether what is common is the actor's to take from the others: a right without bounds."""
    return org.may(by, right, units=(), region="", kind="")


def home_of(by: Actor) -> str:
    """The county of one who may write for it, where their new entries hold; "" for who writes for all."""
    place = next((u.region[:6] for u in org.units_of([by.unit_id])), "")
    return place if org.bounded(by, EDIT) and may_write(by, EDIT, None, place) else ""


def _mine(by: Actor) -> Q:
    """`may_write` as a condition on versions: every unit and every place that occurs is asked about."""
    known = Row.objects.values_list("entry__unit", "region").distinct()
    found = Q(pk__in=())
    for unit, region in known:
        if may_write(by, EDIT, unit, region):
            found |= Q(entry__unit=unit, region=region) if unit else Q(entry__unit__isnull=True, region=region)
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; "" narrows nothing. `state` is one of draft, active, retired."""

    words: str = ""
    shape: str = ""
    detail: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the editors' list: the version in force, or where there is none yet, the draft."""

    code: str
    shape: str
    state: str
    name: str
    organ: str
    owner: str
    detail: str
    statutory: str
    promised: str
    instant: bool
    number: int
    drafted: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the list; `after` is where the next begins, "" when there is none."""

    rows: list[Line]
    after: str


def _rows(by: Actor, wanted: Wanted) -> Any:
    """Versions in force and drafts of what has none, as far as the reader may know of them."""
    mine = _mine(by)
    drafts = Row.objects.filter(mine, entry=OuterRef("entry"), published_at=None)
    rows = Row.objects.filter(
        Q(entry__current=F("id")) | Q(mine, entry__current__isnull=True, published_at__isnull=True)
    ).annotate(drafted=Exists(drafts))
    if wanted.shape:
        rows = rows.filter(entry__shape=wanted.shape)
    if wanted.detail:
        rows = rows.filter(detail=wanted.detail)
    if wanted.state == "draft":
        rows = rows.filter(drafted=True)
    elif wanted.state:
        rows = rows.filter(entry__state=wanted.state)
    return rows.filter(_found(wanted.words)) if wanted.words.strip() else rows


def _found(words: str) -> Q:
    typed = text.clean(words).strip()
    match = Q(name__contains=typed) | Q(entry__code__icontains=typed)
    if terms := text.search_terms(words):
        match |= Q(terms__contains=terms)
        letters = "".join(terms)
        if letters.isascii() and len(letters) > 1:
            match |= Q(initials__contains=letters)
    return match


def lines(by: Actor, wanted: Wanted, *, after: str = "", limit: int = PAGE) -> Lines:
    """The catalogue as editors see it: full definitions first, then bare names, each by code."""
    rows = _rows(by, wanted).select_related("entry").order_by("detail", "entry__code")
    detail, mark, code = after.partition(":")
    if mark:
        rows = rows.filter(Q(detail__gt=detail) | Q(detail=detail, entry__code__gt=code))
    found = list(rows[: limit + 1])
    shown = [_line(row, by) for row in found[:limit]]
    more = len(found) > limit
    return Lines(shown, f"{found[limit - 1].detail}:{found[limit - 1].entry.code}" if more else "")


def _line(row: Any, by: Actor) -> Line:
    spec, entry = parsed(row.spec), row.entry
    limits = _limits(spec)
    mine = may_write(by, EDIT, entry.unit_id, row.region)
    return Line(
        entry.code, entry.shape, entry.state, row.name, row.organ,
        owner_name(entry.unit_id, row.region), row.detail,
        limits.statutory, limits.promised, limits.instant, row.number, row.drafted, mine,
    )  # fmt: skip


def _limits(spec: Spec) -> Limits:
    """The limits of a whole: a package's promise is what its applications take one after the other, as on its guide."""
    if not rules.coherent(spec):
        return Limits("", "", False)
    found = rules.limits_of(spec)
    if isinstance(spec, ItemSpec):
        return found
    return Limits(found.statutory, rules.as_limit(rules.after(spec).days), found.instant)


def owner_name(unit_id: int | None, region: str) -> str:
    """The unit that an entry belongs to, else its place (by its code, called so, where we do not know it); "" for what is
    common."""
    if unit_id is not None:
        return next((u.name for u in org.units_of([unit_id])), "")
    try:
        return org.region_path(region) if region else ""
    except NotFound:
        return said("区划代码 {code}", code=region)


@dataclass(frozen=True, slots=True)
class Edition:
    """A version without its definition. `by` is a reference of the ledger; without `published_at` it is the draft."""

    id: int
    number: int
    published_at: datetime | None
    written_at: datetime
    by: str
    note: str
    digest: str


@dataclass(frozen=True, slots=True)
class File:
    """An entry as its editor sees it; `draft` only where it is `mine` to write."""

    code: str
    shape: str
    state: str
    retired_reason: str
    unit_id: int | None
    mine: bool
    current: Version | None
    draft: Version | None
    editions: tuple[Edition, ...]

    @property
    def shown(self) -> Version:
        """What is in force (or was last), else the draft."""
        found = self.current or self.draft
        assert found is not None
        return found

    @property
    def base(self) -> Version:
        """What an editor goes on from: the draft, else what is in force."""
        found = self.draft or self.current
        assert found is not None
        return found

    @property
    def seen(self) -> str:
        """What a form shows of the draft, to be sent back with it: its digest, "" where there is none."""
        return self.draft.digest if self.draft else ""


def file_of(by: Actor, code: str) -> File:
    """An entry with its versions. Refuses one that does not exist, and another's that was never published."""
    entry = Entry.objects.filter(code=code).first()
    rows = list(Row.objects.filter(entry=entry).order_by("-number")) if entry else []
    current = next((r for r in rows if entry and r.id == entry.current_id), None)
    place = current or next(iter(rows), None)
    mine = bool(entry and place and may_write(by, EDIT, entry.unit_id, place.region))
    if entry is None or place is None or not (current or mine):
        raise NotFound("没有找到这个事项，请核对名称或编码。")
    draft = next((r for r in rows if r.published_at is None and mine), None)
    known = [r for r in rows if r.published_at is not None or mine]
    return File(
        entry.code, entry.shape, entry.state, entry.retired_reason, entry.unit_id, mine,
        _version(entry, current), _version(entry, draft),
        tuple(Edition(r.id, r.number, r.published_at, r.written_at, r.written_by, r.note, r.digest) for r in known),
    )  # fmt: skip


def _version(entry: Entry, row: Row | None) -> Version | None:
    if row is None:
        return None
    return Version(row.id, entry.code, row.number, entry.unit_id, row.digest, row.published_at, parsed(row.spec))


def own_file(by: Actor, code: str) -> File:
    """The same for who writes: another's entry is not found."""
    found = file_of(by, code)
    if not found.mine:
        raise NotFound("没有找到这个事项，请核对名称或编码。")
    return found


def edition(by: Actor, code: str, number: int) -> Version:
    """One version by its number; a draft only where it is the reader's to write."""
    known = file_of(by, code)
    if number not in {e.number for e in known.editions}:
        raise NotFound("没有这个版本，请从版本列表里选择。")
    row = Row.objects.select_related("entry").get(entry__code=code, number=number)
    found = _version(row.entry, row)
    assert found is not None
    return found


def preview(by: Actor, code: str) -> Guide | None:
    """The guide as citizens will see it once the draft is published; None while it does not hang together."""
    found = own_file(by, code).base
    return guide_of(found) if rules.coherent(found.spec) else None


def _exported(by: Actor, wanted: Wanted) -> list[ItemSpec]:
    """The items in force within a list that are the reader's to write, without bare names: what can come in again."""
    rows = _rows(by, wanted).filter(_mine(by), detail="full", entry__state=State.ACTIVE, entry__shape="item")
    specs = (parsed(spec) for spec in rows.order_by("entry__code").values_list("spec", flat=True))
    return [spec for spec in specs if isinstance(spec, ItemSpec)]


def export_excel(by: Actor, wanted: Wanted) -> bytes:
    """The sheets 事项 and 材料 of a list, to be edited and imported again."""
    return sheets.to_excel(_exported(by, wanted))


def export_csv(by: Actor, wanted: Wanted) -> bytes:
    """The items of a list without their materials, UTF-8 with BOM."""
    return sheets.to_csv(_exported(by, wanted))
