"""Where entries, tiles, marks and signed roots disagree, and which of them was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain, islice

from mashang.kernel import sql
from mashang.kernel.said import said

from ...rows import leaves
from ...rules.entry import Row
from ...rules.merkle import WIDTH, Place, Tree, split
from .checkpoints import Signed
from .findings import Finding
from .walk import Walk

_NONE = b""  # the hash of a leaf whose tile is gone


def faults(walk: Walk, seals: Sequence[Signed]) -> list[Finding]:
    """The entries are right if they lead to the signed roots: then tiles and marks are to blame for what differs. Else
    the tiles tell which entries are wrong."""
    tiles = _tile_digests()
    signed = {seal.size: seal.root for seal in seals if seal.root}
    last = seals[-1].size if seals else 0
    if walk.tree.size == last and all(walk.roots.get(size) == root for size, root in signed.items()):
        return _tiles(tiles, walk.tiles) + _marks(walk)
    if tiles == walk.tiles:
        return _together(walk, signed, last)
    stored = _stored_leaves(last)
    return _entries(stored, walk.horizon) + _upper_tiles(stored, tiles)


def _tile_digests() -> dict[Place, bytes]:
    rows = sql.run("SELECT level, n, sha256(hashes) FROM ledger_tile").fetchall()
    return {(level, n): bytes(digest) for level, n, digest in rows}


def _together(walk: Walk, signed: dict[int, bytes], last: int) -> list[Finding]:
    """Entries and tree fit each other but not what was signed: both were changed, by someone who knew how."""
    bad = [size for size, root in signed.items() if walk.roots.get(size) != root]
    first = min(bad, default=last)
    good = max((size for size in signed if size < first), default=0)
    text = said(
        "第 {good} 至 {first} 条之间的记录与存证树被一同改动，与当时签署的检查点（{first} 条）不符。",
        good=good + 1,
        first=first,
    )
    if walk.tree.size != last:
        text = said("{text}账本应有 {last} 条，现有 {size} 条。", text=text, last=last, size=walk.tree.size)
    return [Finding("log.rewritten", text, leaf=good)]


def _tiles(stored: dict[Place, bytes], right: dict[Place, bytes]) -> list[Finding]:
    found = []
    for place in sorted(stored.keys() | right.keys()):
        if stored.get(place) != right.get(place):
            code = "tile.extra" if place not in right else "tile.missing" if place not in stored else "tile.altered"
            first = place[1] * WIDTH ** (place[0] + 1)
            text = said(
                "存证树第 {level} 层第 {n} 块{change}（自第 {first} 条起），记录本身无误。",
                level=place[0], n=place[1], change=_CHANGES[code], first=first,
            )  # fmt: skip
            found.append(Finding(code, text, leaf=first))
    return found


_CHANGES = {"tile.extra": said("多出"), "tile.missing": said("缺失"), "tile.altered": said("被改动")}


def _upper_tiles(leaf_hashes: list[bytes], stored: dict[Place, bytes]) -> list[Finding]:
    """Tiles above level 0 that don't follow from those of level 0; nothing, if of those one is gone."""
    if _NONE in leaf_hashes:
        return [Finding("tile.missing", said("存证树最底层有块缺失，且记录也与检查点不符。"))]
    tree = Tree()
    rest = iter(leaf_hashes)
    while chunk := list(islice(rest, tree.room)):
        tree.add(chunk)
    right = {(t.level, t.n): sha256(t.hashes).digest() for t in [*tree.partial(), *tree.full] if t.level}
    return [
        Finding("tile.altered", said("存证树第 {level} 层第 {n} 块与其下层不符。", level=place[0], n=place[1]))
        for place in sorted(right.keys() | {p for p in stored if p[0]})
        if stored.get(place) != right.get(place)
    ]


def _marks(walk: Walk) -> list[Finding]:
    rows = sql.run("SELECT leaf, era, xid::text::bigint, entry_id FROM ledger_mark").fetchall()
    stored = {(row[0], row[1], row[2], row[3]) for row in rows}
    found = []
    for leaf, _, _, entry in sorted(stored ^ set(walk.marks)):
        text = said("第 {leaf} 条处的位置标记与记录不符（涉及记录 {entry}）。", leaf=leaf, entry=entry)
        found.append(Finding("mark.altered", text, entry=entry, leaf=leaf))
    return found


def _stored_leaves(size: int) -> list[bytes]:
    """The leaf hashes as the tiles hold them, as many as were signed at least."""
    rows = sql.run("SELECT n, hashes FROM ledger_tile WHERE level = 0 ORDER BY n").fetchall()
    tiles = {n: split(bytes(hashes)) for n, hashes in rows}
    found: list[bytes] = []
    for n in range(max([*tiles, (size - 1) // WIDTH], default=-1) + 1):
        found += tiles.get(n, [_NONE] * min(WIDTH, max(size - n * WIDTH, 0)))
    return found


def _entries(stored: list[bytes], horizon: tuple[int, int]) -> list[Finding]:
    """Entries against the leaves that were sealed. Between two that agree, what is unknown stands for what is gone."""
    places = {hash_: leaf for leaf, hash_ in enumerate(stored) if hash_}
    found: list[Finding] = []
    unknown: list[Row] = []
    expected = 0
    for row, hash_ in _hashed(horizon):
        leaf = places.get(hash_)
        if leaf is None:
            unknown.append(row)
        elif leaf < expected:
            text = said(
                "记录 {id}（件号 {case}）的先后次序被改动，原为第 {leaf} 条。", id=row.id, case=row.case, leaf=leaf
            )
            found.append(Finding("entry.moved", text, row.case, row.id, leaf))
        else:
            found += _gap(unknown, range(expected, leaf), stored)
            unknown = []
            expected = leaf + 1
    return found + _gap(unknown, range(expected, len(stored)), stored)


def _hashed(horizon: tuple[int, int]) -> Iterator[tuple[Row, bytes]]:
    for leaf in chain.from_iterable(leaves(None, horizon)):
        yield Row.of_leaf(leaf[1:]), sha256(leaf).digest()


def _gap(unknown: list[Row], gone: range, stored: list[bytes]) -> list[Finding]:
    """Entries that no leaf knows, at a place where these leaves have no entry."""
    found = []
    for row, leaf in zip(unknown, gone, strict=False):
        text = said(
            "记录 {id}（件号 {case}，第 {leaf} 条）与封存时不符，内容被改动过。", id=row.id, case=row.case, leaf=leaf
        )
        found.append(Finding("entry.altered", text, row.case, row.id, leaf))
    for row in unknown[len(gone) :]:
        text = said("记录 {id}（件号 {case}）未曾封存，是事后插入的。", id=row.id, case=row.case)
        found.append(Finding("entry.extra", text, row.case, row.id, gone.start))
    for leaf in gone[len(unknown) :]:
        if stored[leaf]:
            found.append(Finding("entry.missing", said("第 {leaf} 条记录缺失，已被删除或挪走。", leaf=leaf), leaf=leaf))
    return found
