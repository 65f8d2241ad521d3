"""Learning to sort texts. The only part of the room that needs scikit-learn; nothing that serves pages imports it.

One linear support vector machine per class against the rest, on grams weighted by how much more often they stand in
the class than outside it (Wang and Manning 2012). All of it folds into one weight matrix per view, see `rules.model`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .rules.evaluation import report
from .rules.grams import LONGEST, View
from .rules.model import Model, Reader, built
from .rules.plain import plain
from .rules.similar import near_duplicates
from .rules.tables import thin_classes
from .rules.trust import between, looked_again, margin_alone, signs
from .rules.vectors import counted, in_texts, weighted

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
VIEWS = (View("words", 1, 4, words=True), View("whole", 1, 2), View("head", 1, 3, 50), View("title", 1, 3, 20))
WEIGHT = {"words": 0.8, "whole": 0.8, "head": 0.8, "title": 0.6}
LEAST_TIMES = 3  # times a word must stand in texts cut into words
LEAST_TEXTS = 2  # texts a gram must stand in
SMOOTH = 1.0  # texts added to each side of the log-count ratio
POWER = 0.5
COST = 1.0
CALIBRATION_FOLDS = 4
LEAST_WRONG = 30  # unseen texts that must have been sorted wrongly for what they show to be learned
TRUST_COST = 0.3
ALIKE = 0.6  # Jaccard share from which texts are kept on one side of a split
_SEED = 1


@dataclass(frozen=True, slots=True)
class Conflict:
    """Near-duplicates (row numbers from 0) that carry different labels."""

    rows: tuple[int, ...]
    labels: tuple[str, ...]


@dataclass(slots=True)
class Corpus:
    """Texts read once, for any number of trainings: counts (texts x columns) and what a model needs to read alike."""

    labels: tuple[str, ...]
    true: Ints
    groups: Ints
    weight: NDArray[np.float64]
    counts: csr_matrix
    reader: Reader
    view_of: NDArray[np.int8]
    conflicts: list[Conflict] = field(default_factory=list)


def read(texts: Sequence[str], labels: Sequence[str], groups: Sequence[str] | None = None) -> Corpus:
    """The corpus of labelled texts; without groups, near-duplicates make them. Refuses what cannot be learned from."""
    if faults := thin_classes(labels):
        raise Refused.of(faults)
    names = tuple(sorted(set(labels)))
    true = np.array([names.index(label) for label in labels], dtype=np.int64)
    alike = near_duplicates([text[:2000] for text in texts], ALIKE)
    copies = _components(len(texts), alike.first, alike.second)
    own = copies if groups is None else np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64)
    conflicts, weight = _conflicts(copies if groups is None else _joined(copies, own), names, true)
    found = counted(texts, VIEWS, LEAST_TEXTS, words_in(texts))
    if not found.counts.shape[1]:
        raise Refused("train.wordless", "这些文本里没有两条共有的文字（标点和数字不算），学不出分类。", "text")
    return Corpus(names, true, own, weight, found.counts, found.reader, found.view_of, conflicts)


def words_in(texts: Sequence[str]) -> list[str]:
    """The words that stand in the texts at least three times where they are cut into words by spaces, none where not."""
    cut = [text.split() for text in texts]
    if sum(map(len, cut)) * 8 < sum(map(len, texts)):  # words are longer than that only where nothing was cut
        return []
    often: Counter[str] = Counter()
    for word, times in Counter(word for words in cut for word in words).items():
        often[plain(word)] += times
    return sorted(word for word, times in often.items() if 1 < len(word) <= LONGEST and times >= LEAST_TIMES)


def _components(count: int, first: Ints, second: Ints) -> Ints:
    graph = csr_matrix((np.ones(len(first), dtype=bool), (first, second)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _joined(one: Ints, other: Ints) -> Ints:
    """The finest grouping in which members of a group of either stand together."""
    rows = np.arange(len(one))
    shift = int(one.max()) + 1
    graph = csr_matrix(
        (np.ones(2 * len(rows), dtype=bool), (np.tile(rows, 2), np.concatenate((one, other + shift)))),
        shape=(len(rows), shift + int(other.max()) + 1),
    )
    return np.asarray(connected_components(graph @ graph.T, directed=False)[1], dtype=np.int64)


def _conflicts(copies: Ints, names: tuple[str, ...], true: Ints) -> tuple[list[Conflict], NDArray[np.float64]]:
    """Groups of copies with several labels, and for each text the share of its group that agrees with its label."""
    cell = copies * len(names) + true
    weight = np.bincount(cell)[cell] / np.bincount(copies)[copies]
    torn = np.unique(copies[weight < 1])
    found = []
    for group in torn.tolist():
        rows = np.flatnonzero(copies == group)
        found.append(Conflict(tuple(rows.tolist()), tuple(names[place] for place in true[rows])))
    return found, weight


# -- one training


@dataclass(frozen=True, slots=True)
class Fitted:
    """idf (0 where a column is not used), weights (columns x labels) and bias of one training."""

    idf: Floats
    weights: Floats
    bias: Floats


def fit(corpus: Corpus, rows: Ints) -> Fitted:
    """Learn from some rows of the corpus."""
    counts, true, weight = corpus.counts[rows], corpus.true[rows], corpus.weight[rows]
    often = in_texts(counts)
    used = often >= LEAST_TEXTS
    idf = np.where(used, np.log((1 + len(rows)) / (1 + often)) + 1, 0).astype(np.float32)
    scaled = weighted(counts, idf, corpus.view_of)
    present = counts.copy()
    present.data[:] = 1
    weights = np.zeros((counts.shape[1], len(corpus.labels)), dtype=np.float32)
    bias = np.full(len(corpus.labels), -1, dtype=np.float32)
    view_weight = np.array([WEIGHT[view.name] for view in VIEWS])[corpus.view_of]
    for label in np.unique(true).tolist():
        mine = true == label
        ratio = view_weight * np.abs(log_count_ratio(present, mine, weight)) ** POWER
        machine = LinearSVC(C=COST, random_state=_SEED)
        machine.fit(scaled @ diags(ratio.astype(np.float32)), mine, sample_weight=weight)
        weights[:, label] = machine.coef_[0] * ratio
        bias[label] = machine.intercept_[0]
    return Fitted(idf, weights, bias)


def log_count_ratio(present: csr_matrix, mine: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each column the log of how much likelier it is in texts of the class than in the others, smoothed."""
    inside, outside = mine * weight, ~mine * weight
    p = (present.T @ inside + SMOOTH) / (inside.sum() + 2 * SMOOTH)
    q = (present.T @ outside + SMOOTH) / (outside.sum() + 2 * SMOOTH)
    return np.asarray(np.log(p / q))


