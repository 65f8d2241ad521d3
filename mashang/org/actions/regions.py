"""Loading the divisions shipped with the room."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from mashang.kernel.actor import Actor

from ..models import Region
from .door import guard, note

DATA = Path(__file__).parents[1] / "data"
LEVELS = ("province", "city", "county", "township")
FIELDS = ("name", "short_name", "level", "parent", "national", "valid_from", "valid_to", "successor", "note")


def short_of(name: str) -> str:
    """武平县 → 武平, 鼓楼区 → 鼓楼; a name that would shrink to one character stays whole."""
    return re.sub(r"(?<=..)(省|市|县|区|镇|乡|街道)$", "", name)


def load_regions(*, by: Actor, now: datetime) -> int:
    """Load Fujian to the township, zones and superseded counties. Run again it changes nothing; gives how many changed.

    What an administrator added or corrected stays; of other codes the shipped data wins.
    """
    guard(by, "org.people")
    rows = _shipped()
    with transaction.atomic():
        known = {r.code: r for r in Region.objects.select_for_update()}
        changed = [row for row in rows if not _kept_or_same(known.get(row.code), row)]
        for level in (*LEVELS, "zone"):
            _store([row for row in changed if row.level == level])
        if changed:
            note("region.loaded", "regions", by=by, now=now, facts={"changed": len(changed), "shipped": len(rows)})
    return len(changed)


def _store(rows: list[Region]) -> None:
    successors_last = sorted(rows, key=lambda row: row.successor_id is not None)
    Region.objects.bulk_create(
        successors_last, update_conflicts=True, unique_fields=["code"], update_fields=list(FIELDS), batch_size=1000
    )


def _kept_or_same(one: Region | None, other: Region) -> bool:
    fields = [f"{name}_id" if name in ("parent", "successor") else name for name in FIELDS]
    return one is not None and (one.edited or all(getattr(one, f) == getattr(other, f) for f in fields))


def _shipped() -> list[Region]:
    local = json.loads((DATA / "fujian-local.json").read_text(encoding="utf-8"))
    begun = {old["successor"]: date.fromisoformat(old["valid_to"]) for old in local["superseded"]}
    rows: list[Region] = []

    def walk(node: dict[str, Any], parent: str | None, depth: int) -> None:
        code, name = node["code"], node["name"]
        rows.append(
            Region(
                code=code,
                name=name,
                short_name=short_of(name),
                level=LEVELS[depth],
                parent_id=parent,
                valid_from=begun.get(code),
            )
        )
        for child in node.get("children", ()):
            walk(child, code, depth + 1)

    walk(json.loads((DATA / "fujian.json").read_text(encoding="utf-8")), None, 0)
    for zone in local["zones"]:
        zone["parent_id"] = zone.pop("parent")
        rows.append(Region(level="zone", national=False, **zone))
    for old in local["superseded"]:
        rows.append(
            Region(
                code=old["code"],
                name=old["name"],
                short_name=short_of(old["name"]),
                level="county",
                parent_id=old["parent"],
                valid_to=date.fromisoformat(old["valid_to"]),
                successor_id=old["successor"],
                note=old["note"],
            )
        )
    return rows
