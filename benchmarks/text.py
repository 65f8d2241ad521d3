"""Text: sorting beside the plain scikit-learn pipeline of the same model, near-duplicates, hot matters, and how right.

    OMP_NUM_THREADS=1 python -m benchmarks.text            # speed; with ../shared/data also hot matters and answers
    OMP_NUM_THREADS=1 python -m benchmarks.text --folds    # also five-fold cross-validation (a minute or two)

One core; only ratios within a run mean much. The scikit-learn pipeline is built from the trained model and its answers
are compared. Reads ../shared/data where it is there, and says so where not; prints none of it.
"""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from mashang.clocks import shipped
from mashang.text import training
from mashang.text.commands import _labelled
from mashang.text.files import read_table
from mashang.text.rules import delay, work
from mashang.text.rules.grams import View
from mashang.text.rules.hot import grouped
from mashang.text.rules.model import Model
from mashang.text.rules.plain import plain
from mashang.text.rules.replies import Exchange, check_replies
from mashang.text.rules.similar import near_duplicates
from mashang.text.rules.trust import looked_again, margins

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "appeals"
PHRASES = (
    "您好，您反映的问题已收悉，我们将高度重视，转交相关部门处理，感谢您的关心与支持！",
    "尊敬的网友：您好！您的留言已转相关职能部门研究办理，请您耐心等待，感谢您的理解。",
    "您好！您反映的情况我们已经了解，将按照有关规定和程序办理，如有疑问请拨打热线咨询。",
)


def best(work: Callable[[], Any], rounds: int = 5) -> float:
    """Seconds of the quickest round."""
    quickest = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        quickest = min(quickest, time.perf_counter() - begun)
    return quickest


def made_up(count: int, classes: int, length: int = 100) -> tuple[list[str], list[str]]:
    """Texts of random words, each class with words of its own."""
    rng = random.Random(1)
    words = [
        "".join(chr(0x4E00 + rng.randrange(3500)) for _ in range(rng.choice((1, 2, 2, 2, 3, 4)))) for _ in range(40_000)
    ]
    texts, labels = [], []
    for number in range(count):
        own = number % classes * 300
        parts: list[str] = []
        while sum(map(len, parts)) < length:
            parts.append(
                words[own + rng.randrange(300)] if rng.random() < 0.3 else words[int(40_000 * rng.random() ** 3)]
            )
        texts.append("".join(parts)[:length])
        labels.append(f"第{number % classes}类")
    return texts, labels


class Pipeline:
    """The model as anybody would write it with scikit-learn: a TfidfVectorizer for each view, then a linear machine, then our
    second look where the best two are close."""

    def __init__(self, model: Model) -> None:
        self.parts: list[tuple[TfidfVectorizer, int]] = []
        order = []
        for view, columns in zip(model.views, model.columns, strict=True):
            known = np.flatnonzero(columns >= 0)
            words = [model.reader.alphabet.spell(int(model.keys[gram])) for gram in known]
            self.parts.append((_vectorizer(view, words, model.idf[columns[known]]), view.head))
            order.append(columns[known])
        self.machine = LinearSVC()
        self.machine.coef_ = np.asfortranarray(
            model.weights[np.concatenate(order)].T.astype(np.float64)
        )  # as `fit` leaves it
        self.machine.intercept_ = model.bias.astype(np.float64)
        self.machine.classes_ = np.array(model.labels)
        self.weights = [model.weights[columns] for columns in order]
        self.second, self.narrow = model.second, model.narrow

    def predict(self, texts: list[str]) -> list[str]:
        read = [plain(text) for text in texts]
        rows = [part.transform([t[:head] for t in read] if head else read) for part, head in self.parts]
        scores = self.machine.decision_function(hstack(rows).tocsr() if len(rows) > 1 else rows[0])
        if scores.ndim == 2 and (close := np.flatnonzero(margins(scores) <= self.narrow)).size:
            parts = np.stack([row[close] @ weights for row, weights in zip(rows, self.weights, strict=True)])
            scores[close] = looked_again(scores[close], parts, self.second, self.narrow)
        return list(self.machine.classes_[scores.argmax(axis=1)])


