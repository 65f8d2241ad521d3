"""Near-duplicate texts: pairs whose sets of character trigrams agree to at least a share (Jaccard).

Candidates by MinHash (Broder 1997): 16 hashes in bands of two, and enough of the 16 must agree. Each candidate is then
compared in full, so precision is 1. Of pairs that agree to just 0.8, 99.8 % are found (binomial: 1 - 0.36^8 meet in a
band, all but 0.0015 agree in 8 of 16); above it, nearly all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
THRESHOLD = 0.8
BANDS = 8
MOST = 20_000_000  # pairs compared in full, and pairs told
_CELLS = 1 << 21  # numbers worked on at a time, so that they stay near the processor
_NONE = np.uint64(2**64 - 1)
_SEED = 20_240_229


@dataclass(frozen=True, slots=True)
class Pairs:
    """Text numbers first[i] < second[i] whose trigram sets agree to share[i]; in order of first, then second."""

    first: Ints
    second: Ints
    share: NDArray[np.float64]


def points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], Ints]:
    """All characters of the texts as code points in one array, and where each text begins (one more value than texts)."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=starts[1:])
    return codes, starts


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> Pairs:
    """All pairs of texts alike to at least `threshold` (0.5 to 1). Texts under three characters are their own gram.

    Refuses when more than `MOST` pairs would have to be compared in full (thousands of texts like each other) or told.
    """
    distinct: dict[str, int] = {}
    owner = np.fromiter((distinct.setdefault(t, len(distinct)) for t in texts), dtype=np.int64, count=len(texts))
    keys, begin = trigrams([t if len(t) > 2 else t.ljust(3, "\0") for t in distinct])
    lowest = _signatures(keys, begin)
    first, second = _alike(lowest, *_meetings(lowest), threshold)
    share = shares(keys, begin, first, second)
    good = share >= threshold - 1e-12
    return _spread(owner, len(distinct), first[good], second[good], share[good])


def trigrams(texts: Sequence[str]) -> tuple[Keys, Ints]:
    """The trigrams of all texts (three code points of 21 bits each) and where each text's begin (one value more)."""
    codes, starts = points(texts)
    begin = np.concatenate(([0], np.cumsum(np.maximum(np.diff(starts) - 2, 0))))
    if len(codes) < 3:
        return np.zeros(0, np.uint64), begin
    wide = codes.astype(np.uint64)
    keys = wide[:-2] << np.uint64(42)
    keys |= wide[1:-1] << np.uint64(21)
    keys |= wide[2:]
    inside = np.ones(len(keys), dtype=bool)
    for back in (1, 2):  # trigrams that begin on the last two characters of a text run into the next one
        ends = starts[1:] - back
        ends = ends[(ends >= starts[:-1]) & (ends < len(keys))]
        inside[ends] = False
    return keys[inside], begin


