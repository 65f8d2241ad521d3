"""Schemes for those who write them: versions with the runs that used them, their rules, what a new version begins from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.models import Count

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound
from mashang.org import queries as org

from .. import models, sources
from ..rules import scheme as rules
from ..rules.changes import Change, changes
from ..rules.parse import read_scheme
from ..rules.places import after, with_version
from .results import SchemeInfo, scheme_text, schemes

EXAMPLES = ("county-demo",)
SHIPPED = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a scheme: who wrote it last and when, and by how many runs it was used."""

    scheme: SchemeInfo
    written_at: datetime
    written_by: str
    runs: int


def versions(by: Actor) -> list[Version]:
    """Every version of the regions the actor may see, newest first within region and code."""
    seen = {s.id: s for s in schemes(by)}
    rows = models.Scheme.objects.filter(pk__in=seen).annotate(times=Count("runs")).order_by("region", "code", "-id")
    return [Version(seen[row.pk], row.written_at, row.written_by, row.times) for row in rows]


def scheme_for(scheme: int, by: Actor) -> SchemeInfo:
    """The version, not found for those who see no scores of its region."""
    found = next((s for s in schemes(by) if s.id == scheme), None)
    if found is None:
        raise NotFound("没有找到这个考评方案。")
    return found


def own_scheme(scheme: int, by: Actor) -> SchemeInfo:
    """The version, for those who may write schemes of its region; forbidden for others who see it."""
    found = scheme_for(scheme, by)
    if not org.may(by, "performance.edit_scheme", region=found.region):
        raise Forbidden()
    return found


def scheme_rule(scheme: int, by: Actor) -> rules.Scheme:
    """What the version says."""
    return read_scheme(scheme_text(scheme, by))


def scheme_changes(old: int, new: int, by: Actor) -> list[Change]:
    """What differs between two versions, a sentence each."""
    return changes(scheme_rule(old, by), scheme_rule(new, by))


def beginning(by: Actor, *, scheme: int | None = None, example: str = "") -> str:
    """The text that a new version begins from: a version or a shipped example with the next number, or nothing."""
    if scheme is not None:
        info = scheme_for(scheme, by)
        known = models.Scheme.objects.filter(code=info.code, region=info.region).values_list("version", flat=True)
        return with_version(scheme_text(scheme, by), after(list(known)))
    if example in EXAMPLES:
        return (SHIPPED / example / "scheme.toml").read_text("utf-8")
    if example:
        raise NotFound("没有这份示例方案。")
    return ""


def examples() -> list[tuple[str, str]]:
    """Code and name of each shipped example that a scheme may begin from."""
    return [(code, read_scheme((SHIPPED / code / "scheme.toml").read_text("utf-8")).name) for code in EXAMPLES]


def measure_label(name: str) -> str:
    """What a measure is called; its name if there is none of that name any more."""
    return str(sources.MEASURES[name].label) if name in sources.MEASURES else name


def regions_to_write_for(by: Actor) -> list[org.RegionInfo]:
    """Provinces, cities and counties with units for which the actor may write schemes."""
    codes = sorted({u.region for u in org.units_in() if u.valid_to is None})
    known = [org.region(code) for code in codes if org.may(by, "performance.edit_scheme", region=code)]
    return [r for r in known if r.level not in ("township", "village")]
