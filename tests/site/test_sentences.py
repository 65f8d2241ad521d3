"""The timeline's sentences, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from mashang.cases.events import sentence
from mashang.site import procedures

procedures.load()
OVERDUE = {"step": "用地审查 · ", "clock": "承诺时限", "due": "11月17日 17:30"}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh-hans", "超期：用地审查 · 承诺时限应于 11月17日 17:30 前办结"),
        ("en", "Overdue: 用地审查 · Promised limit was due by 11-17 17:30"),
    ],
)
def test_words_and_days_of_a_sentence_are_told_in_the_readers_language(language, told):
    with override(language):
        assert sentence("application.overdue", OVERDUE) == told


@pytest.mark.parametrize(
    ("promised", "chinese", "english"),
    [
        ("3个工作日内", "受理，承诺 3个工作日内 办结", "Accepted, promised within 3 working days"),
        ("1个工作日内", "受理，承诺 1个工作日内 办结", "Accepted, promised within 1 working day"),
        ("当场", "受理，承诺 当场 办结", "Accepted, promised on the spot"),
    ],
)
def test_a_limit_is_told_in_the_readers_language(promised, chinese, english):
    for language, told in (("zh-hans", chinese), ("en", english)):
        with override(language):
            assert sentence("application.accept", {"promised": promised}) == told


def test_what_was_erased_leaves_a_mark():
    with override("zh-hans"):
        assert sentence("application.urge", {}) == "催办：（已删除）"
