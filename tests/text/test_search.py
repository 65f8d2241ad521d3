"""Words a Chinese text is found by."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.text import rules


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("农村建房", ["农村", "村建", "建房"]),  # overlapping pairs
        ("路", ["路"]),  # one character alone is a word
        ("10kV线路,ABC-12", ["10kv", "线路", "abc", "12"]),  # Latin and digits whole, lower case
        ("路灯路灯", ["路灯", "灯路"]),  # each once
        ("１２３４５热线", ["12345", "热线"]),  # full-width digits
        ("路\x00灯\u200b坏", ["路灯", "灯坏"]),  # NUL and invisible characters vanish
        ("路灯\n坏了", ["路灯", "坏了"]),  # a line break parts words
        ("𠮷野家", ["𠮷野", "野家"]),  # characters beyond the basic plane
        ("\ud800路灯", ["路灯"]),  # half a surrogate pair
        ("……!?_", []),  # nothing to search
    ],
)
def test_a_text_is_cut_into_words_to_search(text: str, tokens: list[str]) -> None:
    assert rules.bigrams(text) == tokens


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_in_a_text_between_spaces_is_found_by_its_own_words(
    middle: str, before: str, after: str
) -> None:
    assert set(rules.bigrams(middle)) <= set(rules.bigrams(f"{before} {middle} {after}"))


@given(st.text(alphabet="农村建房路灯不亮", min_size=2, max_size=12), st.text(alphabet="农村建房路灯不亮", max_size=9))
def test_a_chinese_word_inside_a_longer_run_is_found(word: str, rest: str) -> None:
    assert set(rules.search_terms(word)) <= set(rules.bigrams(rest + word + rest))


@given(st.text(max_size=200))
def test_no_token_can_trouble_the_database(text: str) -> None:
    for token in rules.bigrams(text):
        assert token and "\x00" not in token
        token.encode()


def test_an_endless_query_is_cut() -> None:
    assert len(rules.search_terms("".join(chr(0x4E00 + i) for i in range(5000)))) == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("农村建房", "ncjf"),
        ("银行行长", "yhhz"),  # one character, two readings
        ("重庆路ABC12号", "cqlabc12h"),
        ("", ""),
        ("10kV", "10kv"),
        ("《一件事》", "yjs"),
    ],
)
def test_pinyin_initials(text: str, expected: str) -> None:
    assert rules.initials(text) == expected


def test_pinyin_is_not_loaded_at_start() -> None:
    seen = "import sys, mashang.text.rules; raise SystemExit('pypinyin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", seen], check=False).returncode == 0
