"""What others ask of the catalogue. A published version never changes, so it is read once and kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, IntegerField, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from mashang.clocks import queries as clocks
from mashang.kernel.refused import Fault, NotFound
from mashang.org.queries import Kept
from mashang.text import rules as text

from .. import rules
from ..events import SENTENCES
from ..models import Entry, State
from ..models import Version as Row
from ..rules import Figures, ItemSpec, Limits, Need, PackageSpec, Spec

PAGE = 100


@dataclass(frozen=True, slots=True)
class Version:
    """A definition as stored. `number` counts from 1; `digest` is the SHA-256 of its canonical JSON."""

    id: int
    code: str
    number: int
    unit_id: int | None
    digest: str
    published_at: datetime | None
    spec: Spec

    @property
    def open(self) -> bool:
        """Whether one can apply here: names taken over from another place's list are shown, not served."""
        return isinstance(self.spec, PackageSpec) or self.spec.detail == "full"


def parsed(spec: dict[str, Any]) -> Spec:
    """A stored definition as values."""
    kind = PackageSpec if spec.get("shape") == "package" else ItemSpec
    return kind.model_validate(spec)


def _of(row: Row) -> Version:
    entry = row.entry
    return Version(row.id, entry.code, row.number, entry.unit_id, row.digest, row.published_at, parsed(row.spec))


@lru_cache(maxsize=2048)
def _published(id_: int) -> Version:
    row = Row.objects.select_related("entry").filter(id=id_, published_at__isnull=False).first()
    if row is None:
        raise NotFound
    return _of(row)


def version(id_: int) -> Version:
    """A published version by its id, from memory after the first time. Refuses unknown ids and drafts."""
    return _published(id_)


def current_id(code: str) -> int:
    """The id of the version in force, kept a few seconds: what is published is in force everywhere within them.

    Refuses what is unknown, not yet published or retired.
    """
    row = _entries.get(code, lambda: _entry(code))
    if row is None or row[0] == State.DRAFT:
        raise NotFound(_("没有找到这个事项，请核对名称或编码。"))
    if row[0] == State.RETIRED:
        raise NotFound(_("这个事项已经取消：%(why)s") % {"why": row[2]})
    return int(row[1])


_entries: Kept[tuple[str, int, str] | None] = Kept("entries")


def _entry(code: str) -> tuple[str, int, str] | None:
    return Entry.objects.filter(code=code).values_list("state", "current", "retired_reason").first()


def faults_of(spec: Spec) -> list[Fault]:
    """Everything that keeps a definition from being published, what it says of clocks included."""
    limits = {rule.code: str(rule.limit or "") for rule in clocks.rules()}
    return [*rules.faults_of(spec), *rules.clock_faults(spec, limits, clocks.known_grounds())]


def forget() -> None:
    """Drop what this process keeps of what is in force: after a change it made itself."""
    _entries.clear()


