"""The Merkle tree of RFC 9162 (2.1), kept in tiles of 256 hashes as in C2SP tlog-tiles.

A tile of level 0 holds leaf hashes; each hash of a tile of level n + 1 is the root of a full tile of level n. Nodes are
named (height, index) with leaves at height 0; a range (low, high) of leaves stands for the hash of its subtree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

WIDTH = 256
HEIGHT = 8
EMPTY_ROOT = sha256().digest()

Range = tuple[int, int]
Node = tuple[int, int]
Place = tuple[int, int]  # (level, number) of a tile


class Tile(NamedTuple):
    """`hashes` holds 1 to 256 hashes of 32 bytes, one behind the other."""

    level: int
    n: int
    hashes: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def _joined(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, given from left to right."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def split(hashes: bytes) -> list[bytes]:
    return [hashes[i : i + 32] for i in range(0, len(hashes), 32)]


class _Block:
    """A tile that grows, with the complete nodes above its hashes: heights 0 to 8."""

    __slots__ = ("heights",)

    def __init__(self, hashes: Sequence[bytes] = ()) -> None:
        self.heights: list[list[bytes]] = [[] for _ in range(HEIGHT + 1)]
        self.add(hashes)

    def add(self, hashes: Sequence[bytes]) -> None:
        self.heights[0] += hashes
        for below, here in zip(self.heights, self.heights[1:], strict=False):
            pairs = iter(below[2 * len(here) : len(below) & ~1])
            here += [sha256(b"\x01" + a + b).digest() for a, b in zip(pairs, pairs, strict=True)]

    def peaks(self, width: int) -> list[bytes]:
        """Roots of the complete subtrees over the first `width` hashes."""
        bits = [h for h in range(HEIGHT, -1, -1) if width >> h & 1]
        return [self.heights[h][(width >> h) - 1] for h in bits]

    def __len__(self) -> int:
        return len(self.heights[0])


@dataclass(slots=True)
class Tree:
    """A tree that grows. Full tiles gather in `full` until they are taken; `root` answers for any size inside the tile
    of level 0 being filled, so that many past sizes cost a few hashes each."""

    size: int = 0
    full: list[Tile] = field(default_factory=list)
    _blocks: list[_Block] = field(default_factory=lambda: [_Block()])

    @classmethod
    def resumed(cls, size: int, tiles: Mapping[Place, bytes]) -> Tree:
        """The tree of `size` leaves from the tiles at its edge (`edge_of`)."""
        tree = cls(size)
        tree._blocks = [_Block() for _ in range(len(edge_of(size)) or 1)]
        for level, n in edge_of(size):
            width = (size >> HEIGHT * level) - n * WIDTH
            tree._blocks[level] = _Block(split(tiles[level, n][: 32 * width]) if width else ())
        return tree

    @property
    def room(self) -> int:
        """How many leaves the next `add` takes at most."""
        return WIDTH - len(self._blocks[0]) % WIDTH

    def add(self, hashes: Sequence[bytes]) -> None:
        """Append leaf hashes, at most `room`."""
        self._carry()
        self._blocks[0].add(hashes)
        self.size += len(hashes)

    def root(self, size: int) -> bytes:
        """The root when the tree had `size` leaves, in the tile being filled."""
        peaks = [peak for block in reversed(self._blocks[1:]) for peak in block.peaks(len(block))]
        peaks += self._blocks[0].peaks(size - self.size + len(self._blocks[0]))
        return _joined(peaks) if peaks else EMPTY_ROOT

    def partial(self) -> list[Tile]:
        """The tiles at the edge, after all full ones were moved to `full`."""
        self._carry()
        return [
            Tile(level, self.size >> HEIGHT * (level + 1), b"".join(block.heights[0]))
            for level, block in enumerate(self._blocks)
            if len(block)
        ]

    def _carry(self) -> None:
        level = 0
        while len(self._blocks[level]) == WIDTH:
            done = self._blocks[level]
            self.full.append(Tile(level, (self.size >> HEIGHT * (level + 1)) - 1, b"".join(done.heights[0])))
            self._blocks[level] = _Block()
            level += 1
            if level == len(self._blocks):
                self._blocks.append(_Block())
            self._blocks[level].add([done.heights[HEIGHT][0]])


def edge_of(size: int) -> list[Place]:
    """The tile being filled at each level; where the last one is full, the empty one after it (width 0)."""
    levels = range((max(size.bit_length(), 1) + HEIGHT - 1) // HEIGHT)
    return [(level, size >> HEIGHT * (level + 1)) for level in levels]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What an inclusion proof of leaf `index` in a tree of `size` holds, from the leaf up (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    low, high = 0, size
    ranges: list[Range] = []
    while high - low > 1:
        middle = low + _half(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """What a proof holds that the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError("the old tree must be the smaller one and not empty")
    low, high = 0, new
    ranges: list[Range] = []
    while high != old:
        middle = low + _half(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        ranges.append((low, high))
    return ranges[::-1]


def _half(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << (width - 1).bit_length() - 1


def _nodes(low: int, high: int) -> list[Node]:
    """The complete subtrees that make up a range, from left to right."""
    nodes = []
    while low < high:
        height = (high - low).bit_length() - 1
        nodes.append((height, low >> height))
        low += 1 << height
    return nodes


def tiles_of(ranges: Iterable[Range]) -> set[Place]:
    """The tiles that proofs of these ranges need."""
    nodes = [node for low, high in ranges for node in _nodes(low, high)]
    return {(height // HEIGHT, index << height % HEIGHT >> HEIGHT) for height, index in nodes}


class Stored:
    """Tiles at hand, from which the hashes of proofs are made; each tile is worked out once."""

    def __init__(self, tiles: Mapping[Place, bytes]) -> None:
        self._tiles = tiles
        self._blocks: dict[Place, _Block] = {}

    def hash_of(self, span: Range) -> bytes:
        """The hash of a range of a proof. Raises KeyError or IndexError where a tile is missing or too short."""
        return _joined([self._node(height, index) for height, index in _nodes(*span)])

    def _node(self, height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        place = (level, index << above >> HEIGHT)
        if place not in self._blocks:
            self._blocks[place] = _Block(split(self._tiles[place]))
        return self._blocks[place].heights[above][index % (WIDTH >> above)]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that the proof leads to from a leaf hash (RFC 9162, 2.1.3.2). Raises ValueError for a proof that does
    not fit index and size."""
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        raise ValueError("the proof has another length than the tree is high")
    node = leaf
    for (low, _), other in zip(ranges, proof, strict=True):
        node = node_hash(node, other) if low > index else node_hash(other, node)
    return node


def roots_from_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to (RFC 9162, 2.1.4.2). Raises ValueError for a wrong length."""
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(proof):
        raise ValueError("the proof has another length than the trees ask for")
    hashes = list(zip(ranges, proof, strict=True))
    if not hashes or hashes[0][0][1] > old:  # the old tree is itself a complete subtree, which the proof leaves out
        first = last = old_root
    else:
        (_, first), *hashes = hashes
        last = first
    for (low, high), other in hashes:
        if high <= old:
            first, last = node_hash(other, first), node_hash(other, last)
        elif low >= old:
            last = node_hash(last, other)
    return first, last
