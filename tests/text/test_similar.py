"""Near-duplicates: against the plain definition, and at their edges."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mashang.kernel.refused import Refused
from mashang.text.rules import similar
from mashang.text.rules.similar import near_duplicates, points

from .sentences import labelled


def grams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)} or {text}


def exact(texts: list[str], threshold: float) -> dict[tuple[int, int], float]:
    sets = [grams(text) for text in texts]
    found = {}
    for a in range(len(texts)):
        for b in range(a + 1, len(texts)):
            share = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
            if share >= threshold:
                found[a, b] = share
    return found


def told(texts: list[str], threshold: float = 0.8) -> dict[tuple[int, int], float]:
    pairs = near_duplicates(texts, threshold)
    rows = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.share.tolist(), strict=True)
    return {(a, b): share for a, b, share in rows}


def spoiled(count: int, seed: int) -> list[str]:
    """Random texts, every third followed by copies with up to six characters changed."""
    rng = Random(seed)
    texts: list[str] = []
    while len(texts) < count:
        text = [chr(0x4E00 + int(3000 * rng.random() ** 2)) for _ in range(50)]
        texts.append("".join(text))
        for _ in range(rng.choice((0, 0, 1, 3))):
            copy = list(text)
            for place in rng.sample(range(50), rng.randrange(7)):
                copy[place] = chr(0x4E00 + rng.randrange(3000))
            texts.append("".join(copy))
    return texts[:count]


@pytest.mark.slow
def test_every_pair_told_is_one_and_nearly_every_one_is_told() -> None:
    texts = spoiled(1500, 3)
    truth, answer = exact(texts, 0.8), told(texts)
    assert len(truth) > 250
    assert all(answer[pair] == pytest.approx(truth[pair]) for pair in answer)  # precision 1, shares exact
    assert len(answer) >= 0.99 * len(truth)


@pytest.mark.parametrize("threshold", [0.5, 0.65, 0.9, 1.0])
def test_other_thresholds_are_kept_exactly(threshold: float) -> None:
    texts = labelled(120)[0] + spoiled(200, 4)
    truth, answer = exact(texts, threshold), told(texts, threshold)
    assert set(answer) <= set(truth)
    assert len(answer) >= 0.93 * len(truth)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="路灯坏了修a😀 ", max_size=12), max_size=14))
def test_no_text_is_too_short_or_too_odd(texts: list[str]) -> None:
    answer = told(texts)
    assert set(answer) <= {(a, b) for a in range(len(texts)) for b in range(a + 1, len(texts))}
    copies = {(a, b) for a in range(len(texts)) for b in range(a + 1, len(texts)) if texts[a] == texts[b]}
    assert copies <= set(answer)  # the same text is always found


def test_copies_pair_with_each_other_and_with_what_is_like_them() -> None:
    a = "三合村的路灯坏了很久没有人来修请尽快处理"
    answer = told([a, "完全不同的另外一件事情", a + "。", a])
    assert set(answer) == {(0, 2), (0, 3), (2, 3)}
    assert answer[0, 3] == 1.0


def test_nothing_gives_nothing() -> None:
    assert told([]) == {}
    assert told([""]) == {}
    assert told(["", "", "路"]) == {(0, 1): 1.0}


def test_a_long_text_among_short_ones_is_compared() -> None:
    long = "".join(chr(0x4E00 + n % 5000) for n in range(100_000))
    assert set(told([long, "路灯坏了", long[:-3] + "完了吗"])) == {(0, 2)}


def test_pairs_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "MOST", 1000)
    with pytest.raises(Refused, match="近似的文本对太多"):
        near_duplicates(["路灯坏了没有人修"] * 200)


def test_a_pair_that_meets_in_several_bands_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    like = ["三合村的路灯坏了很久没有人来修请尽快处理谢谢" * 3 + str(n) for n in range(60)]  # 1,770 pairs, in all bands
    monkeypatch.setattr(similar, "MOST", 60 * 59 // 2)
    assert len(near_duplicates(like).first) == 60 * 59 // 2
    same = ["路灯坏了没有人修"] * 60
    assert len(near_duplicates(same).first) == 60 * 59 // 2
    monkeypatch.setattr(similar, "MOST", 60 * 59 // 2 - 1)
    with pytest.raises(Refused, match="分成几个文件"):
        near_duplicates(like)
    with pytest.raises(Refused, match="先删去相同的行"):
        near_duplicates(same)


def test_points_keep_characters_beyond_the_basic_plane() -> None:
    codes, starts = points(["𠮷a", "", "路"])
    assert codes.tolist() == [0x20BB7, 0x61, 0x8DEF]
    assert starts.tolist() == [0, 2, 2, 3]
    assert codes.dtype == np.uint32
