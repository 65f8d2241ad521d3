"""What the auditor's pages share: tabs, filters kept in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from mashang.kernel import clock
from mashang.kernel.refused import Fault
from mashang.portals.shared import parts
from mashang.portals.shared.forms import messages_by_field
from mashang.portals.shared.parts import Field

from ..frame import clean


def tabs(here: str) -> list[parts.Tab]:
    known = (
        ("record", _("台账记录"), "desk:audit"), ("sign_ins", _("登录记录"), "desk:audit_sign_ins"),
        ("proof", _("存证核对"), "desk:audit_proof"),
    )  # fmt: skip
    return [parts.Tab(label, reverse(url), current=name == here) for name, label, url in known]


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the address, as the instants they begin and end at; what is no day is a fault at its field."""

    since: datetime | None
    until: datetime | None
    faults: tuple[Fault, ...]


def span(data: QueryDict) -> Span:
    faults: list[Fault] = []
    since, until = _day(data, "since", 0, faults), _day(data, "until", 1, faults)
    if since and until and since >= until:
        faults.append(Fault("date.order", _("“止”不能早于“起”。"), "until"))
    return Span(since, until, tuple(faults))


def _day(data: QueryDict, name: str, after: int, faults: list[Fault]) -> datetime | None:
    text = clean(data.get(name, ""))
    if not text:
        return None
    try:
        return clock.local(datetime.combine(date.fromisoformat(text) + timedelta(days=after), datetime.min.time()))
    except (ValueError, OverflowError):
        faults.append(Fault("date.wrong", _("日期不正确，请按年-月-日填写。"), name))
        return None


def bound(fields: Sequence[Field], data: QueryDict, faults: Sequence[Fault]) -> list[Field]:
    """Fields of a filter with what the address holds and what is wrong with it."""
    values: Mapping[str, str] = {f.name: clean(data.get(f.name, "")) for f in fields}
    wrong = messages_by_field(faults)
    return [f.bound(values, wrong) for f in fields]


def query_of(request: HttpRequest, *without: str) -> str:
    """The address's query, without some of its parts."""
    query = request.GET.copy()
    for name in ("after", *without):
        query.pop(name, None)
    return query.urlencode()
