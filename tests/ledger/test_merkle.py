"""The tree against the published vectors and against the definition in RFC 9162 read literally."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mashang.ledger.rules import merkle
from mashang.ledger.rules.merkle import Stored, Tree, leaf_hash, node_hash

# Leaves and roots published with Certificate Transparency (RFC 6962, whose tree RFC 9162 keeps).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (leaf, size, proof): the published inclusion proofs, counted from 0
INCLUSIONS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
# (old, new, proof): the published consistency proofs
CONSISTENCIES = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def mth(hashes: list[bytes]) -> bytes:
    """Merkle tree hash, word for word (2.1.1)."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256().digest()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(mth(hashes[:k]), mth(hashes[k:]))


def grown(hashes: list[bytes]) -> tuple[Tree, dict[tuple[int, int], bytes]]:
    tree, done = Tree(), 0
    while done < len(hashes):
        step = min(tree.room, len(hashes) - done)
        tree.add(hashes[done : done + step])
        done += step
    return tree, {(t.level, t.n): t.hashes for t in [*tree.partial(), *tree.full]}


def numbered(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_tree_gives_the_published_roots(size: int) -> None:
    tree, _ = grown([leaf_hash(leaf) for leaf in LEAVES[:size]])
    assert tree.root(size).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, proof: list[str]) -> None:
    _, tiles = grown([leaf_hash(leaf) for leaf in LEAVES[:size]])
    made = [Stored(tiles).hash_of(span) for span in merkle.inclusion_ranges(index, size)]
    assert [h.hex() for h in made] == proof
    assert merkle.root_from_inclusion(index, size, leaf_hash(LEAVES[index]), made).hex() == ROOTS[size]


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCIES)
def test_consistency_proofs_are_the_published_ones(old: int, new: int, proof: list[str]) -> None:
    _, tiles = grown([leaf_hash(leaf) for leaf in LEAVES[:new]])
    made = [Stored(tiles).hash_of(span) for span in merkle.consistency_ranges(old, new)]
    assert [h.hex() for h in made] == proof
    roots = merkle.roots_from_consistency(old, new, bytes.fromhex(ROOTS[old]), made)
    assert [r.hex() for r in roots] == [ROOTS[old], ROOTS[new]]


def test_every_proof_of_every_small_tree_leads_to_its_root() -> None:
    hashes = numbered(40)
    roots = [mth(hashes[:size]) for size in range(41)]
    for size in range(1, 41):
        _, tiles = grown(hashes[:size])
        for index in range(size):
            proof = [Stored(tiles).hash_of(span) for span in merkle.inclusion_ranges(index, size)]
            assert merkle.root_from_inclusion(index, size, hashes[index], proof) == roots[size]
        for old in range(1, size + 1):
            proof = [Stored(tiles).hash_of(span) for span in merkle.consistency_ranges(old, size)]
            assert merkle.roots_from_consistency(old, size, roots[old], proof) == (roots[old], roots[size])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_a_tree_grown_in_any_steps_and_resumed_from_its_tiles_is_the_same(steps: list[int]) -> None:
    hashes = numbered(sum(steps))
    tree, stored = Tree(), dict[tuple[int, int], bytes]()
    for step in steps:
        tree = Tree.resumed(tree.size, stored)
        left = hashes[tree.size : tree.size + step]
        while left:
            room = tree.room
            tree.add(left[:room])
            left = left[room:]
        assert tree.root(tree.size) == mth(hashes[: tree.size])
        stored |= {(t.level, t.n): t.hashes for t in [*tree.partial(), *tree.full]}
        assert tree.root(tree.size) == mth(hashes[: tree.size])
    assert stored == grown(hashes)[1]


def test_the_root_of_each_past_size_is_known_while_its_tile_fills() -> None:
    hashes = numbered(700)
    tree = Tree()
    for start in range(0, 700, 64):
        tree.add(hashes[start : start + 64])
        for size in range(start - start % 256 + 1, tree.size + 1, 7):
            assert tree.root(size) == mth(hashes[:size])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 70_000), st.data())
def test_proofs_across_levels_of_tiles(size: int, data: st.DataObject) -> None:
    hashes = [b"%032d" % n for n in range(size)]
    tree, tiles = grown(hashes)
    index = data.draw(st.integers(0, size - 1))
    ranges = merkle.inclusion_ranges(index, size)
    kept = {place: tiles[place] for place in merkle.tiles_of(ranges)}
    proof = [Stored(kept).hash_of(span) for span in ranges]
    assert merkle.root_from_inclusion(index, size, hashes[index], proof) == tree.root(size)
    assert merkle.root_from_inclusion(index, size, b"?" * 32, proof) != tree.root(size)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_outside(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        merkle.root_from_inclusion(index, size, b"", [])


def test_a_proof_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError):
        merkle.root_from_inclusion(0, 8, leaf_hash(b""), [b"x" * 32] * 4)
    with pytest.raises(ValueError):
        merkle.roots_from_consistency(3, 8, b"x" * 32, [])
    with pytest.raises(ValueError):
        merkle.consistency_ranges(9, 8)