@dataclass(frozen=True, slots=True)
class Scored:
    """scores: texts x labels. parts: views x texts x labels, what each view adds to them."""

    scores: Floats
    parts: Floats


def scored(corpus: Corpus, fitted: Fitted, rows: Ints) -> Scored:
    """What a fitted model says of these rows of the corpus, before calibration."""
    matrix = weighted(corpus.counts[rows], fitted.idf, corpus.view_of)
    parts = np.stack([matrix @ (fitted.weights * (corpus.view_of == view)[:, None]) for view in range(len(VIEWS))])
    return Scored(parts.sum(axis=0) + fitted.bias, parts)


# -- folds and calibration


def deal(groups: Ints, true: Ints, folds: int) -> Ints:
    """A fold for each row: groups stay whole, and each class is dealt out evenly."""
    names, first, of = np.unique(groups, return_index=True, return_inverse=True)
    rng = np.random.default_rng(_SEED)
    fold = np.zeros(len(names), dtype=np.int64)
    start = 0
    for label in np.unique(true):
        mine = rng.permutation(np.flatnonzero(true[first] == label))
        fold[mine] = (start + np.arange(len(mine))) % folds
        start += len(mine)
    return fold[of]


def _lonely(true: Ints, fold: Ints, folds: int) -> list[Ints]:
    """The classes that are left without some fold, where that is fewer than two."""
    left = (np.unique(true[fold != number]) for number in range(folds))
    return [classes for classes in left if len(classes) < 2]


