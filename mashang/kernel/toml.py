"""Where a text in TOML can't be read, and what seems to be wrong there."""

from __future__ import annotations

import re
import tomllib

from .said import said

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_HINTS = (
    ("Expected '='", said("项名后面应有等号")), ("Invalid value", said("等号后面的值不对，文字要加引号")),
    ("Unterminated string", said("引号没有配对")), ("Illegal character", said("引号没有配对，或者有不能用的字符")),
    ("Unclosed", said("括号没有配对")), ("Expected newline", said("一行只能写一项")),
    ("Cannot overwrite", said("这一项前面已经写过")), ("Cannot declare", said("这一组前面已经写过")),
    ("Expected ']'", said("方括号没有配对")), ("Invalid statement", said("这一行看不懂")),
    ("Duplicate", said("这一项前面已经写过")), ("Unescaped", said("引号里的反斜杠要写两个")),
)  # fmt: skip


def toml_place(no: tomllib.TOMLDecodeError, text: str) -> tuple[int, int, str]:
    """Line and column, from 1, where a TOML text can't be read, and what seems to be wrong there."""
    at = _AT.search(str(no))
    line, column = (int(at[1]), int(at[2])) if at else (text.count("\n") + 1, 1)
    return line, column, toml_hint(str(no).partition(" (at ")[0])


def toml_hint(said_in_english: str) -> str:
    """What the reader of TOML (or JSON) found wrong, in a Chinese sentence."""
    return next((words for start, words in _HINTS if said_in_english.startswith(start)), said("写法不对"))
