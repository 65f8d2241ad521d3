"""What the pages of 绩效考评 share: their tabs, the periods to choose from, faults of a scheme told with their lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said, told
from mashang.org import queries as org
from mashang.performance.rules.periods import in_words, recent
from mashang.performance.rules.places import line_of, lines_of
from mashang.performance.rules.scheme import Scheme
from mashang.portals.shared import parts


def tabs(by: Actor, here: str) -> list[parts.Tab]:
    """成绩, 方案, 数据上报: each for those who hold its right."""
    known = (
        ("results", _("成绩"), "desk:score", "performance.view"),
        ("schemes", _("方案"), "desk:score_schemes", "performance.view"),
        ("figures", _("数据上报"), "desk:score_figures", "performance.report"),
    )
    return [
        parts.Tab(label, reverse(url), current=name == here)
        for name, label, url, right in known
        if org.holds(by, right)
    ]


def periods_of(rule: Scheme) -> list[str]:
    """Periods that the scheme may be run on, newest first, the one that runs now among them."""
    head = rule.raw.get("scheme", {})
    return recent(str(head.get("period", "month")), clock.local(clock.now()))


def spoken_period(name: str) -> str:
    """2026-03 as 2026年3月, in the reader's language."""
    return told(in_words(name), _)


def period_choices(periods: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, spoken_period(name)) for name in periods]


def chosen_period(asked: str, known: Sequence[str]) -> str:
    """The period asked for if it is one of these, else the last one that is over."""
    return asked if asked in known else known[1]


def placed(no: Refused, text: str, fields: Collection[str], last: str) -> Refused:
    """Faults inside the text of a scheme, each with its line; those that belong to no field of the form stand at `last`."""
    lines = lines_of(text)
    return Refused.of([_placed(fault, lines, fields, last) for fault in no.faults])


def _placed(fault: Fault, lines: dict[str, int], fields: Collection[str], last: str) -> Fault:
    if fault.field in fields:
        return fault
    line = line_of(lines, fault.field) if fault.field else 0
    words = said("第 {line} 行：{text}", line=line, text=fault.text) if line else fault.text
    return Fault(fault.code, words, last)


def at_fields(no: Refused, fields: Collection[str], last: str) -> Refused:
    """Faults that belong to no field of the form stand at `last`: rows and columns of a sheet at its file."""
    return Refused.of([f if f.field in fields else Fault(f.code, f.text, last) for f in no.faults])


def plain(value: float) -> str:
    """A figure as it was typed: no zeros behind, no thousands' commas."""
    return f"{value:.10g}"