def unseen(corpus: Corpus, rows: Ints, folds: int) -> Scored:
    """Each row as scored by a model that was trained without it; where that would know one class only, by one that saw it."""
    fold = deal(corpus.groups[rows], corpus.true[rows], folds)
    if _lonely(corpus.true[rows], fold, folds):
        return scored(corpus, fit(corpus, rows), rows)
    scores = np.zeros((len(rows), len(corpus.labels)), dtype=np.float32)
    parts = np.zeros((len(VIEWS), *scores.shape), dtype=np.float32)
    for number in range(folds):
        found = scored(corpus, fit(corpus, rows[fold != number]), rows[fold == number])
        scores[fold == number], parts[:, fold == number] = found.scores, found.parts
    return Scored(scores, parts)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is learned from unseen scores: when to tell the second class (weights, up to which margin), what the signs weigh,
    weighed signs -> confidence at knots."""

    second: Floats
    narrow: float
    trust: Floats
    knots: Floats
    levels: Floats

    def told(self, found: Scored) -> Ints:
        """The number of each class told."""
        return np.asarray(looked_again(found.scores, found.parts, self.second, self.narrow).argmax(axis=1))

    def sure(self, found: Scored) -> tuple[Floats, Floats]:
        """Confidence and weighed signs."""
        sureness = signs(found.scores, found.parts) @ self.trust
        return np.interp(sureness, self.knots, self.levels).astype(np.float32), sureness


def _learned(shown: Floats, right: NDArray[np.bool_]) -> tuple[Floats, float] | None:
    """Logistic regression: weights and bias; None where too few are right or wrong to learn from."""
    if min(right.sum(), (~right).sum()) < LEAST_WRONG:
        return None
    spread = shown.std(axis=0)
    spread[spread < 1e-6] = 1
    middle = shown.mean(axis=0)
    machine = LogisticRegression(C=TRUST_COST, max_iter=5000)
    machine.fit((shown - middle) / spread, right)
    weights = np.asarray(machine.coef_[0] / spread, dtype=np.float32)
    return weights, float(machine.intercept_[0] - weights @ middle)


def _second(found: Scored, true: Ints) -> tuple[Floats, float]:
    """When the second class is told: weights of what stands between it and the first, and the widest margin at which it is."""
    shown = between(found.scores, found.parts)
    first, second = np.argsort(found.scores, axis=1)[:, :-3:-1].T
    either = (true == first) | (true == second)
    learned = _learned(shown[either], (true == second)[either])
    if learned is None:
        return np.zeros(shown.shape[1], dtype=np.float32), -1.0
    weights, bias = learned
    weights[-1] += bias
    exchanged = shown @ weights > 0
    return weights, float(shown[exchanged, 0].max(initial=-1))


def _trust(found: Scored, true: Ints) -> Floats:
    """What the signs of being right weigh, the margin alone where too little went wrong."""
    learned = _learned(signs(found.scores, found.parts), found.scores.argmax(axis=1) == true)
    return learned[0] if learned else margin_alone(len(found.parts), found.scores.shape[1])


def calibrate(found: Scored, true: Ints) -> Calibration:
    """Isotonic regression of being right on the weighed signs, strictly rising so that order is kept."""
    second, narrow = _second(found, true)
    told = looked_again(found.scores, found.parts, second, narrow)
    right = told.argmax(axis=1) == true
    trust = _trust(found, true)
    sureness = (signs(found.scores, found.parts) @ trust).astype(np.float64)
    edges = np.unique(np.quantile(sureness, np.linspace(0, 1, 41)))
    place = np.clip(np.searchsorted(edges, sureness, "right") - 1, 0, max(len(edges) - 2, 0))
    size = np.bincount(place)
    here = size > 0
    centre = np.bincount(place, sureness)[here] / size[here]
    rate = (np.bincount(place, right)[here] + 0.5) / (size[here] + 1)
    level = IsotonicRegression(y_min=0.01, y_max=0.999).fit_transform(centre, rate, sample_weight=size[here])
    knots = np.concatenate(([centre[0] - 2], centre, [centre[-1] + 2]))
    level = np.concatenate(([level[0]], level, [max(level[-1], 0.9995)]))
    level = np.maximum.accumulate(level) + np.linspace(0, 4e-4, len(level))
    return Calibration(second, narrow, trust, knots.astype(np.float32), level.astype(np.float32))


def train(corpus: Corpus, about: dict[str, str]) -> Model:
    """The model of all rows, its confidence calibrated on scores of rows it had not seen."""
    rows = np.arange(len(corpus.true))
    folds = min(CALIBRATION_FOLDS, len(np.unique(corpus.groups)))
    calibration = calibrate(unseen(corpus, rows, folds), corpus.true)
    fitted = fit(corpus, rows)
    arrays: dict[str, Any] = {
        "codes": corpus.reader.alphabet.codes,
        "keys": corpus.reader.table.keys,
        "columns": corpus.reader.columns,
        "view_of": corpus.view_of,
        "idf": fitted.idf,
        "weights": fitted.weights,
        "bias": fitted.bias,
        "second": calibration.second,
        "trust": calibration.trust,
        "knots": calibration.knots,
        "levels": calibration.levels,
    }
    return built(corpus.labels, VIEWS, arrays, calibration.narrow, about)


def cross_validate(corpus: Corpus, folds: int) -> dict[str, Any]:
    """All figures over grouped folds; each fold's confidence is calibrated inside its own training part."""
    if folds < 2 or folds > len(np.unique(corpus.groups)):
        raise Refused(
            "train.folds",
            said("折数 {folds} 不合适：至少 2，且不能多于组数 {n}。", folds=folds, n=len(np.unique(corpus.groups))),
            "folds",
        )
    fold = deal(corpus.groups, corpus.true, folds)
    if lonely := _lonely(corpus.true, fold, folds):
        raise Refused(
            "train.one-class",
            said(
                "无法交叉检验：去掉一折后只剩类别“{name}”，其他类别的文本都在同一组里或彼此近似，请补充不同的文本。",
                name=corpus.labels[int(lonely[0][0])],
            ),
            "label",
        )
    told = np.zeros(len(fold), dtype=np.int64)
    sure, sureness = np.zeros((2, len(fold)), dtype=np.float32)
    each = []
    for number in range(folds):
        rows, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        found = scored(corpus, fit(corpus, rows), held)
        inner = min(CALIBRATION_FOLDS, len(np.unique(corpus.groups[rows])))
        learned = calibrate(unseen(corpus, rows, inner), corpus.true[rows])
        told[held], (sure[held], sureness[held]) = learned.told(found), learned.sure(found)
        part = report(corpus.labels, corpus.true[held], told[held], sure[held], sureness[held])
        each.append({key: part[key] for key in ("count", "macro_f1", "micro_f1")})
    whole = report(corpus.labels, corpus.true, told, sure, sureness)
    return {**whole, "folds": each}