def _signatures(keys: Keys, begin: Ints) -> NDArray[np.uint32]:
    """For each hash (row) and text (column): its smallest value over the text's trigrams."""
    rng = np.random.default_rng(_SEED)
    odd = rng.integers(0, 2**31, 2 * BANDS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shift = rng.integers(0, 2**32, 2 * BANDS, dtype=np.uint32)
    lowest = np.zeros((2 * BANDS, len(begin) - 1), dtype=np.uint32)
    for first, last in _runs(begin):
        part = keys[begin[first] : begin[last]]
        mixed = ((part * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)).astype(np.uint32)
        for row in range(2 * BANDS):
            turned = mixed ^ shift[row]
            turned *= odd[row]
            np.minimum.reduceat(turned, begin[first:last] - begin[first], out=lowest[row, first:last])
    return lowest


def _runs(begin: Ints) -> Iterator[tuple[int, int]]:
    """Runs of texts with about `_CELLS` / 16 trigrams together."""
    first, texts = 0, len(begin) - 1
    while first < texts:
        last = int(np.searchsorted(begin, begin[first] + _CELLS // 16, "right")) - 1
        last = min(max(last, first + 1), texts)
        yield first, last
        first = last


def _meetings(lowest: NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Texts that agree in both hashes of a band; each pair once, lower number first."""
    found, total = [np.zeros(0, np.int64)], 0
    bands = (lowest[::2].astype(np.uint64) << np.uint64(32)) | lowest[1::2]
    for number, band in enumerate(bands):
        place = np.argsort(band, kind="stable")
        ordered = band[place]
        alive, step = np.flatnonzero(ordered[1:] == ordered[:-1]), 1
        while len(alive):
            first, second = place[alive], place[alive + step]
            met = (bands[:number, first] == bands[:number, second]).any(axis=0)  # in a band before this one
            found.append((first[~met] << 32) | second[~met])
            total += len(found[-1])
            if total > MOST:
                raise _too_alike()
            step += 1
            alive = alive[alive + step < len(ordered)]
            alive = alive[ordered[alive + step] == ordered[alive]]
    pairs = np.concatenate(found)
    pairs.sort()
    return pairs >> 32, pairs & 0xFFFFFFFF


def _alike(lowest: NDArray[np.uint32], first: Ints, second: Ints, threshold: float) -> tuple[Ints, Ints]:
    """The pairs that agree in as many hashes as a pair at the threshold does but for three standard deviations."""
    rows = len(lowest)
    least = int(threshold * rows - 3 * (rows * threshold * (1 - threshold)) ** 0.5)
    agree = np.zeros(len(first), dtype=np.uint8)
    for row in lowest:
        agree += row[first] == row[second]
    kept = agree >= least
    return first[kept], second[kept]


def shares(keys: Keys, begin: Ints, first: Ints, second: Ints) -> NDArray[np.float64]:
    """The exact Jaccard share of the trigram sets of each pair of texts; pairs are compared by size, short ones first."""
    length = np.diff(begin)
    share = np.zeros(len(first))
    width = np.maximum(length[first], length[second])
    step = np.maximum(16, 1 << np.ceil(np.log2(np.maximum(width, 1))).astype(np.int64))
    for wide in sorted(set(step.tolist())):
        places = np.flatnonzero(step == wide)
        at_once = max(1, _CELLS // 8 // wide)
        for at in range(0, len(places), at_once):
            some = places[at : at + at_once]
            share[some] = _agreed(keys, begin, length, first[some], second[some], wide)
    return share


def _agreed(keys: Keys, begin: Ints, length: Ints, a: Ints, b: Ints, wide: int) -> NDArray[np.float64]:
    """Jaccard of pairs: both sets laid side by side in one row, sorted; equal neighbours are what they share."""
    left, right = (_sets(keys, begin, length, texts, wide) for texts in (a, b))
    union = np.concatenate((left, right), axis=1)
    union.sort(axis=1)
    both = ((union[:, 1:] == union[:, :-1]) & (union[:, 1:] != _NONE)).sum(axis=1)
    whole = (union != _NONE).sum(axis=1)
    return np.asarray(both / np.maximum(whole - both, 1))


def _sets(keys: Keys, begin: Ints, length: Ints, texts: Ints, wide: int) -> Keys:
    """The distinct trigrams of each text as a row of `wide` numbers, filled up with `_NONE`."""
    column = np.arange(wide)
    places = begin[texts][:, None] + column
    rows = np.where(column < length[texts][:, None], keys[np.minimum(places, len(keys) - 1)], _NONE)
    rows.sort(axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = _NONE
    return rows


def _spread(owner: Ints, distinct: int, first: Ints, second: Ints, share: NDArray[np.float64]) -> Pairs:
    """From pairs of distinct texts to pairs of texts: a text that stands there often pairs with each of its copies."""
    size = np.bincount(owner, minlength=distinct)
    copies = np.flatnonzero(size > 1)
    times = size[np.concatenate((copies, first))] * size[np.concatenate((copies, second))]
    if int((size * (size - 1) // 2).sum() + times[len(copies) :].sum()) > MOST:
        raise _too_many()
    members, begin = np.argsort(owner, kind="stable"), np.cumsum(size) - size
    x, y = (np.repeat(np.concatenate((copies, side)), times) for side in (first, second))
    inner = np.arange(len(x)) - np.repeat(np.cumsum(times) - times, times)
    one, two = members[begin[x] + inner // size[y]], members[begin[y] + inner % size[y]]
    value = np.repeat(np.concatenate((np.ones(len(copies)), share)), times)
    kept = (x != y) | (one < two)  # a text with its copies: each pair once
    one, two, value = one[kept], two[kept], value[kept]
    one, two = np.minimum(one, two), np.maximum(one, two)
    place = np.lexsort((two, one))
    return Pairs(one[place], two[place], value[place])


def _too_alike() -> Refused:
    text = said("近似的文本对太多：要细比的超过 {most} 对，请按时间或地方分成几个文件，分别比对。", most=MOST)
    return Refused("similar.many", text, "in")


def _too_many() -> Refused:
    text = said("近似的文本对太多：相同的文本有成千上万条，会有超过 {most} 对，请先删去相同的行再比对。", most=MOST)
    return Refused("similar.many", text, "in")