def current(code: str) -> Version:
    """The version in force under this code."""
    return version(current_id(code))


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a list. `detail` "name": known by name only, see `source`."""

    version_id: int
    code: str
    shape: str
    name: str
    organ: str
    group: str
    type: str
    level: str
    handling: str
    online: bool
    visits: int
    detail: str
    source: str


_COLUMNS = (
    "code",
    "shape",
    "name",
    "organ",
    "group",
    "type",
    "level",
    "handling",
    "online",
    "visits",
    "detail",
    "source",
)


def _active() -> Any:
    return Entry.objects.filter(state=State.ACTIVE)


def _hits(rows: Any) -> list[Hit]:
    own = ("code", "shape")
    values = rows.values_list("current_id", *(c if c in own else f"current__{c}" for c in _COLUMNS))
    return [Hit(*row) for row in values]


def search(words: str, *, shape: str = "", detail: str = "", region: str = "", limit: int = 50) -> list[Hit]:
    """Items and packages found by Chinese words, plain words people use, or pinyin initials; the nearest first. `detail`
    "full": those that are done here; "name": those known by name only.

    All words must match; when nothing matches all, those that match most. Nothing typed: the packages and own items.
    """
    base = _active()
    if shape:
        base = base.filter(shape=shape)
    if detail:
        base = base.filter(current__detail=detail)
    if region:
        base = base.filter(current__region__in=["", *(region[:n] for n in range(2, len(region) + 1))])
    terms = text.search_terms(words)
    letters = "".join(terms) if "".join(terms).isascii() else ""
    order = [_own_first(), "-shape", "current__name"]
    if not terms:
        return _hits(base.order_by(*order)[:limit])
    typed = text.clean(words).strip()
    match = Q(current__terms__contains=terms) | Q(current__name__contains=typed) | Q(code__iexact=typed)
    if len(letters) > 1:
        match |= Q(current__initials__contains=letters)
    found = _hits(base.filter(match).order_by(*order)[:limit])
    return found or _hits(_near(base, terms).order_by("-near", *order)[:limit])


def _own_first() -> Any:
    return F("current__detail").asc()


def _near(base: Any, terms: Sequence[str]) -> Any:
    """Entries that share some of the words, with how many."""
    count = "(SELECT count(*) FROM unnest(catalogue_version.terms) t WHERE t = ANY(%s))"
    near = RawSQL(count, [list(terms)], output_field=IntegerField())
    return base.filter(current__terms__overlap=list(terms)).annotate(near=near)


def entries(*, shape: str = "", detail: str = "", after: str = "", limit: int = PAGE) -> list[Hit]:
    """The active catalogue by code, page by page: pass the last code as `after`."""
    rows = _active().filter(code__gt=after)
    if shape:
        rows = rows.filter(shape=shape)
    if detail:
        rows = rows.filter(current__detail=detail)
    return _hits(rows.order_by("code")[: min(max(limit, 1), 1000)])


def packages() -> list[Version]:
    """The packages (一件事) in force, by name."""
    ids = _active().filter(shape="package").order_by("current__name").values_list("current_id", flat=True)
    return [version(id_) for id_ in ids]


@dataclass(frozen=True, slots=True)
class Guide:
    """The service guide: all that a person must know before applying, and what the platform computed."""

    version: Version
    spec: Spec
    before: Figures
    after: Figures
    limits: Limits
    parts: tuple[tuple[str, str], ...]
    questions: list[dict[str, Any]]
    form: list[dict[str, Any]]
    materials: list[Need]
    asked_by: dict[str, tuple[str, ...]]
    visits: tuple[rules.Visit, ...]
    fees: tuple[rules.Fee, ...]


def guide(code: str) -> Guide:
    """The guide of the version in force."""
    return guide_of(current(code))


def guide_of(found: Version) -> Guide:
    """The guide of any version."""
    spec = found.spec
    return Guide(
        version=found,
        spec=spec,
        before=rules.before(spec),
        after=rules.after(spec),
        limits=rules.limits_of(spec),
        parts=rules.parts_of(spec),
        questions=rules.guide_questions(spec),
        form=rules.form_fields(spec),
        materials=rules.materials_needed(spec, {}),
        asked_by=rules.asked_by(spec),
        visits=rules.merged_visits(spec),
        fees=tuple(fee for item in rules.items_of(spec) for fee in item.fees),
    )


@dataclass(frozen=True, slots=True)
class Shares:
    """Counts over the active items whose visits are known (packages and bare names are left out); shares are 0 to 1."""

    items: int
    online: int
    whole_online: int
    no_visit: int
    one_visit: int
    instant: int
    names: int

    def share(self, count: int) -> float:
        return count / self.items if self.items else 0.0

    @property
    def online_share(self) -> float:
        return self.share(self.online)

    @property
    def no_visit_share(self) -> float:
        """一趟不用跑."""
        return self.share(self.no_visit)

    @property
    def one_visit_share(self) -> float:
        """最多跑一趟: those without any visit count too."""
        return self.share(self.one_visit)

    @property
    def instant_share(self) -> float:
        return self.share(self.instant)


def shares(*, units: Sequence[int] | None = None) -> Shares:
    """How much of the catalogue needs how many trips, computed from the published versions; of some units or of all."""
    rows = _active().filter(shape="item")
    if units is not None:
        rows = rows.filter(unit__in=units)
    known = Q(current__detail="full")
    counted = rows.aggregate(
        items=Count("id", filter=known),
        online=Count("id", filter=known & Q(current__online=True)),
        whole_online=Count("id", filter=known & Q(current__depth="4")),
        no_visit=Count("id", filter=known & Q(current__visits=0)),
        one_visit=Count("id", filter=known & Q(current__visits__lte=1)),
        instant=Count("id", filter=known & Q(current__handling="1")),
        names=Count("id", filter=Q(current__detail="name")),
    )
    return Shares(**counted)


def _specs(codes: Sequence[str] | None) -> list[ItemSpec]:
    rows = _active().filter(shape="item")
    rows = rows.filter(code__in=codes) if codes is not None else rows
    specs = (parsed(spec) for spec in rows.order_by("code").values_list("current__spec", flat=True))
    return [spec for spec in specs if isinstance(spec, ItemSpec)]


def sentence(verb: str) -> str:
    """The sentence of a verb of this room, with its facts still to be filled in."""
    return str(SENTENCES.get(verb, verb))


def items_in_force() -> dict[str, ItemSpec]:
    """Every active item's definition by its code."""
    return {spec.code: spec for spec in _specs(None)}
