"""Texts as rows of counted grams, for whatever compares or learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .grams import LETTERS, LONGEST, Alphabet, Ints, View, gram_keys
from .model import Floats, Reader
from .plain import folding
from .similar import points


@dataclass(frozen=True, slots=True)
class Counted:
    """counts: texts x columns; view_of: the view of each column; reader: reads other texts the same way."""

    reader: Reader
    view_of: NDArray[np.int8]
    counts: csr_matrix

    def read(self, texts: Sequence[str]) -> csr_matrix:
        """The counts of other texts in the same columns."""
        return counts_of(self.reader, texts)


def counted(texts: Sequence[str], views: Sequence[View], least: int = 2, words: Sequence[str] = ()) -> Counted:
    """All grams that stand in at least `least` of the texts, as columns of the views, and their counts.

    Views of words know only `words`, and single characters. Frequent grams come first, so that what is asked for most lies together in memory.
    """
    codes = folding()[points(texts)[0]]
    alphabet = Alphabet(np.unique(codes[codes > 0])[:LETTERS])
    numbers, _ = alphabet.read(texts)
    seen = [_twice(keys, least) for keys in gram_keys(numbers, max(view.high for view in views))]
    keys = np.concatenate(seen)
    columns = np.arange(len(views) * len(keys), dtype=np.int32).reshape(len(views), len(keys))
    known = np.isin(keys, _keys_of(words, alphabet)) | (keys < 0x10000)
    for view, row in zip(views, columns, strict=True):
        if view.words:
            row[~known] = -1
    wide = Reader(alphabet, keys, views, columns, columns.size)
    counts = counts_of(wide, texts)
    often = np.bincount(counts.indices, minlength=columns.size)
    narrow = _narrowed(wide, counts, often >= least, often)
    if any(view.words for view in views):  # fewer words are known now, so the texts divide otherwise
        narrow = replace(narrow, counts=counts_of(narrow.reader, texts))
    return narrow


def _keys_of(words: Sequence[str], alphabet: Alphabet) -> NDArray[np.uint64]:
    """The gram of each word of up to four characters that the alphabet can write."""
    numbers, begin = alphabet.read(words)
    size = np.diff(begin) - 1
    by_length = gram_keys(numbers)
    parts = [by_length[n - 1][begin[:-1][size == n]] for n in range(1, LONGEST + 1) if (size == n).any()]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _twice(keys: NDArray[np.uint64], least: int) -> NDArray[np.uint64]:
    """The distinct keys but 0; with `least` over 1 only those that stand there twice."""
    keys = np.sort(keys[keys > 0])
    if least > 1:
        keys = keys[1:][keys[1:] == keys[:-1]]
    fresh = np.ones(len(keys), dtype=bool)
    fresh[1:] = keys[1:] != keys[:-1]
    return keys[fresh]


def counts_of(reader: Reader, texts: Sequence[str]) -> csr_matrix:
    """Counts, texts x columns."""
    begin, column, count = reader.counted(texts)
    return csr_matrix((count.astype(np.float32), column, begin), shape=(len(texts), reader.width))


def _narrowed(reader: Reader, counts: csr_matrix, kept: NDArray[np.bool_], often: Ints) -> Counted:
    old = np.flatnonzero(kept)
    old = old[np.argsort(-often[old], kind="stable")]
    number = np.full(reader.width, -1, dtype=np.int32)
    number[old] = np.arange(len(old), dtype=np.int32)
    columns = np.where(reader.columns >= 0, number[np.maximum(reader.columns, 0)], -1).astype(np.int32)
    used = (columns >= 0).any(axis=0)
    view_of = np.zeros(len(old), dtype=np.int8)
    for view, row in enumerate(columns):
        view_of[row[row >= 0]] = view
    narrow = Reader(reader.alphabet, reader.table.keys[used], reader.views, columns[:, used], len(old))
    return Counted(narrow, view_of, counts[:, old].tocsr())


def in_texts(counts: csr_matrix) -> Ints:
    """In how many texts each column stands."""
    return np.bincount(counts.indices, minlength=counts.shape[1])


def weighted(counts: csr_matrix, idf: Floats, view_of: NDArray[np.int8]) -> csr_matrix:
    """(1 + log count) x idf, each view of each text scaled to length 1: what `Model.matrix` gives."""
    out = counts.copy()
    out.data = (1 + np.log(counts.data)) * idf[counts.indices]
    views = int(view_of.max(initial=0)) + 1
    row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    cell = row * views + view_of[counts.indices]
    length = np.sqrt(np.bincount(cell, weights=out.data.astype(np.float64) ** 2, minlength=counts.shape[0] * views))
    out.data = (out.data / np.maximum(length, 1e-12)[cell]).astype(np.float32)
    return out
