"""Sealing: committed entries become leaves of the Merkle tree, and its root is signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain, islice

from django.db import transaction

from mashang.kernel import sql
from mashang.kernel.clock import local

from .. import keys, seals
from ..rows import Horizon, leaves, one_row
from ..rules import notes
from ..rules.entry import place_of
from ..rules.merkle import WIDTH, Tile, Tree
from ..rules.notes import Checkpoint, Note
from ..seals import Head

_TILES_AT_ONCE = 128
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('mashang.ledger.seal', 0))"
# The oldest transaction still running; and whether entries come from another server: they are of a later era than the
# last checkpoint, or that checkpoint or an entry lies above every transaction this server has begun.
_RUNNING = """SELECT pg_snapshot_xmin(now)::text::bigint,
 coalesce(e.era > %s OR e.xid >= pg_snapshot_xmax(now), false) OR pg_snapshot_xmax(now) < %s::bigint::text::xid8
FROM pg_current_snapshot() AS now
LEFT JOIN LATERAL (SELECT era, xid FROM ledger_entry ORDER BY era DESC, xid DESC LIMIT 1) e ON true"""
_STORE_TILES = """INSERT INTO ledger_tile (level, n, hashes)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %b::bytea[])
ON CONFLICT ON CONSTRAINT ledger_tile_place DO UPDATE SET hashes = excluded.hashes
WHERE ledger_tile.hashes <> excluded.hashes"""
_STORE_MARKS = """INSERT INTO ledger_mark (leaf, era, xid, entry_id)
SELECT leaf, era, xid::text::xid8, id FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::bigint[])
AS t (leaf, era, xid, id)"""
_STORE_SEAL = "INSERT INTO ledger_seal (size, era, horizon, checkpoint) VALUES (%s, %s, %s::text::xid8, %s)"


@dataclass(slots=True)
class _Grown:
    """What a sealing adds: the tree with its new tiles, and the entry at every 256th leaf."""

    tree: Tree
    marks: list[tuple[int, int, int, int]] = field(default_factory=list)

    def take(self, entries: Iterable[bytes]) -> None:
        rest = iter(entries)
        while chunk := list(islice(rest, self.tree.room)):
            if self.tree.size % WIDTH == 0:
                self.marks.append((self.tree.size, *place_of(chunk[0][1:])))
            self.tree.add([sha256(entry).digest() for entry in chunk])


def seal(now: datetime) -> int:
    """Seal every entry that can no longer be preceded by another, and sign a checkpoint. Gives the number of entries
    sealed: 0 when there was none or another sealer is at work.

    An entry's place is its transaction's number. All transactions below the oldest one still running have ended, so
    the entries below this horizon are complete; one that commits later has a number above and its turn next time.
    """
    with transaction.atomic(durable=True):
        if not one_row(_LOCK)[0]:
            return 0
        last = seals.head()
        grown = _Grown(seals.tree(last))
        start, end = last.horizon if last else (1, 0), _horizon(last)
        before = grown.tree.size
        grown.take(chain.from_iterable(leaves(start, end)))
        added = grown.tree.size - before
        if not added:
            return 0
        _store(grown)
        note = _signed(grown.tree, end, last, now)
        sql.run(_STORE_SEAL, [grown.tree.size, end[0], str(end[1]), note])
    _move_anchor(note)
    return added


def _horizon(last: Head | None) -> Horizon:
    """Below it, all transactions have ended.

    A server onto which the database was restored counts its transactions from another number. Then a new era begins:
    entries restored from the old one are complete, and the table is locked for this one sealing, so that nobody still
    writes under the old era (`record` finds the new one in the checkpoint).
    """
    era, low = last.horizon if last else (1, 0)
    oldest, restored = one_row(_RUNNING, era, low)
    if restored:
        sql.run("LOCK TABLE ledger_entry IN SHARE MODE")
        return era + 1, one_row(_RUNNING, era, low)[0]
    return era, oldest


def _store(grown: _Grown) -> None:
    stored = [*grown.tree.partial(), *grown.tree.full]
    for first in range(0, len(stored), _TILES_AT_ONCE):
        some: list[Tile] = stored[first : first + _TILES_AT_ONCE]
        sql.run(_STORE_TILES, [[t.level for t in some], [t.n for t in some], [t.hashes for t in some]])
    if grown.marks:
        sql.run(_STORE_MARKS, [list(column) for column in zip(*grown.marks, strict=True)])


def _signed(tree: Tree, end: Horizon, last: Head | None, now: datetime) -> str:
    signer = keys.signer(first=last is None)
    extra = {"sealed": local(now).isoformat(timespec="seconds"), "horizon": f"{end[0]} {end[1]}"}
    if last:
        extra["previous"] = notes.digest_of(last.note)
    text = Checkpoint(signer.name, tree.size, tree.root(tree.size), extra).text
    return notes.signed(text, [signer.sign(text)])


def _move_anchor(note: str) -> None:
    """Keep the new checkpoint outside the database, unless the one kept there isn't part of its past: then a database
    was set back, and the evidence stays for the audit to show."""
    kept = keys.anchor()
    if kept:
        stored = seals.at_size(Checkpoint.parse(Note.parse(kept).text).size)
        if stored is None or stored.note != kept:
            return
    keys.set_anchor(note)