def _vectorizer(view: View, words: list[str], idf: np.ndarray) -> TfidfVectorizer:
    analyzer = _matching(set(words), view.high) if view.words else "char"
    made = TfidfVectorizer(
        analyzer=analyzer, ngram_range=(view.low, view.high), vocabulary=words, sublinear_tf=True, lowercase=False
    )
    made.idf_ = idf.astype(np.float64)
    return made


def _matching(lexicon: set[str], longest: int) -> Callable[[str], list[str]]:
    """Forward maximum matching, word by word."""

    def words(text: str) -> list[str]:
        out, at, size = [], 0, len(text)
        while at < size:
            end = min(at + longest, size)
            while end > at + 1 and text[at:end] not in lexicon:
                end -= 1
            out.append(text[at:end])
            at = end
        return out

    return words


def compared(name: str, model: Model, texts: list[str]) -> None:
    """Rates of the two, in batches and one at a time, and whether they agree."""
    theirs = Pipeline(model)
    alike = np.mean([a == b for a, b in zip(model.classes(texts), theirs.predict(texts), strict=True)])
    single = texts[:300]
    ours_batch, ours_single = (
        len(texts) / best(lambda: model.classes(texts)),
        300 / best(lambda: [model.classes([t]) for t in single]),
    )
    their_batch = len(texts) / best(lambda: theirs.predict(texts), 3)
    their_single = 300 / best(lambda: [theirs.predict([t]) for t in single], 3)
    print(f"{name}: same label {alike:.4%}")
    print(
        f"  batch   ours {ours_batch:9,.0f}/s  scikit-learn {their_batch:8,.0f}/s  {ours_batch / their_batch:5.1f} x  (asked 5)"
    )
    print(
        f"  single  ours {ours_single:9,.0f}/s  scikit-learn {their_single:8,.0f}/s  {ours_single / their_single:5.1f} x  (asked 3.5)"
    )


def sorting() -> None:
    """Twice: the character 1-2-gram model that the floor was measured with, and the model as trained by default."""
    texts, labels = made_up(4000, 100)
    usual = training.VIEWS
    training.VIEWS = (View("whole", 1, 2),)
    compared("1-2-grams, 100 classes", training.train(training.read(texts, labels), {}), texts)
    training.VIEWS = usual
    if not SHARED.exists():
        texts, labels = made_up(4000, 7)
        return compared("default views, made-up texts", training.train(training.read(texts, labels), {}), texts)
    texts, labels, _ = _labelled(SHARED / "labelled-train.csv")
    model = training.train(training.read(texts, labels), {})
    return compared("default views, labelled messages", model, ["".join(text.split())[:100] for text in texts])


def duplicates() -> None:
    rng = random.Random(2)
    texts: list[str] = []
    for text in made_up(100_000, 7, 50)[0]:
        texts.append(text)
        if rng.random() < 0.1:
            copy = list(text)
            for place in rng.sample(range(50), rng.randrange(5)):
                copy[place] = chr(0x4E00 + rng.randrange(3500))
            texts.append("".join(copy))
    texts = texts[:100_000]
    seconds = best(lambda: near_duplicates(texts))
    found = near_duplicates(texts)
    some = texts[:4000]
    sets = [{text[at : at + 3] for at in range(48)} for text in some]
    truth = {
        (a, b)
        for a in range(4000)
        for b in range(a + 1, min(a + 3, 4000))
        if len(sets[a] & sets[b]) >= 0.8 * len(sets[a] | sets[b]) - 1e-9
    }
    told = {(a, b) for a, b in zip(found.first.tolist(), found.second.tolist(), strict=True) if b < 4000}
    print(
        f"near-duplicates: 100,000 texts in {seconds:.2f} s (asked 0.8), {len(found.first)} pairs, recall {len(truth & told) / len(truth):.4f} (asked 0.99), all at 0.8 or more: {bool((found.share >= 0.8).all())}"
    )


