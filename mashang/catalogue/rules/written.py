"""How people write the values of a definition, in cells and in forms, and how they are read back.

Reading raises ValueError with a sentence about what was written; the reader adds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mashang.kernel.said import said
from mashang.kernel.sheet import NUMBER
from mashang.text.rules import narrow

from .codes import Coded
from .spec import When

_SEPARATOR = re.compile("[、,，;；\n]")
_LINE = re.compile("[;；\n]")
_UNITS = {
    "wd": ("个工作日", "工作日", "wd"),
    "wh": ("个工作小时", "工作小时", "个工作时", "工作时", "wh"),
    "nd": ("个自然日", "自然日", "日", "天", "nd"),
    "h": ("个小时", "小时", "h"),
}


def plain(text: str) -> str:
    return text


def count(text: str) -> int:
    text = narrow(text)
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII):
        raise ValueError(said("应为 0 到 999 的整数，现在是“{text}”。", text=text))
    return int(text)


def coded(kind: type[Coded]) -> Callable[[str], Coded]:
    def read(text: str) -> Coded:
        if (found := kind.of(text)) is None:
            raise ValueError(said("“{text}”不在可选范围内，请填：{words}。", text=text, words=kind.words()))
        return found

    return read


def many(kind: type[Coded]) -> Callable[[str], tuple[Coded, ...]]:
    return lambda text: tuple(coded(kind)(word) for word in words(text))


def words(text: str) -> tuple[str, ...]:
    return tuple(word for part in _SEPARATOR.split(text) if (word := part.strip()))


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for part in _LINE.split(text) if (line := part.strip()))


def limit(text: str) -> str:
    """20个工作日, 20wd, 30日, 4个工作时, 24小时; 即办 and 当场 are read as half a working day."""
    text = narrow(text)
    if text in ("即办", "当场", "当场办结", "即时办结", "即时"):
        return "4wh"
    if found := re.fullmatch(r"([1-9]\d{0,3})(\D+)", text, re.ASCII):
        for unit, names in _UNITS.items():
            if found[2].strip().lower() in names:
                return f"{int(found[1])}{unit}"
    raise ValueError(said("“{text}”看不懂，请写成 20个工作日、30日、4个工作时或 24小时。", text=text))


def visits(text: str) -> tuple[dict[str, str], ...]:
    """One reason a visit. 0, 无 and 不用 mean that nobody need come."""
    if text in ("0", "无", "不用", "不需要"):
        return ()
    return tuple({"code": f"visit{n}" if n > 1 else "visit", "reason": why} for n, why in enumerate(lines(text), 1))


def basis(line: str) -> dict[str, str]:
    """《law》article."""
    law, _mark, article = line.lstrip("《").partition("》") if line.startswith("《") else (line, "", "")
    if not law.strip():
        raise ValueError(said("“{text}”看不懂，请写成《城乡规划法》第四十一条。", text=line))
    return {"law": law, "article": article.strip()}


def bases(text: str) -> tuple[dict[str, str], ...]:
    """One a line."""
    return tuple(basis(line) for line in lines(text))


def fee(line: str) -> dict[str, str]:
    """item|standard|basis|relief."""
    parts = [part.strip() for part in line.replace("｜", "|").split("|")] + [""] * 3
    return dict(zip(("item", "standard", "basis", "relief"), parts, strict=False))


def fees(text: str) -> tuple[dict[str, str], ...]:
    """One a line; 不收费 for none."""
    return () if text in ("不收费", "无", "否") else tuple(fee(line) for line in lines(text))


Facts = Mapping[str, tuple[str, Mapping[str, str]]]
"""What is asked: code → (words, {code of a choice: words})."""
_OPS = {
    "属于": "in", "∈": "in", "≤": "le", "<=": "le", "≥": "ge", ">=": "ge", "≠": "ne", "!=": "ne", "==": "eq", "=": "eq",
    "＝": "eq", "<": "lt", "＜": "lt", ">": "gt", "＞": "gt",
}  # fmt: skip
_SIGNS = {"in": "属于", "le": "≤", "ge": "≥", "ne": "≠", "eq": "=", "lt": "<", "gt": ">"}
_CONDITION = re.compile(rf"(.+?)({'|'.join(map(re.escape, _OPS))})(.+)")


def without_commas(text: str) -> str:
    """What was typed for a number, in half width and without the commas before every third digit.

    ValueError where they stand elsewhere: 23,5 is not 235.
    """
    text = narrow(text)
    if "," in text and re.fullmatch(r"[-+.,\d]*", text, re.ASCII) and not NUMBER.fullmatch(text):
        raise ValueError(
            said("“{text}”里的逗号意思不明，小数点请用“.”，例如 23.5；逗号只能隔开千位，例如 12,000。", text=text)
        )
    return text.replace(",", "")


def number(text: str) -> Decimal:
    text = without_commas(text)
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text, re.ASCII):
        raise ValueError(said("“{text}”不是数字。", text=text))
    return Decimal(text)


def condition(line: str, facts: Facts) -> dict[str, Any]:
    """您要怎么建？ = 新建, 层数 ≥ 3, 类型 属于 甲、乙: what is asked and its choices by their words or codes."""
    found = _CONDITION.fullmatch(line)
    asked, value = (found[1].rstrip(), found[3].lstrip()) if found else ("", "")
    if found is None or not value:
        raise ValueError(said("“{text}”看不懂，请写成 层数 ≥ 3 或者 房屋结构 = 砖混。", text=line))
    by_word = {words: code for code, (words, _choices) in facts.items()}
    fact = asked if asked in facts else by_word.get(asked, "")
    if not fact:
        raise ValueError(said("引导问题和表单里没有“{name}”。", name=asked))
    op = _OPS[found[2]]
    values = tuple(_chosen(word, *facts[fact]) for word in (words(value) if op == "in" else (value,)))
    return {"fact": fact, "op": op, "value": values if op == "in" else values[0]}


def _chosen(word: str, question: str, choices: Mapping[str, str]) -> str:
    by_word = {label: code for code, label in choices.items()}
    if choices and word not in choices and word not in by_word:
        text = said("“{word}”不是“{question}”的选项：{words}。", word=word, question=question, words="、".join(by_word))
        raise ValueError(text)
    return word if word in choices else by_word.get(word, word)


def shown_condition(when: When, facts: Facts) -> str:
    """The condition as it is typed, in words where these can be read back."""
    asked, choices = facts.get(when.fact, (when.fact, {}))
    several = isinstance(when.value, tuple)
    codes = list(when.value) if isinstance(when.value, tuple) else [when.value]
    for fact, labels in ((asked, choices), (asked, {}), (when.fact, choices), (when.fact, {})):
        line = f"{fact} {_SIGNS[when.op]} {'、'.join(labels.get(code, code) for code in codes)}"
        try:
            read = condition(line, facts)
        except ValueError:
            continue
        if read == {"fact": when.fact, "op": when.op, "value": tuple(codes) if several else codes[0]}:
            return line
    return f"{when.fact} {_SIGNS[when.op]} {'、'.join(codes)}"


def labels(members: tuple[Coded, ...]) -> str:
    return "、".join(str(m.label) for m in members)


def tidy(text: str) -> str:
    """A text of several lines without the spaces around it and around each line."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def put(target: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set a value deep in a definition given as plain dicts."""
    for key in keys[:-1]:
        inner = target.get(key)
        target[key] = dict(inner) if isinstance(inner, Mapping) else {}
        target = target[key]
    target[keys[-1]] = value
