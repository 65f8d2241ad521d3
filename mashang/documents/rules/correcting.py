"""A corrected document in place of a revoked one: its number, and which of its words may be put right."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said

from .wording import Facts, as_lines, as_text

MARK = "-更"
LONG, MOST = 60, 2000
HOLDER = "持有人"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a document says: `name` is "holder", "row.N" or "fact.KEY"; a list has a line for each."""

    name: str
    label: str
    value: str
    lines: bool = False

    @property
    def long(self) -> bool:
        return self.lines or len(self.value) > LONG


def root(number: str) -> str:
    """The number under which it was first issued."""
    return number.partition(MARK)[0]


def next_number(number: str) -> str:
    """武平-行-2026-000318-01 → 武平-行-2026-000318-01-更1, then -更2."""
    first, _mark, nth = number.partition(MARK)
    return f"{first}{MARK}{int(nth or 0) + 1}"


def parts_of(holder: str, facts: Facts, words: Mapping[str, str]) -> list[Part]:
    """What a document says, part by part: the rows of a table where it has one, else each of its facts."""
    parts = [Part("holder", said(HOLDER), holder)]
    if facts.get("rows"):
        parts += [Part(f"row.{place}", label, as_text(value)) for place, (label, value) in enumerate(facts["rows"])]
        named = [key for key in ("notes",) if facts.get(key)]
    else:
        named = [key for key in facts if key in words and facts[key]]
    for key in named:
        lines = not isinstance(facts[key], str)
        text = "\n".join(as_lines(facts[key])) if lines else as_text(facts[key])
        parts.append(Part(f"fact.{key}", words.get(key, said("备注")), text, lines))
    return parts


@dataclass(frozen=True, slots=True)
class Changed:
    """A part that a corrected document says otherwise than the one it replaces: its label, and a digest of either wording."""

    label: str
    old: str
    new: str


def digest(salt: str, text: str) -> str:
    """SHA-256 (hex) of a wording behind a salt, without which short wordings cannot be guessed from it."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def changes(before: list[Part], after: list[Part], salt: str) -> list[Changed]:
    """Which parts are worded otherwise, in their order; both lists are of the same document."""
    new = {part.name: part.value for part in after}
    return [
        Changed(p.label, digest(salt, p.value), digest(salt, new[p.name])) for p in before if new[p.name] != p.value
    ]


def corrected(
    holder: str, facts: Facts, words: Mapping[str, str], given: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Holder and facts as put right. Refuses, all at once, parts that are left empty or too long."""
    parts = parts_of(holder, facts, words)
    typed = {p.name: given.get(p.name, p.value).strip() for p in parts}
    faults = [
        Fault("document.part", said("“{what}”不能为空，也不能超过 {most} 个字。", what=p.label, most=MOST), p.name)
        for p in parts
        if not 0 < len(typed[p.name]) <= MOST
    ]
    if faults:
        raise Refused.of(faults)
    new = dict(facts)
    if facts.get("rows"):
        new["rows"] = [[label, typed[f"row.{place}"]] for place, (label, _value) in enumerate(facts["rows"])]
    for part in parts:
        kind, _dot, key = part.name.partition(".")
        if kind == "fact":
            new[key] = typed[part.name].splitlines() if part.lines else typed[part.name]
    return typed["holder"], new
