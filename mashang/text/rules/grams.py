"""Character n-grams of many texts at once, counted in arrays: what the classifier reads, many times as fast as strings.

A gram is a number: up to four characters of 16 bits each, numbered by an `Alphabet`. 0 marks the end of a text and
characters never met; a gram that holds a 0 is never looked up. Grams are found in an open hash table of two arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plain import folding
from .similar import points

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
LONGEST = 4
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BITS = np.uint64(16)


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a text: grams of `low` to `high` characters, of the whole or of the first `head` characters.

    With `words`, only words count: read from the left, at each step the longest that the view knows.
    """

    name: str
    low: int
    high: int
    head: int = 0
    words: bool = False


class Alphabet:
    """The characters met in training, numbered from 1; all others are 0."""

    __slots__ = ("codes", "table")

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        self.codes = codes
        number = np.zeros(0x110000, dtype=np.uint16)
        number[codes] = np.arange(1, len(codes) + 1, dtype=np.uint16)
        folded = folding()
        self.table = number[folded]
        self.table[folded == 0] = _PASSED

    def read(self, texts: Sequence[str]) -> tuple[NDArray[np.uint16], Ints]:
        """The numbers of the characters of all texts, each text closed by a 0, and where each text begins."""
        codes, starts = points(texts)
        numbers = self.table[codes]
        kept = numbers != _PASSED
        before = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(kept, out=before[1:])
        begin = before[starts] + np.arange(len(starts))
        out = np.zeros(begin[-1], dtype=np.uint16)
        inside = np.ones(len(out), dtype=bool)
        inside[begin[1:] - 1] = False
        out[inside] = numbers[kept]
        return out, begin

    def spell(self, key: int) -> str:
        """The characters of a gram."""
        parts = [(key >> shift) & 0xFFFF for shift in (48, 32, 16, 0)]
        return "".join(chr(int(self.codes[part - 1])) for part in parts if part)


_PASSED = np.uint16(0xFFFF)


def gram_keys(numbers: NDArray[np.uint16], longest: int = LONGEST) -> list[Keys]:
    """For n = 1 to `longest` the gram that begins at each place; 0 where it would run past the end of a text."""
    single = numbers.astype(np.uint64)
    known, keys = numbers > 0, [single]
    for n in range(2, longest + 1):
        known = known[:-1] & (numbers[n - 1 :] > 0)
        longer = (keys[-1][:-1] << _BITS) | single[n - 1 :]
        keys.append(longer * known)
    return keys


class Table:
    """Finds the place of a gram among `keys` (all different, none 0), -1 for others. At most a third full."""

    __slots__ = ("keys", "mask", "places", "shift", "slots")

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        bits = max(int(3 * len(keys) + 1).bit_length(), 4)
        self.shift, self.mask = np.uint64(64 - bits), (1 << bits) - 1
        self.slots = np.zeros(1 << bits, dtype=np.uint64)
        self.places = np.full(1 << bits, -1, dtype=np.int32)
        waiting = np.arange(len(keys), dtype=np.int64)
        slot = self._slot(keys)
        while len(waiting):
            free = self.slots[slot] == 0
            self.slots[slot[free][::-1]] = keys[waiting[free]][::-1]  # of several for one slot, the first stays
            won = self.slots[slot] == keys[waiting]
            self.places[slot[won]] = waiting[won]
            waiting, slot = waiting[~won], (slot[~won] + 1) & self.mask

    def _slot(self, keys: Keys) -> Ints:
        return ((keys * _MIX) >> self.shift).astype(np.int64)

    def find(self, keys: Keys) -> NDArray[np.int32]:
        """The place of each key, -1 where it is not known."""
        slot = self._slot(keys)
        met = self.slots[slot]
        found = np.where(met == keys, self.places[slot], np.int32(-1))
        found[keys == 0] = -1
        open_ = np.flatnonzero((met != keys) & (met != 0) & (keys != 0))
        while len(open_):
            slot[open_] = (slot[open_] + 1) & self.mask
            met = self.slots[slot[open_]]
            hit = met == keys[open_]
            found[open_[hit]] = self.places[slot[open_[hit]]]
            open_ = open_[~hit & (met != 0)]
        return found


def word_steps(found: Sequence[NDArray[np.int32]], columns: NDArray[np.int32], begin: Ints) -> NDArray[np.int8]:
    """Forward maximum matching in arrays: the length of the word that begins at each place, 0 where none begins.

    Each place leads to the one after its longest word; places on the way from the beginning of a text are found by
    doubling: after k rounds all that are reached in fewer than 2^k words. What no word covers is a word of one character.
    """
    size = len(found[0])
    step = np.ones(size, dtype=np.int8)
    for length, gram in enumerate(found[1:], 2):
        step[: len(gram)][(gram >= 0) & (columns[gram] >= 0)] = length
    last = begin[1:] - 1  # the 0 that closes each text leads to itself
    leap = np.arange(size) + step
    leap[last] = last
    reached = np.zeros(size, dtype=bool)
    reached[begin[:-1]] = True
    way = begin[:-1]
    for _ in range(int(np.diff(begin).max(initial=1)).bit_length()):
        way = np.flatnonzero(reached)
        reached[leap[way]] = True
        leap = leap[leap]
    step[~reached] = 0
    return step
