"""A sentence with values in it, that can be told again in another language.

Rules speak Chinese and know no reader. A bare sentence is found again in the catalogues by its Chinese; one with values
only by its template, so it carries that along. A language that tells one from many writes both into its template:
"{n} {n:day|days}".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any


class Said(str):
    """The Chinese sentence, with the `template` and the `values` that it was made of."""

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Said:
        self = super().__new__(cls, _filled(template, values, str))
        self.template, self.values = template, values
        return self

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any]]:  # type: ignore[override]  # a copy is made of both
        return self.template, self.values


def said(template: str, /, **values: Any) -> str:
    """The sentence of a template like "“{name}”有 {n} 行" (formats as `str.format` knows them). A list is told as 甲、乙."""
    return Said(template, values)


def listed(words: Sequence[str]) -> str:
    """甲、乙."""
    return said("{words}", words=list(words))


def strung(parts: Sequence[str], template: str = "{one}，{other}") -> str:
    """Parts of one sentence, with commas between them."""
    return reduce(lambda one, other: said(template, one=one, other=other), parts) if parts else ""


def told(text: object, translate: Callable[[str], str]) -> str:
    """The sentence in the reader's language. Values that are sentences or words of ours are translated too."""
    if isinstance(text, Said):
        return _filled(translate(text.template), text.values, lambda value: told(value, translate))
    return translate(str(text)) if text else ""


class Number(int):
    """A whole number that a template can name a thing by: "{n:day|days}"."""

    def __format__(self, form: str) -> str:
        one, apart, many = form.partition("|")
        return (one if self == 1 else many) if apart else super().__format__(form)


def _filled(template: str, values: Mapping[str, Any], tell: Callable[[str], str]) -> str:
    return template.format(**{name: _word(value, tell) for name, value in values.items()})


def _word(value: Any, tell: Callable[[str], str]) -> Any:
    """A list as words side by side; numbers stay numbers, for their formats."""
    if type(value) is int:
        return Number(value)
    if isinstance(value, list | tuple):
        return tell("、").join(str(_word(one, tell)) for one in value)
    return tell(value) if isinstance(value, str) and value else value
