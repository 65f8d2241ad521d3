"""Mandates as pages show them, in the hall and at the counter: words, lamps, the fields of a new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import QueryDict
from django.utils.translation import gettext as _

from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import listed, told
from mashang.ledger import queries as ledger
from mashang.org import queries as org

from .parts import Field, LampState, Moment

HALF_A_YEAR = timedelta(days=182)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mandate with its words: which kinds, how it stands, whether it can still be ended."""

    info: org.MandateInfo
    kinds: str
    lamp: LampState
    word: str

    @property
    def last_day(self) -> date:
        return clock.local(self.info.ends_at - timedelta(microseconds=1)).date()

    @property
    def live(self) -> bool:
        return self.lamp in ("ok", "hold")


def shown(found: Iterable[org.MandateInfo], now: datetime) -> list[Shown]:
    labels = dict(cases.kinds_for_persons())
    return [Shown(m, kinds_words(m.kinds, labels), *_states()[m.state(now)]) for m in found]


def _states() -> Mapping[str, tuple[LampState, str]]:
    return {
        "running": ("ok", _("有效")),
        "coming": ("hold", _("还没有开始")),
        "ended": ("done", _("已到期")),
        "revoked": ("none", _("已终止")),
    }


def kinds_words(kinds: frozenset[str] | None, labels: Mapping[str, str]) -> str:
    return _("全部事项") if kinds is None else told(listed([labels.get(k, k) for k in sorted(kinds)]), _)


def moments(found: Iterable[org.MandateInfo], by: Actor) -> list[Moment]:
    """What the ledger holds on these mandates, newest first."""
    known = {m.id: m for m in found}
    persons = {f"org/person:{m.person}" for m in known.values()}
    acts = [entry for _place, entry in ledger.about(persons, ("mandate.recorded", "mandate.revoked"))]
    acts = sorted((e for e in acts if e.facts.get("mandate") in known), key=lambda e: -e.id)
    names = org.shown_names({e.by for e in acts}, to=by)
    return [Moment(e.at, _act(e.verb, known[e.facts["mandate"]]), names[e.by]) for e in acts]


def _act(verb: str, of: org.MandateInfo) -> str:
    words = {"person": of.person_name, "helper": of.helper_name, "how": of.evidence_label}
    if verb == "mandate.recorded":
        return _("%(person)s委托%(helper)s代办（%(how)s）") % words
    return _("终止%(person)s对%(helper)s的委托") % words


def until(today: date) -> date:
    """What is offered as the last day: the end of the year, or half a year on where less than that is left of it."""
    return max(date(today.year, 12, 31), today + HALF_A_YEAR)


def term_fields(today: date) -> list[Field]:
    """From when to when, and for which kinds."""
    kinds = tuple(cases.kinds_for_persons())
    return [
        Field("starts_on", _("从哪天起"), "date", required=True, value=today),
        Field("ends_on", _("到哪天止"), "date", _("含当天；随时可以提前终止。"), True, until(today)),
        *([Field("kinds", _("哪些事项"), "multi", _("不选为全部事项。"), choices=kinds)] if len(kinds) > 1 else []),
    ]


def when(field: str, value: str) -> str:
    """A field that is asked while another has this value."""
    return json.dumps([{"fact": field, "op": "eq", "value": value}])


def agent_field(place: str) -> Field:
    """Who acts for villagers in a place, to choose from."""
    choices = tuple((str(s.id), f"{s.name}（{s.unit_name}）") for s in org.agents_in(place)) if place else ()
    return Field("agent", _("代办员"), "choice", _("村（社区）和乡镇的工作人员。"), True, choices=choices)


@dataclass(frozen=True, slots=True)
class Term:
    starts_at: datetime
    ends_at: datetime
    kinds: frozenset[str] | None


def term(data: QueryDict, now: datetime) -> Term:
    """What was typed into `term_fields`; a mandate from today on begins now. Refuses faulty days and unknown kinds at once."""
    faults: list[Fault] = []
    starts, ends = _day(data, "starts_on", faults), _day(data, "ends_on", faults)
    chosen = frozenset(data.getlist("kinds"))
    if chosen - {kind for kind, _label in cases.kinds_for_persons()}:
        faults.append(Fault("kinds.unknown", "没有这类事项，请重新选择。", "kinds"))
    if faults or starts is None or ends is None:
        raise Refused.of(faults)
    begin = clock.local(datetime.combine(starts, datetime.min.time()))
    end = clock.local(datetime.combine(ends, datetime.min.time())) + timedelta(days=1)
    return Term(max(begin, now), end, chosen or None)


def _day(data: QueryDict, name: str, faults: list[Fault]) -> date | None:
    try:
        found = date.fromisoformat(data.get(name, ""))
    except ValueError:
        faults.append(Fault("date.wrong", "请填写日期，例如 2026-03-02。", name))
        return None
    if not 2000 <= found.year <= 2999:
        faults.append(Fault("date.wrong", "请填写日期，例如 2026-03-02。", name))
    return found


def renamed(no: Refused, names: Mapping[str, str]) -> Refused:
    """The same refusal with its faults at the fields of a page."""
    return Refused.of([Fault(f.code, f.text, names.get(f.field, f.field)) for f in no.faults])


def number(data: QueryDict, name: str) -> int:
    """A positive number as sent, 0 for anything else."""
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def towns() -> Sequence[tuple[str, str]]:
    """(region, name) of the townships that have somebody to act for villagers."""
    found = {u.region for u in org.units_in(kind="township") if u.valid_to is None}
    return tuple((code, org.region_path(code)) for code in sorted(found))
