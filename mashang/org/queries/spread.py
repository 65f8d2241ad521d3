"""Stored grants made into values: a unit into its subtree, a list of kinds into a set."""

from __future__ import annotations

from mashang.kernel.actor import Grant

from ..models import GrantRow
from .places import units_under


def kinds_of(text: str) -> frozenset[str] | None:
    """The kinds a row names; none named means all kinds."""
    return frozenset(text.split(",")) if text else None


def grant_of(row: GrantRow) -> Grant:
    units = None if row.unit_id is None else units_under(row.unit_id)
    return Grant(row.role, units, row.region, kinds_of(row.kinds))
