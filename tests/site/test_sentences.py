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
        ("3个工作日内", "受理，承诺3个工作日内办结", "Accepted, promised within 3 working days"),
        ("1个工作日内", "受理，承诺1个工作日内办结", "Accepted, promised within 1 working day"),
        ("当场", "受理，承诺当场办结", "Accepted, promised on the spot"),
        ("", "受理", "Accepted"),
    ],
)
def test_a_limit_is_told_in_the_readers_language(promised, chinese, english):
    for language, told in (("zh-hans", chinese), ("en", english)):
        with override(language):
            assert sentence("application.accept", {"promised": promised}) == told


@pytest.mark.parametrize(
    ("facts", "chinese", "english"),
    [
        ({"photos": 1, "note": "退后 0.4 米"}, "选址到场：符合，1 张照片；现场情况：退后 0.4 米", "Check of the site: Conforms, 1 photo; on site: 退后 0.4 米"),
        ({"photos": 2, "note": ""}, "选址到场：符合，2 张照片", "Check of the site: Conforms, 2 photos"),
        ({"photos": 2}, "选址到场：符合，2 张照片；现场情况：（已删除）", "Check of the site: Conforms, 2 photos; on site: (erased)"),
    ],
)  # fmt: skip
def test_a_sentence_counts_and_says_what_was_found_where_something_was(facts, chinese, english):
    for language, told in (("zh-hans", chinese), ("en", english)):
        with override(language):
            assert sentence("application.check_site", {"step": "选址到场", "finding": "符合", **facts}) == told


def test_a_review_is_told_with_the_readers_punctuation():
    with override("en"):
        assert sentence("application.review", {"step": "规划审查", "conclusion": "通过"}) == "Planning review: Pass"


def test_what_was_erased_leaves_a_mark():
    with override("zh-hans"):
        assert sentence("application.urge", {}) == "催办：（已删除）"
