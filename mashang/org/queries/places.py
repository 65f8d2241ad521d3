"""Units and regions, kept in the process: a few thousand rows that change rarely and are asked for always."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise

from mashang.kernel.refused import NotFound
from mashang.kernel.said import said

from ..kept import Kept
from ..models import Region, Unit


@dataclass(frozen=True, slots=True)
class UnitInfo:
    id: int
    name: str
    short_name: str
    kind: str
    kind_label: str | Promise
    scheme_class: str
    region: str
    parent: int | None
    credit_code: str
    valid_from: date
    valid_to: date | None

    def open_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class RegionInfo:
    code: str
    name: str
    short_name: str
    level: str
    level_label: str | Promise
    parent: str | None
    national: bool
    valid_from: date | None
    valid_to: date | None
    successor: str | None
    note: str


@dataclass(frozen=True, slots=True)
class _Units:
    by_id: dict[int, UnitInfo]
    children: dict[int, list[int]]
    under: dict[int, frozenset[int]] = field(default_factory=dict)
    around: dict[tuple[str, date], tuple[UnitInfo, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Regions:
    by_code: dict[str, RegionInfo]
    children: dict[str, list[str]]


MOST_PLACES = 2000
_units: Kept[_Units] = Kept("units")
_regions: Kept[_Regions] = Kept("regions")


_UNIT = (
    "id", "name", "short_name", "kind", "scheme_class", "region_id", "parent_id", "credit_code", "valid_from", "valid_to",
)  # fmt: skip
_REGION = (
    "code", "name", "short_name", "level", "parent_id", "national", "valid_from", "valid_to", "successor_id", "note",
)  # fmt: skip


def _load_units() -> _Units:
    kinds = dict(Unit.Kind.choices)
    by_id = {}
    children: dict[int, list[int]] = {}
    for id_, name, short, kind, *more in Unit.objects.order_by("id").values_list(*_UNIT):
        by_id[id_] = known = UnitInfo(id_, name, short, kind, kinds[kind], *more)
        if known.parent is not None:
            children.setdefault(known.parent, []).append(id_)
    return _Units(by_id, children)


def _load_regions() -> _Regions:
    levels = dict(Region.Level.choices)
    by_code = {}
    children: dict[str, list[str]] = {}
    for code, name, short, level, *more in Region.objects.order_by("code").values_list(*_REGION):
        by_code[code] = known = RegionInfo(code, name, short, level, levels[level], *more)
        if known.parent:
            children.setdefault(known.parent, []).append(code)
    return _Regions(by_code, children)


def unit_table() -> dict[int, UnitInfo]:
    """Every unit by id, closed ones too."""
    return _units.get("", _load_units).by_id


def region_table() -> dict[str, RegionInfo]:
    return _regions.get("", _load_regions).by_code


def unit(id_: int) -> UnitInfo:
    """A unit, also one that is closed by now. Refuses an id that never was."""
    known = unit_table().get(id_)
    if known is None:
        raise NotFound("没有找到这个单位，请从单位列表中选择。")
    return known


def unit_named(name: str) -> UnitInfo:
    """The open unit of exactly this name or short name."""
    found = [u for u in unit_table().values() if name in (u.name, u.short_name) and u.valid_to is None]
    if len(found) != 1:
        raise NotFound(said("没有找到名称为“{name}”的单位，请核对全称。", name=name))
    return found[0]


def units_under(id_: int) -> frozenset[int]:
    """The unit and everything below it, closed units too: their old cases stay with the superior."""
    tree = _units.get("", _load_units)
    if id_ not in tree.under:
        found, waiting = set(), [id_]
        while waiting:
            current = waiting.pop()
            found.add(current)
            waiting += [child for child in tree.children.get(current, []) if child not in found]
        tree.under[id_] = frozenset(found)
    return tree.under[id_]


def answering(units: Iterable[int]) -> dict[int, int]:
    """Which of these units answers for each unit below them: itself if it is one of them, else the nearest above that is."""
    wide_first = sorted(units, key=lambda unit: -len(units_under(unit)))
    return {below: unit for unit in wide_first for below in units_under(unit)}


def units_of(ids: Iterable[int]) -> list[UnitInfo]:
    """Units by id, in the order asked; unknown ids are left out."""
    table = unit_table()
    return [table[i] for i in ids if i in table]


def units_around(place: str, day: date) -> tuple[UnitInfo, ...]:
    """Units that serve a place because it lies in their region, open on the day; the nearest region first."""
    known = _units.get("", _load_units).around
    if (place, day) not in known:
        if len(known) > MOST_PLACES:
            known.clear()
        found = [u for u in unit_table().values() if place.startswith(u.region) and u.open_on(day)]
        known[place, day] = tuple(sorted(found, key=lambda u: -len(u.region)))
    return known[place, day]


def units_in(region_code: str = "", *, kind: str = "", day: date | None = None) -> list[UnitInfo]:
    """Units of a region (by code prefix), of a kind, open on a day; each bound only when given."""
    return [
        u
        for u in unit_table().values()
        if u.region.startswith(region_code) and kind in ("", u.kind) and (day is None or u.open_on(day))
    ]


def offices_over(unit: UnitInfo, day: date) -> list[UnitInfo]:
    """The effectiveness offices (效能办) of the region that a unit lies in, open on the day; the nearest first."""
    found = [u for u in unit_table().values() if u.kind == "office" and u.open_on(day)]
    return sorted((u for u in found if unit.region.startswith(u.region)), key=lambda u: (-len(u.region), u.id))


def region(code: str) -> RegionInfo:
    """A division, also a superseded one. Refuses an unknown code."""
    known = region_table().get(code)
    if known is None:
        raise NotFound(said("没有代码为“{code}”的行政区划，请从列表中选择。", code=code))
    return known


def current_region(code: str) -> RegionInfo:
    """The division that now stands in place of the given one: successors are followed."""
    known = region(code)
    while known.successor is not None:
        known = region(known.successor)
    return known


def region_path(code: str) -> str:
    """The whole name from the city down, like 漳州市漳浦县古雷镇."""
    names: list[str] = []
    known: RegionInfo | None = region(code)
    while known is not None:
        if known.level != "province" or not names:
            names.append(known.name)
        known = region_table().get(known.parent) if known.parent else None
    return "".join(reversed(names))


def region_short(code: str) -> str:
    """The short name of the county (zone, else city) a place lies in, as case numbers carry it: 武平, 古雷, 漳州."""
    known: RegionInfo | None = region(code)
    while known is not None and known.level in ("township", "village") and known.parent:
        known = region_table().get(known.parent)
    return known.short_name if known else ""


def region_shorts() -> set[str]:
    """Every name that `region_short` may give, of superseded divisions too."""
    return {r.short_name for r in region_table().values() if r.level not in ("township", "village") and r.short_name}


def regions_under(code: str, *, day: date | None = None) -> list[RegionInfo]:
    """The direct children of a division, those valid on the day when one is given."""
    tree = _regions.get("", _load_regions)
    found = [tree.by_code[child] for child in tree.children.get(code, [])]
    if day is None:
        return found
    return [r for r in found if (r.valid_from or day) <= day and (r.valid_to is None or day < r.valid_to)]


MOST_REGIONS = 50


def regions_named(words: str) -> list[RegionInfo]:
    """Divisions whose name or code begins with the words, then those whose name holds them; `MOST_REGIONS` at most."""
    known = region_table().values()
    first = [r for r in known if r.name.startswith(words) or r.code.startswith(words)]
    return (first + [r for r in known if words in r.name and r not in first])[:MOST_REGIONS]


def regions_like(words: str) -> list[RegionInfo]:
    """Divisions in force for whoever picks one: those of exactly this name, whole (武平县桃溪镇) or last part (桃溪镇), if any;
    else as `regions_named` finds them, else those that such words as 武平县桃 lead to."""
    known = [r for r in region_table().values() if r.valid_to is None]
    exact = [r for r in known if words in (r.code, r.name)]
    exact += [
        r for r in known if r not in exact and r.name and words.endswith(r.name) and region_path(r.code).endswith(words)
    ]
    found = exact or [r for r in regions_named(words) if r.valid_to is None]
    return (found or [r for r in known if words in region_path(r.code)])[:MOST_REGIONS]


def unit_kinds() -> list[tuple[str, str | Promise]]:
    """The kinds a unit can be, for choosing."""
    return list(Unit.Kind.choices)
