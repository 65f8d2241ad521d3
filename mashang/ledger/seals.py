"""The sealed state as it is stored: the last checkpoint and the tiles under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mashang.kernel import sql
from mashang.kernel.refused import Refused

from .rows import Horizon, one_row
from .rules import merkle
from .rules.merkle import Place, Range, Tree
from .rules.notes import Checkpoint, Note

DAMAGED = Refused("ledger.damaged", "存证树与最近的检查点不符，已停止使用：请运行 mashang ledger audit 查明原因。")


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint: `size` leaves, everything below `horizon` among them; `note` is its signed text."""

    size: int
    horizon: Horizon
    note: str

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.parse(Note.parse(self.note).text)


def head() -> Head | None:
    """The last checkpoint; None before the first."""
    row = one_row("SELECT size, era, horizon::text, checkpoint FROM ledger_seal ORDER BY size DESC LIMIT 1")
    return row and Head(row[0], (row[1], int(row[2])), row[3])


def at_size(size: int) -> Head | None:
    """The checkpoint of exactly that many leaves."""
    row = one_row("SELECT size, era, horizon::text, checkpoint FROM ledger_seal WHERE size = %s", size)
    return row and Head(row[0], (row[1], int(row[2])), row[3])


def tiles(places: Iterable[Place]) -> dict[Place, bytes]:
    """Tiles by place; those that aren't stored are left out."""
    wanted = list(places)
    found = sql.run(
        "SELECT level, n, hashes FROM ledger_tile"
        " WHERE (level, n) IN (SELECT * FROM unnest(%s::smallint[], %s::bigint[]))",
        [[level for level, _ in wanted], [n for _, n in wanted]],
    )
    return {(level, n): bytes(hashes) for level, n, hashes in found.fetchall()}


def tree(last: Head | None) -> Tree:
    """The tree at the last checkpoint, ready to grow. Refuses one that doesn't lead to the signed root."""
    if last is None:
        return Tree()
    try:
        grown = Tree.resumed(last.size, tiles(merkle.edge_of(last.size)))
        whole = grown.root(last.size) == last.checkpoint.root and last.checkpoint.size == last.size
    except (KeyError, IndexError) as fault:
        raise DAMAGED from fault
    if not whole:
        raise DAMAGED
    return grown


def proofs(lists: list[list[Range]]) -> list[list[bytes]]:
    """The hashes of several proofs, whose tiles are fetched together."""
    stored = merkle.Stored(tiles(merkle.tiles_of(span for ranges in lists for span in ranges)))
    try:
        return [[stored.hash_of(span) for span in ranges] for ranges in lists]
    except (KeyError, IndexError) as fault:
        raise DAMAGED from fault
