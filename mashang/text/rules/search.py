"""Words to find Chinese text by, without a dictionary: overlapping pairs of characters, and pinyin initials.

A pair is the shortest word of Chinese and needs no segmenter, so 路灯 is found in 小区路灯不亮 whatever a dictionary thinks.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import import_module
from typing import Any

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUNS = re.compile(rf"([{_HAN}]+)|([^\W_{_HAN}]+)")
_SPACES = str.maketrans({"\t": " ", "\r": "\n", "\v": "\n", "\f": "\n"})
_AT_ONCE = 1000  # characters; thousands of accents upon one letter are put in order in quadratic time
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str) -> str:
    """The text as it may be stored: without NUL, control, invisible or broken characters; line breaks stay, tabs become spaces."""
    if text.isprintable():  # holds nothing of what is dropped, nor a space but the plain one
        return text
    spaced = text.replace("\r\n", "\n").translate(_SPACES)
    return "".join(c for c in spaced if c == "\n" or unicodedata.category(c) not in _DROPPED)


def narrow(text: str) -> str:
    """Cleaned and in NFKC: full-width letters, digits and punctuation become half-width. For codes and numbers, not prose."""
    plain = clean(text)
    return "".join(unicodedata.normalize("NFKC", plain[at : at + _AT_ONCE]) for at in range(0, len(plain), _AT_ONCE))


def bigrams(text: str) -> list[str]:
    """Search tokens in the order met, each once: pairs of Chinese characters, Latin words and numbers whole, lower case.

    A Chinese character standing alone is a token of its own.
    """
    found: dict[str, None] = {}
    for han, word in _RUNS.findall(narrow(text).lower()):
        if word or len(han) == 1:
            found[word or han] = None
        else:
            found.update(dict.fromkeys(han[i : i + 2] for i in range(len(han) - 1)))
    return list(found)


def search_terms(query: str) -> list[str]:
    """What a text must hold to be found by the query: the same tokens as `bigrams`, at most 32 (longer queries are cut)."""
    return bigrams(query[:400])[:32]


@cache
def _pypinyin() -> Any:
    return import_module("pypinyin")  # 0.3 s and 40 MB: paid by the first who needs it, not by every start


def initials(text: str) -> str:
    """Pinyin initials as people type them: 农村建房 → ncjf, 银行 → yh. Latin letters and digits stay, the rest is left out."""
    plain = narrow(text).lower()
    if plain.isascii():
        return "".join(c for c in plain if c.isalnum())
    pinyin = _pypinyin()
    parts = pinyin.lazy_pinyin(plain, style=pinyin.Style.FIRST_LETTER, errors="default")
    return "".join(c for part in parts for c in part if c.isascii() and c.isalnum())
