"""The one pass over all entries: their leaves, tiles, marks and roots computed again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import chain

from mashang.kernel.said import said

from ...rows import leaves
from ...rules.entry import ERASURE, Row, place_of
from ...rules.merkle import Place, Tree
from .checkpoints import Signed
from .findings import Finding

# How a body ends that holds commitments (their key sorts last), and one that tells of an erasure.
_TELLING = (b'"}}', f'"verb":"{ERASURE}"}}'.encode())


class Walk:
    """What the entries say. `tiles` holds the SHA-256 of each tile; `roots` the root at each checkpoint's size, as far
    as there are entries; `commitments` by entry and name; `erased` the same pairs, where an erasure is recorded."""

    def __init__(self, seals: Sequence[Signed], told: Callable[[int], None]) -> None:
        self.horizon = seals[-1].horizon if seals else (0, 0)
        self.told = told
        self.entries = 0
        self.tree = Tree()
        self.tiles: dict[Place, bytes] = {}
        self.marks: list[tuple[int, int, int, int]] = []
        self.roots: dict[int, bytes] = {}
        self.commitments: dict[tuple[int, str], str] = {}
        self.erased: set[tuple[int, str]] = set()
        self.findings: list[Finding] = []
        self._sizes = [seal.size for seal in reversed(seals) if seal.root]

    def sealed(self) -> None:
        """All entries below the last checkpoint's horizon."""
        for chunk in leaves(None, self.horizon):
            if chunk:
                self.marks.append((self.tree.size, *place_of(chunk[0][1:])))
            self.tree.add([sha256(leaf).digest() for leaf in chunk])
            self._roots()
            self.told(self.tree.size)
            for leaf in [leaf for leaf in chunk if leaf.endswith(_TELLING)]:
                self._read(leaf)
            self._digest()
        for tile in self.tree.partial():
            self.tiles[tile.level, tile.n] = sha256(tile.hashes).digest()
        self._digest()
        self.entries = self.tree.size

    def waiting(self) -> None:
        """Entries that no checkpoint covers yet: they must at least be readable."""
        for leaf in chain.from_iterable(leaves(self.horizon, None)):
            self.entries += 1
            if not self._read(leaf):
                row = Row.of_leaf(leaf[1:])
                text = said("尚未封存的记录（编号 {id}，件号 {case}）正文已损坏。", id=row.id, case=row.case)
                self.findings.append(Finding("entry.malformed", text, row.case, row.id))

    def _roots(self) -> None:
        while self._sizes and self._sizes[-1] <= self.tree.size:
            size = self._sizes.pop()
            self.roots[size] = self.tree.root(size)

    def _digest(self) -> None:
        for tile in self.tree.full:
            self.tiles[tile.level, tile.n] = sha256(tile.hashes).digest()
        self.tree.full.clear()

    def _read(self, leaf: bytes) -> bool:
        """Note what the body commits to, or what it says was erased. False if it isn't a body."""
        _, _, id_ = place_of(leaf[1:])
        try:
            body = json.loads(Row.of_leaf(leaf[1:]).body)
            for name, value in body.get("withheld", {}).items():
                self.commitments[id_, name] = value
            if body["verb"] == ERASURE:
                self.erased |= {(int(entry), n) for entry, names in body["facts"]["entries"].items() for n in names}
        except (ValueError, KeyError, TypeError, AttributeError):
            return False  # a sealed one is named for its hash
        return True
