"""What of a text is read for sorting it: Chinese characters and Latin letters, without the words that say nothing.

A text cut into words, with its stop words taken out, and the same text as it was written must look alike. So spaces,
punctuation and digits go, and so do characters that stand mostly in function words; whole words need no dictionary.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

SILENT = frozenset(
    "的了和在是我们有为与等就对也还被并都将给而或但这又从其及关于该由因让吗根据个把他她它您你那呢吧啊着之且此很更才么什怎谁哪如果所们"
)
_TOP = 0x110000


def silent(character: str) -> bool:
    """Whether a character is passed over: no letter, a digit, or one of function words."""
    return character in SILENT or not character.isalpha()


@cache
def folding() -> NDArray[np.uint32]:
    """For each code point the one it is read as (half-width, lower case), 0 where it is passed over."""
    table = np.zeros(_TOP, dtype=np.uint32)
    for code in range(0x20, 0x323B0):
        if 0xAC00 <= code < 0xF900 or 0x10000 <= code < 0x20000:
            continue  # no Chinese or Latin there
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1 and not silent(folded):
            table[code] = ord(folded)
    return table


def plain(text: str) -> str:
    """The text as the classifier reads it. `folding` says the same of arrays of code points."""
    table = folding()
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    read = table[codes]
    return read[read > 0].tobytes().decode("utf-32-le")
