"""Sorting: learned, saved, read back, explained; the same answers as the plain scikit-learn pipeline; nothing unsafe."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from mashang.kernel.refused import Refused
from mashang.text import training
from mashang.text.rules import model as models
from mashang.text.rules.grams import Alphabet, Table, View, gram_keys
from mashang.text.rules.model import Model, load
from mashang.text.rules.plain import plain
from mashang.text.rules.trust import margins
from mashang.text.rules.vectors import counted

from .sentences import labelled


@cache
def model() -> Model:
    texts, labels = labelled()
    return training.train(training.read(texts, labels), {"texts": str(len(texts))})


def test_unseen_wordings_are_sorted() -> None:
    texts, labels = labelled(90, seed=7)
    told = model().classes(texts)
    assert sum(a == b for a, b in zip(told, labels, strict=True)) >= 85


def test_a_saved_model_answers_the_same_and_is_the_same_bytes() -> None:
    texts, _ = labelled(60, seed=8)
    raw = model().save()
    again = load(raw)
    assert np.array_equal(again.scores(texts), model().scores(texts))
    assert again.save() == raw
    fresh = training.train(training.read(*labelled()), {"texts": "240"})
    assert fresh.save() == raw  # training is deterministic


def test_a_model_of_the_format_before_is_read() -> None:
    with np.load(io.BytesIO(model().save())) as file:
        arrays = {name: file[name] for name in file.files}
    head = {**json.loads(arrays.pop("head").tobytes()), "format": "mashang-text-2", "heat": 3.2}
    out = io.BytesIO()
    np.savez(out, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays)
    texts, _ = labelled(20, seed=8)
    assert np.array_equal(load(out.getvalue()).scores(texts), model().scores(texts))


def test_reasons_of_many_texts_build_no_table_of_all_grams(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, made = labelled(30, seed=8)[0], []
    table = models._gram_of
    monkeypatch.setattr(models, "_gram_of", lambda *given: made.append(1) or table(*given))
    assert all(verdict.reasons for verdict in load(model().save()).verdicts(texts))
    assert len(made) == 1


def test_texts_one_at_a_time_and_in_batches_are_scored_alike() -> None:
    texts, _ = labelled(200, seed=9)
    batch = model().scores(texts * 20)
    single = np.vstack([model().scores([text]) for text in texts])
    assert np.allclose(batch[:200], single, atol=1e-5)
    assert np.array_equal(batch[:200], batch[-200:])


def test_a_nul_says_nothing_and_moves_no_text() -> None:
    texts, _ = labelled(20, seed=12)
    torn = ["\0" + text[:3] + "\0\0" + text[3:] + "\0" for text in texts[:10]] + texts[10:]
    assert np.array_equal(model().scores(torn), model().scores(texts))
    assert model().scores([]).shape == (0, len(model().labels))
    assert model().matrix([]).shape == (0, len(model().idf))


def test_segmentation_makes_no_difference() -> None:
    text = "反映 东风路 红绿灯 坏 很久 没有 人 修"
    raw = "反映东风路的红绿灯坏了很久，没有人修！"
    assert plain(text) == plain(raw)
    assert np.allclose(model().scores([text]), model().scores([raw]))


def words_of(lexicon: set[str], longest: int) -> object:
    def words(text: str) -> list[str]:
        out, at = [], 0
        while at < len(text):
            size = next(n for n in range(longest, 0, -1) if n == 1 or text[at : at + n] in lexicon)
            out.append(text[at : at + size])
            at += size
        return out

    return words


def pipeline_scores(made: Model, texts: list[str]) -> np.ndarray:
    """The same model as anybody would write it with scikit-learn: a TF-IDF for each view, side by side, times weights."""
    read = [plain(text) for text in texts]
    parts, order = [], []
    for place, view in enumerate(made.views):
        columns = made.columns[place]
        known = np.flatnonzero(columns >= 0)
        vocabulary = [made.reader.alphabet.spell(int(made.keys[gram])) for gram in known]
        analyzer = words_of(set(vocabulary), view.high) if view.words else "char"
        vectorizer = TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=(view.low, view.high),
            vocabulary=vocabulary,
            sublinear_tf=True,
            lowercase=False,
        )
        vectorizer.idf_ = made.idf[columns[known]].astype(np.float64)
        parts.append(vectorizer.transform([text[: view.head] if view.head else text for text in read]))
        order.append(columns[known])
    return np.asarray(hstack(parts).tocsr() @ made.weights[np.concatenate(order)] + made.bias)


@pytest.mark.filterwarnings("ignore:.*token_pattern.*")
def test_the_answers_are_those_of_the_plain_pipeline() -> None:
    texts = labelled(90, seed=10)[0] + ["", "路", "与此无关的一句话abc"]
    assert np.allclose(model().scores(texts), pipeline_scores(model(), texts), atol=1e-4)


def test_reasons_are_words_of_the_text_that_spoke_for_the_class() -> None:
    text = "请问西苑小区幼儿园收费的问题"
    verdict = model().verdicts([text])[0]
    assert verdict.label == "教育文体"
    assert verdict.reasons and all(word in plain(text) for word in verdict.reasons)
    assert any("幼儿园" in word or word in "幼儿园" for word in verdict.reasons)
    assert 0 < verdict.confidence <= 1


def test_what_says_nothing_is_sorted_with_little_confidence() -> None:
    empty, clear = model().verdicts(["", "三合村小学教师和校车的问题，三合村的小学教师"])
    assert empty.reasons == ()
    assert empty.confidence <= clear.confidence


def test_confidence_rises_with_the_margin() -> None:
    texts = labelled(90, seed=11)[0]
    scores, parts = model().scores(texts), model().parts(texts)
    order = np.argsort(margins(scores))  # too little went wrong here to learn any other sign
    assert (np.diff(model().confidence(parts)[order]) >= 0).all()


def looking_again(closer: float) -> Model:
    """The model, taking the second class wherever the best two are so close."""
    second = np.zeros_like(model().second)
    second[0], second[-1] = -1, closer
    return replace(model(), second=second, narrow=closer + 0.1)


def test_scores_are_what_their_parts_add_up_to_also_after_a_second_look() -> None:
    texts = labelled(200, seed=13)[0]
    usual = model()
    assert np.allclose(usual.summed(usual.parts(texts)), usual.scores(texts), atol=1e-5)
    before = usual.scores(texts)
    half = float(np.median(margins(before)))
    again = looking_again(half)
    after = again.scores(texts)
    close, wide = margins(before) < half - 0.01, margins(before) > half + 0.01
    assert close.any() and (before.argmax(axis=1)[close] == np.argsort(after[close], axis=1)[:, -2]).all()
    assert np.array_equal(before[wide], after[wide])
    single = np.vstack([again.scores([text]) for text in texts])
    assert np.allclose(again.summed(again.parts(texts))[close | wide], after[close | wide], atol=1e-5)
    assert np.allclose(single[close | wide], after[close | wide], atol=1e-5)
    assert [v.label for v in again.verdicts(texts[:40])] == again.classes(texts[:40])
    assert np.array_equal(load(again.save()).scores(texts), after)


def test_a_very_long_message_is_sorted() -> None:
    assert model().classes(["西苑小区的幼儿园收费太贵。" * 8000]) == ["教育文体"]


def damaged() -> list[tuple[str, bytes]]:
    raw = model().save()
    with np.load(io.BytesIO(raw)) as file:
        arrays = {name: file[name] for name in file.files}

    def packed(**changes: np.ndarray) -> bytes:
        out = io.BytesIO()
        np.savez(out, **{**arrays, **changes})
        return out.getvalue()

    head = json.loads(arrays["head"].tobytes())
    other = np.frombuffer(json.dumps({**head, "format": "other"}).encode(), dtype=np.uint8)
    return [
        ("nothing", b""),
        ("no archive", b"label,text\n"),
        ("cut off", raw[: len(raw) // 2]),
        ("another format", packed(head=other)),
        ("weights of another size", packed(weights=arrays["weights"][:-1])),
        ("columns out of range", packed(columns=arrays["columns"] + 10**6)),
        ("a pickle inside", packed(bias=np.array([{"run": "me"}], dtype=object))),
    ]


def test_what_is_no_model_is_refused() -> None:
    for name, raw in damaged():
        with pytest.raises(Refused, match="模型文件读不出来"):
            pytest.fail(f"{name}: {load(raw).labels}")


def test_serving_needs_no_scikit_learn_and_no_django() -> None:
    code = (
        "import sys, mashang.text.commands, mashang.text.rules.model, mashang.text.rules.hot, mashang.text.rules.replies;"
        "print([m for m in ('sklearn', 'django', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_starts_without_numpy() -> None:
    code = "import sys, mashang.text.commands; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_table_finds_every_key_and_no_other() -> None:
    rng = np.random.default_rng(3)
    keys = np.unique(rng.integers(1, 2**48, 5000, dtype=np.uint64))
    table = Table(keys)
    assert np.array_equal(table.find(keys), np.arange(len(keys)))
    others = np.setdiff1d(rng.integers(1, 2**48, 5000, dtype=np.uint64), keys)
    assert (table.find(others) == -1).all()
    assert (table.find(np.zeros(3, np.uint64)) == -1).all()


def test_grams_do_not_run_from_one_text_into_the_next() -> None:
    alphabet = Alphabet(np.array([ord(c) for c in "丁丙乙甲"], dtype=np.uint32))
    numbers, _ = alphabet.read(["甲乙", "丙", "", "丁外甲"])
    pairs = [alphabet.spell(int(key)) for key in gram_keys(numbers, 2)[1] if key]
    assert pairs == ["甲乙"]  # 外 is not in the alphabet, so nothing goes across it


def test_words_are_matched_from_the_left_longest_first() -> None:
    lexicon = ["幼儿", "幼儿园", "园长", "长"]
    found = counted(["幼儿园长", "幼儿园", "园长"], [View("words", 1, 4, words=True)], 1, lexicon)
    names = {column: found.reader.alphabet.spell(int(found.reader.table.keys[gram]))
             for gram, column in enumerate(found.reader.columns[0].tolist()) if column >= 0}  # fmt: skip
    told = [sorted(names[column] for column in found.counts[row].indices) for row in range(3)]
    assert told == [["幼儿园", "长"], ["幼儿园"], ["园长"]]
