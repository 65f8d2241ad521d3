"""Personal data in free text: found by form and checksum, masked in place (个人信息保护法 arts. 28, 51).

Masks keep the length, so a position in the text means the same before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mashang.org.rules import is_identity_number

Kind = Literal["identity", "card", "phone", "plate", "email"]


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data at text[start:end]."""

    start: int
    end: int
    kind: Kind


_NARROW = str.maketrans(
    {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x2013: "-", 0x2014: "-", 0x2212: "-"}
)
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}[ -]?(?:1[89]|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]"
    r"(?![0-9A-Za-z])",
    re.ASCII,
)
_CARD = re.compile(r"(?<!\d)(?:\d{15,19}|\d{4}([ -])\d{4}\1\d{4}(?:\1\d{1,4}){1,2})(?!\d)", re.ASCII)
_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ .-]?\d{4}[ .-]?\d{4}(?!\d)", re.ASCII)
_LANDLINE = re.compile(
    r"(?<!\d)(?:\(0\d{2,3}\) ?|0\d{2,3}[ -]?)[2-9]\d{2,3}[ -]?\d{4}(?!\d)|(?<![\d-])[48]00[ -]\d{3}[ -]\d{4}(?!\d)",
    re.ASCII,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[A-HJ-Za-hj-z][ ·•.]?"
    r"(?=[A-HJ-NP-Za-hj-np-z]{0,5}\d)(?:[0-9A-HJ-NP-Za-hj-np-z]{6}|[0-9A-HJ-NP-Za-hj-np-z]{5}|[0-9A-HJ-NP-Za-hj-np-z]{4}[学警挂港澳])"
    r"(?![0-9A-Za-z])"
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?=([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}))"
)
_HINT = re.compile(r"\d{4}|@|[A-Za-z][ ·•.]?[0-9A-Za-z]{4}", re.ASCII)


def valid_card(number: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1) on numbers as long as, and beginning as, bank cards do (9 opens older domestic cards)."""
    if not re.fullmatch(r"3[47]\d{13}|[234569]\d{15}|[4569]\d{16,18}", number, re.ASCII) or len(set(number)) == 1:
        return False
    digits = [int(c) for c in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


def _candidates(plain: str) -> Iterator[Span]:
    """Most certain first: what a checksum proves wins over what only looks alike."""
    for m in _IDENTITY.finditer(plain):
        if is_identity_number(re.sub(r"[ -]", "", m[0]).upper()):
            yield Span(m.start(), m.end(), "identity")
    ends = len(plain)
    for m in reversed(list(_EMAIL.finditer(plain))):  # what stands behind one @ may stand before the next
        yield Span(m.start(), min(m.end(1), ends), "email")
        ends = m.start()
    for m in _CARD.finditer(plain):
        if valid_card(re.sub(r"[ -]", "", m[0])):
            yield Span(m.start(), m.end(), "card")
    for pattern in (_MOBILE, _LANDLINE):
        for m in pattern.finditer(plain):
            yield Span(m.start(), m.end(), "phone")
    for m in _PLATE.finditer(plain):
        yield Span(m.start(), m.end(), "plate")


def find_personal(text: str) -> list[Span]:
    """Phones, identity numbers, bank cards, plates and e-mail addresses in order of place; spans never overlap."""
    plain = text.translate(_NARROW)
    if not _HINT.search(plain):
        return []
    taken, spans = bytearray(len(plain)), []
    for span in _candidates(plain):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\x01" * (span.end - span.start)
            spans.append(span)
    return sorted(spans, key=lambda s: s.start)


_KEEP: dict[Kind, tuple[int, int]] = {"identity": (6, 4), "card": (4, 4), "phone": (3, 4), "plate": (2, 1)}


def _masked(value: str, kind: Kind) -> str:
    if kind == "email":
        local, _, domain = value.translate(_NARROW).partition("@")
        return (local[0] if len(local) > 1 else "*") + "*" * (len(local) - 1) + "@" + domain
    head, tail = _KEEP[kind]
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]


def mask_personal(text: str) -> str:
    """The text with what `find_personal` finds starred: 138****1234, 350622********1239, 闽E****8. Same length."""
    parts, at = [], 0
    for span in find_personal(text):
        parts += [text[at : span.start], _masked(text[span.start : span.end], span.kind)]
        at = span.end
    return "".join(parts) + text[at:]