def hot_matters() -> None:
    table = read_table(SHARED / "messages.csv", ("id", "at", "title", "body"))
    messages = work.messages(table)
    seconds = best(lambda: grouped(messages), 2)
    found = grouped(messages)
    each = best(lambda: [found.place(one) for one in messages[:100]], 3) / 100
    print(
        f"hot: {len(messages)} messages in {seconds:.2f} s (asked 5), {len(found.groups)} groups; one placed in {1000 * each:.1f} ms (asked 10)"
    )
    for names, matter in ((("丽发新城",), "搅拌"), (("伊景园", "滨河苑"), "车位")):
        mine = {m.id for m in messages if any(n in m.title + m.body for n in names) and matter in m.title + m.body}
        share = max(len(mine & {m.id for m in group.messages}) for group in found.groups) / len(mine)
        print(f"  known matter {names[0]}: {len(mine)} messages name it, {share:.3f} of them in one group (asked 0.75)")


def planted(exchanges: list[Exchange], seed: int) -> tuple[list[Exchange], list[str]]:
    """Half of the answers spoiled in four ways."""
    rng = random.Random(seed)
    order = list(range(len(exchanges)))
    rng.shuffle(order)
    some, rest = order[: len(order) // 2], order[len(order) // 2 :]
    quarter = len(some) // 4
    kinds, replies = ["true"] * len(exchanges), [one.reply for one in exchanges]
    for place, row in enumerate(some):
        kind = ("exchanged", "cut", "phrases", "copied")[min(place // quarter, 3)]
        kinds[row] = kind
        if kind == "exchanged":
            replies[row] = exchanges[some[(place + 1) % quarter]].reply
        elif kind == "cut":
            replies[row] = replies[row][: len(replies[row]) // 2]
        else:
            replies[row] = rng.choice(PHRASES) if kind == "phrases" else exchanges[rng.choice(rest)].reply
    return [
        Exchange(e.title, e.body, reply, e.working_days) for e, reply in zip(exchanges, replies, strict=True)
    ], kinds


def area(risk: np.ndarray, bad: np.ndarray) -> float:
    rank = rankdata(risk)
    return float((rank[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum()))


def answers() -> None:
    table = read_table(SHARED / "replies.csv", ("title", "body", "reply", "at", "replied_at"))
    exchanges = work.exchanges(table, shipped.calendar())
    within = delay.within([one.working_days for one in exchanges])
    print(
        "answers within 5 / 10 / 15 working days:",
        " / ".join(f"{100 * v:.1f}" for v in within.values()),
        "(asked 38.3 / 61.7 / 74.7)",
    )
    spoiled, kinds = planted(exchanges, 7)
    begun = time.perf_counter()
    checks = check_replies(spoiled)
    seconds = time.perf_counter() - begun
    risk, kind = np.array([check.risk for check in checks]), np.array(kinds)
    parts = [
        f"{name} {area(risk[m], (kind == name)[m]):.3f}"
        for name in ("exchanged", "cut", "phrases", "copied")
        if (m := (kind == name) | (kind == "true")).any()
    ]
    print(
        f"spoiled answers: AUC {area(risk, kind != 'true'):.3f} (asked 0.95): {', '.join(parts)}; {len(checks)} in {seconds:.1f} s"
    )


def folds() -> None:
    begun = time.process_time()
    found = training.cross_validate(training.read(*_labelled(SHARED / "labelled-train.csv", "group")), 5)
    surest = next(row["accuracy"] for row in found["routed"] if row["share"] == 0.75)
    print(
        f"five grouped folds: macro-F1 {found['macro_f1']} (asked 0.935), micro-F1 {found['micro_f1']}, surest 75 % {surest} (asked 0.988), calibration error {found['calibration_error']}, {time.process_time() - begun:.0f} s of one core"
    )


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=UserWarning)
    print("calendar to", shipped.calendar().settled_to)
    sorting()
    duplicates()
    if SHARED.exists():
        hot_matters()
        answers()
        if "--folds" in sys.argv:
            folds()
    else:
        print("../shared/data/appeals is not here: hot matters, answers and folds are left out")
