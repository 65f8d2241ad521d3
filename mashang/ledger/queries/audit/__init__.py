"""The audit: everything is computed again from the entries, and whatever differs is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from mashang.kernel import sql

from ... import keys
from . import checkpoints, differences, private
from .findings import Finding
from .walk import Walk

__all__ = ["Finding", "Report", "audit"]


@dataclass(frozen=True, slots=True)
class Report:
    """How much was checked, and what was found wrong."""

    entries: int
    sealed: int
    private: int
    checkpoints: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def _unheard(done: int) -> None:
    """Nobody asked how far it is."""


def audit(told: Callable[[int], None] = _unheard) -> Report:
    """Read every stored byte of the ledger and check it against the signed checkpoints: entries, tree, marks,
    checkpoints and their signatures, private facts against their commitments, and the last checkpoint this machine
    remembers. One pass in one snapshot, while writers and sealers go on. In a transaction of its own. `told` hears how
    many entries were read so far; it must ask nothing of this connection."""
    remembered = keys.anchor()
    with transaction.atomic(durable=True):
        sql.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        seals, found = checkpoints.checked(keys.published())
        found += checkpoints.rollback(remembered)
        walk = Walk(seals, told)
        walk.sealed()
        found += differences.faults(walk, seals)
        walk.waiting()
        found += walk.findings
        count, wrong = private.faults(walk.commitments, walk.erased)
    return Report(walk.entries, walk.tree.size, count, len(seals), tuple(found + wrong))
