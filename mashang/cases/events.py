"""From verb to sentence: the timeline is the ledger, read aloud."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mashang.clocks.rules import UNITS
from mashang.kernel.said import Number, said, told
from mashang.ledger.rules import ERASURE

from .procedure import beside, registry

beside[ERASURE] = _(
    "删除个人信息（{ground}，{reference}）：申请内容、当事人、{files} 个文件、{private} 条意见；时间、决定和存证保留"
)


class _Words(str):
    """A fact in a sentence: "{promised:，承诺|办结}" says what stands before and after it, and nothing where there is none."""

    def __format__(self, around: str) -> str:
        before, _, after = around.partition("|")
        return before + self + after if self else ""


class _Blank(dict[str, Any]):
    """Facts for a sentence: one that was erased leaves a mark, so that the sentence still stands."""

    def __missing__(self, key: str) -> str:
        return _Words(gettext("（已删除）"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline: when, what happened, by whom (display name of a unit or a role), and which entry says so."""

    at: datetime
    text: str
    by: str
    verb: str
    entry: int
    facts: Mapping[str, Any]


def sentence(verb: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a verb like "application.accept", filled with the facts of its entry."""
    kind, _, code = verb.partition(".")
    procedure = registry.get(kind)
    known = procedure.sentences if procedure else {}
    template = str(known.get(code) or beside.get(verb, verb))
    return template.format_map(_Blank({name: _word(fact) for name, fact in facts.items()}))


def _word(fact: Any) -> Any:
    if isinstance(fact, str):
        return _Words(_told(fact))
    return Number(fact) if type(fact) is int else fact


_DAY = re.compile(r"(?<!\d)(?:(\d{4})年)?0?(\d{1,2})月0?(\d{1,2})日")
_LIMIT = re.compile(r"(\d{1,9}) ?(个工作日|日|个工作时|小时)(内?)", re.ASCII)
_UNITS = {"个工作日": "wd", "日": "nd", "个工作时": "wh", "小时": "h"}


def _told(fact: str) -> str:
    """The fact in the reader's language, days too, which acts write down as 11月19日, and limits, as 3个工作日内."""
    if found := _LIMIT.fullmatch(fact):
        limit = UNITS[_UNITS[found[2]]](int(found[1]))
        return told(said("{limit}内", limit=limit) if found[3] else limit, gettext)
    day, full = gettext("{month}月{day}日"), gettext("{year}年{month}月{day}日")
    return _DAY.sub(
        lambda found: (full if found[1] else day).format(year=found[1], month=int(found[2]), day=int(found[3])),
        told(fact, gettext),
    )
