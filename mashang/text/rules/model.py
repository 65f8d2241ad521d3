"""Sorting texts into classes with numpy and scipy alone: a trained model, its scores, its confidence, its reasons.

A text is read in several views; in each, grams are weighted (1 + log count) x idf and the view is scaled to length 1.
The score of a class is one product with a weight matrix, into which everything learned has been folded; where the best two
are close, what each view says of them is looked at again. Confidence is how often the model was right on texts it had not seen whose scores showed such signs (`trust`).
"""

from __future__ import annotations

import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from mashang.kernel.refused import Refused

from .grams import LETTERS, LONGEST, Alphabet, Ints, Keys, Table, View, gram_keys, word_steps
from .trust import looked_again, margins, signs, signs_of

Floats = NDArray[np.float32]
Cells = NDArray[np.signedinteger[Any]]
FORMAT = "mashang-text-3"
READ = (FORMAT, "mashang-text-2")  # which told one figure more
_AT_ONCE = 80_000  # characters worked on at a time, so that tables and counts stay near the processor
_BROKEN = (
    OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, NotImplementedError, RuntimeError,
    OverflowError, MemoryError, SyntaxError, struct.error, tokenize.TokenError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
_ARRAYS = ("codes", "keys", "columns", "view_of", "idf", "weights", "bias", "second", "trust", "knots", "levels")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class, how sure (0 to 1), and the words that decided, most telling first."""

    label: str
    confidence: float
    reasons: tuple[str, ...]


class Reader:
    """Turns texts into counted grams, columns numbered over all views."""

    __slots__ = ("alphabet", "columns", "gram_of", "longest", "table", "views", "width")

    def __init__(
        self, alphabet: Alphabet, keys: Keys, views: Sequence[View], columns: NDArray[np.int32], width: int
    ) -> None:
        self.alphabet, self.views, self.columns, self.width = alphabet, tuple(views), columns, width
        self.table = Table(keys)
        self.longest = max(view.high for view in views)
        self.gram_of = _gram_of(columns, width)

    def counted(self, texts: Sequence[str]) -> tuple[Ints, Ints, Ints]:
        """Where each text begins (one value more than texts), then column and count of its grams, by column.

        Grams of all lengths stand in one array, short ones first, so that what a view reads is a slice of it.
        """
        numbers, begin = self.alphabet.read(texts)
        keys = gram_keys(numbers, self.longest)
        edges = list(accumulate(map(len, keys), initial=0))
        found = self.table.find(np.concatenate(keys))
        place = np.flatnonzero(found >= 0)
        gram, bounds = found[place], np.searchsorted(place, edges).tolist()
        for n in range(1, self.longest):
            place[bounds[n] : bounds[n + 1]] -= edges[n]  # now the place in the texts
        length = np.repeat(np.arange(1, self.longest + 1), np.diff(bounds))
        size = begin[1:] - begin[:-1]
        reach = place + length - np.repeat(begin[:-1], size)[place]  # characters of its text up to the gram's end
        rows: Cells = np.arange(len(texts), dtype=np.int64) * self.width
        if len(texts) * self.width < 2**31:  # such cells are sorted in half the time
            rows = rows.astype(np.int32)
        row = np.repeat(rows, size)[place]
        met: list[Cells] = []
        for view, columns in zip(self.views, self.columns, strict=True):
            part = slice(bounds[view.low - 1], bounds[view.high])
            chosen = np.flatnonzero(reach[part] <= view.head) + part.start if view.head else part
            if view.words:
                by_length = [found[edges[n] : edges[n + 1]] for n in range(self.longest)]
                begins = word_steps(by_length, columns, begin)[place[chosen]] == length[chosen]
                chosen = np.arange(len(place))[chosen][begins]
            column = columns[gram[chosen]]
            met.append((column + row[chosen])[column >= 0])
        return _tallied(np.concatenate(met), rows)


def _gram_of(columns: NDArray[np.int32], width: int) -> Ints:
    """The gram of each column."""
    gram = np.zeros(width, dtype=np.int64)
    for mine in columns:
        known = mine >= 0
        gram[mine[known]] = np.flatnonzero(known)
    return gram


def _tallied(cells: Cells, rows: Cells) -> tuple[Ints, Ints, Ints]:
    """Sorts cells (row + column) and counts equal ones: where each row begins, columns, counts."""
    cells.sort()
    fresh = np.ones(len(cells), dtype=bool)
    np.not_equal(cells[1:], cells[:-1], out=fresh[1:])
    first = np.flatnonzero(fresh)
    count = np.empty(len(first), dtype=np.int64)
    np.subtract(first[1:], first[:-1], out=count[:-1])
    count[-1:] = len(cells) - first[-1:]
    cells = cells[first]
    if len(rows) == 1:
        return np.array([0, len(cells)]), cells, count
    begin = np.append(np.searchsorted(cells, rows), len(cells))
    return begin, cells - np.repeat(rows, np.diff(begin)), count


@dataclass(frozen=True, slots=True)
class Model:
    """What training found. Columns are (view, gram) pairs.

    codes    characters of the alphabet                     keys      grams (numbers) of the table
    columns  views x grams: column, -1 where there is none  view_of   the view of each column
    idf      inverse document frequency of each column      weights   columns x labels
    bias     labels                                         second    weight of what speaks for the second class
    narrow   margin up to which that is looked at           trust     weight of each sign of being right
    knots, levels   weighed signs -> confidence, piecewise linear
    """

    labels: tuple[str, ...]
    views: tuple[View, ...]
    codes: NDArray[np.uint32]
    keys: Keys
    columns: NDArray[np.int32]
    view_of: NDArray[np.int8]
    idf: Floats
    weights: Floats
    bias: Floats
    second: Floats
    trust: Floats
    knots: Floats
    levels: Floats
    narrow: float
    about: dict[str, str]
    reader: Reader

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Texts x columns, weighted and scaled."""
        begin, column, value = self._weighted(texts)
        return csr_matrix((value, column, begin), shape=(len(texts), self.reader.width))

    def _weighted(self, texts: Sequence[str]) -> tuple[Ints, Ints, Floats]:
        """Where each text begins, then column and weight of its grams."""
        begin, column, count = self.reader.counted(texts)
        value = (1 + np.log(count.astype(np.float32))) * self.idf[column]
        cell: Cells = self.view_of[column]
        if len(texts) > 1:
            cell = np.repeat(np.arange(0, len(texts) * len(self.views), len(self.views)), np.diff(begin)) + cell
        length = np.sqrt(np.bincount(cell, weights=value * value, minlength=1)).astype(np.float32)
        value /= length[cell]
        return begin, column, value

    def scores(self, texts: Sequence[str]) -> Floats:
        """Texts x labels; the highest is the class."""
        out = np.empty((len(texts), len(self.labels)), dtype=np.float32)
        for part in _portions(texts):
            if part.stop - part.start == 1:  # one text needs no sparse matrix
                _, column, value = self._weighted(texts[part])
                out[part] = value @ self.weights[column] + self.bias
            else:
                out[part] = self.matrix(texts[part]) @ self.weights + self.bias
            close = np.flatnonzero(margins(out[part]) <= self.narrow)
            if len(close):
                rows = close + part.start
                parts = self.parts([texts[row] for row in rows.tolist()])
                out[rows] = looked_again(out[rows], parts, self.second, self.narrow)
        return out

    def parts(self, texts: Sequence[str]) -> Floats:
        """Views x texts x labels: what each view adds to the scores, before any second look."""
        out = np.empty((len(self.views), len(texts), len(self.labels)), dtype=np.float32)
        for part in _portions(texts):
            begin, column, value = self._weighted(texts[part])
            view_of = self.view_of[column]
            for view in range(len(self.views)):
                mine = value if len(self.views) == 1 else np.where(view_of == view, value, 0)
                out[view, part] = (
                    csr_matrix((mine, column, begin), shape=(len(begin) - 1, self.reader.width)) @ self.weights
                )
        return out

    def classes(self, texts: Sequence[str]) -> list[str]:
        """The class of each text."""
        return [self.labels[place] for place in self.scores(texts).argmax(axis=1).tolist()]

    def summed(self, parts: Floats) -> Floats:
        """The scores, as `scores` gives them, from their parts."""
        return looked_again(np.asarray(parts.sum(axis=0) + self.bias), parts, self.second, self.narrow)

    def sureness(self, parts: Floats) -> Floats:
        """The weighed signs of being right, any figure; what is surer has more."""
        return np.asarray(signs(parts.sum(axis=0) + self.bias, parts) @ self.trust)

    def confidence(self, parts: Floats) -> Floats:
        """How often the model was right on unseen texts with such signs, 0 to 1."""
        return np.interp(self.sureness(parts), self.knots, self.levels).astype(np.float32)

    def verdicts(self, texts: Sequence[str], reasons: int = 5) -> list[Verdict]:
        """Class, confidence and reasons of each text."""
        parts = self.parts(texts)
        scores, sure = self.summed(parts), self.confidence(parts)
        best = scores.argmax(axis=1)
        return [
            Verdict(self.labels[b], float(s), self.reasons(text, row, reasons))
            for text, row, b, s in zip(texts, scores, best.tolist(), sure.tolist(), strict=True)
        ]

    def reasons(self, text: str, scores: Floats, most: int = 5) -> tuple[str, ...]:
        """The grams of the text that spoke most for the first class against the second, none inside another."""
        matrix = self.matrix([text])
        second, first = np.argsort(scores)[-2:]
        pull = matrix.data * (self.weights[matrix.indices, first] - self.weights[matrix.indices, second])
        grams = self.reader.gram_of[matrix.indices]
        total: dict[int, float] = {}
        for gram, value in zip(grams.tolist(), pull.tolist(), strict=True):
            total[gram] = total.get(gram, 0.0) + value
        chosen: list[str] = []
        for gram in sorted(total, key=lambda g: (-total[g], g)):
            word = self.reader.alphabet.spell(int(self.keys[gram]))
            if total[gram] <= 0 or len(chosen) == most:
                break
            if len(word) > 1 and not any(set(word) & set(other) for other in chosen):
                chosen.append(word)
        return tuple(chosen)

    def save(self) -> bytes:
        """The model as bytes: an npz of plain arrays and a JSON text; the same model gives the same bytes."""
        head = {
            "format": FORMAT,
            "labels": self.labels,
            "views": [asdict(view) for view in self.views],
            "narrow": self.narrow,
            "about": self.about,
        }
        text = json.dumps(head, ensure_ascii=False, sort_keys=True).encode()
        out = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(out, head=np.frombuffer(text, dtype=np.uint8), **arrays)
        return out.getvalue()


def _portions(texts: Sequence[str]) -> Iterator[slice]:
    """Some texts after the other, as many as are worked on at a time."""
    first = 0
    while first < len(texts):
        last, size = first, 0
        while last < len(texts) and (size < _AT_ONCE or last == first):
            size += len(texts[last])
            last += 1
        yield slice(first, last)
        first = last


def load(raw: bytes) -> Model:
    """A saved model. Runs nothing that stands in the file; refuses what is not one."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            arrays = {name: file[name] for name in _ARRAYS}
        if head["format"] not in READ:
            raise _unreadable()
        views = tuple(View(**view) for view in head["views"])
        return built(tuple(head["labels"]), views, arrays, float(head["narrow"]), dict(head["about"]))
    except _BROKEN:
        raise _unreadable() from None


def built(
    labels: tuple[str, ...],
    views: tuple[View, ...],
    arrays: dict[str, Any],
    narrow: float,
    about: dict[str, str],
) -> Model:
    """A model from its arrays. Refuses arrays that do not fit each other."""
    width, grams = len(arrays["idf"]), len(arrays["keys"])
    columns = arrays["columns"]
    fits = (
        columns.shape == (len(views), grams)
        and arrays["weights"].shape == (width, len(labels))
        and arrays["view_of"].shape == (width,)
        and arrays["bias"].shape == (len(labels),)
        and arrays["second"].shape == (2 + len(views) + 2 * len(labels),)
        and arrays["trust"].shape == (signs_of(len(views), len(labels)),)
        and arrays["knots"].shape == arrays["levels"].shape
        and all(1 <= view.low <= view.high <= LONGEST for view in views)
        and int(columns.max(initial=-1)) < width
        and int(arrays["codes"].max(initial=0)) < 0x110000
        and len(arrays["codes"]) <= LETTERS
    )
    if not fits:
        raise _unreadable()
    reader = Reader(Alphabet(arrays["codes"]), arrays["keys"], views, columns, width)
    return Model(labels, views, **arrays, narrow=narrow, about=about, reader=reader)


def _unreadable() -> Refused:
    return Refused(
        "model.unreadable", "模型文件读不出来：不是 mashang text train 产生的文件，或已损坏，请重新训练。", "model"
    )
