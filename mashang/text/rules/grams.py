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
        self.table[0] = _CLOSED

    def read(self, texts: Sequence[str]) -> tuple[NDArray[np.uint16], Ints]:
        """The numbers of the characters of all texts, each text closed by a 0, and where each text begins."""
        joined = "\0".join((*texts, ""))
        if joined.count("\0") > len(texts):  # a NUL says nothing, and here it closes a text
            joined = "\0".join((*(text.replace("\0", "") for text in texts), ""))
        numbers = self.table[np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)]
        numbers = numbers[numbers != _PASSED]
        closed = np.flatnonzero(numbers == _CLOSED)
        numbers[closed] = 0
        begin = np.zeros(len(texts) + 1, dtype=np.int64)
        np.add(closed, 1, out=begin[1:])
        return numbers, begin

    def spell(self, key: int) -> str:
        """The characters of a gram."""
        parts = [(key >> shift) & 0xFFFF for shift in (48, 32, 16, 0)]
        return "".join(chr(int(self.codes[part - 1])) for part in parts if part)


LETTERS = 65_000  # an alphabet has room for so many characters
_PASSED, _CLOSED = np.uint16(0xFFFF), np.uint16(0xFFFE)


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

    __slots__ = ("closed", "keys", "mask", "places", "shift")

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        bits = max(int(3 * len(keys) + 1).bit_length(), 4)
        self.shift, self.mask = np.uint64(64 - bits), (1 << bits) - 1
        self.closed = np.append(keys, np.uint64(0))  # place -1, that of an empty slot, is the key 0
        self.places = np.full(1 << bits, -1, dtype=np.int32)
        waiting = np.arange(len(keys), dtype=np.int32)
        slot = self._slot(keys)
        while len(waiting):
            free = self.places[slot] < 0
            self.places[slot[free][::-1]] = waiting[free][::-1]  # of several for one slot, the first stays
            lost = self.places[slot] != waiting
            waiting, slot = waiting[lost], (slot[lost] + 1) & self.mask

    def _slot(self, keys: Keys) -> Ints:
        return ((keys * _MIX) >> self.shift).view(np.int64)

    def find(self, keys: Keys) -> NDArray[np.int32]:
        """The place of each key, -1 where it is not known."""
        slot = self._slot(keys)
        found = self.places[slot]
        met = self.closed[found]
        open_ = np.flatnonzero((met != keys) & (met != 0))
        while len(open_):
            slot[open_] = (slot[open_] + 1) & self.mask
            place = self.places[slot[open_]]
            found[open_] = place
            met = self.closed[place]
            open_ = open_[(met != keys[open_]) & (met != 0)]
        return found


def word_steps(found: Sequence[NDArray[np.int32]], columns: NDArray[np.int32], begin: Ints) -> NDArray[np.int8]:
    """Forward maximum matching in arrays: the length of the word that begins at each place, 0 where none begins.

    Each place leads to the one after its longest word; places on the way from the beginning of a text are found by
    doubling: after k rounds all that are reached in fewer than 2^k words. What no word covers is a word of one character.
    """
    size = len(found[0])
    step = np.ones(size, dtype=np.int8)
    for length, gram in enumerate(found[1:] if len(columns) else (), 2):
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
