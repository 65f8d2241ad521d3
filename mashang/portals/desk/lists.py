"""Lists: search, all cases with filters, the counter's intake, the day's site checks, and their export."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as say
from django.views.decorators.http import require_GET, require_http_methods
from openpyxl import Workbook

from mashang.approvals import queries as approvals
from mashang.cases import actions, queries
from mashang.cases.procedure import registry
from mashang.catalogue import queries as catalogue
from mashang.kernel import clock
from mashang.kernel.sheet import defused
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.casepage import row_remaining
from mashang.portals.shared.downloads import XLSX, attachment
from mashang.text.rules import find_personal, narrow

from .frame import clean, page, scope_sentence, who

MOST = 5000
MOST_FOUND = 100
MOST_ITEMS = 60


def filter_of(request: HttpRequest) -> queries.Filter:
    """The filter in the address; what makes no sense there narrows nothing."""
    get = request.GET
    unit = get.get("unit", "")
    flag = {"1": True, "0": False}
    numbers = [n for n in get.get("numbers", "").split(",") if n] or None
    first, end = _opened(get.get("opened", ""))
    return queries.Filter(
        kind=get.get("kind", "") if get.get("kind", "") in registry else "", state=clean(get.get("state", "")),
        unit=int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 10 else 0, region=clean(get.get("region", "")),
        words=clean(get.get("q", ""))[:100], numbers=numbers,
        late=flag.get(get.get("late", "")), supervised=flag.get(get.get("supervised", "")),
        opened_from=first, opened_to=end,
    )  # fmt: skip


def _opened(period: str) -> tuple[datetime | None, datetime | None]:
    """The period of receipt that an address names, from and to; no bounds for anything else."""
    today = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    bounds = {
        "week": (today - timedelta(days=6), None), "month": (month, None), "last": (before, month),
        "year": (today.replace(month=1, day=1), None),
    }  # fmt: skip
    return bounds.get(period, (None, None))


@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Search by number, words, pinyin initials, or a person's exact name, phone or identity number. What shows a person is
    answered to the post itself and stands in no address; all else is led to an address that can be kept."""
    if request.method == "GET":
        return cases_list(request)
    words = clean(request.POST.get("q", ""))[:100]
    if not _shows_person(words):
        return HttpResponseRedirect(f"{reverse('desk:find')}?{urlencode({'q': words})}")
    by, now = who(request), clock.now()
    filter = queries.Filter(words=words)
    found = queries.page(by, filter, limit=MOST_FOUND)
    context = {
        "q": words,
        "scope": scope_sentence(by),
        "count": queries.count(by, filter),
        "table": _table(found.rows, now, _NOT_FOUND),
    }
    return page(request, "cases", "cases", **context, cut=MOST_FOUND if found.after else 0)


def _shows_person(words: str) -> bool:
    """Whether a search holds a phone, the number of a paper, a plate, a card or an address: what no address may show."""
    plain = narrow(words)
    return bool(find_personal(plain) or re.search(r"\d{7,}", plain.replace(" ", ""), re.ASCII))


@require_GET
def cases_list(request: HttpRequest) -> HttpResponse:
    """Every case the reader may see, newest change first."""
    by, now = who(request), clock.now()
    filter = filter_of(request)
    found = queries.page(by, filter, after=request.GET.get("after", ""))
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "q": filter.words,
        "scope": scope_sentence(by),
        "count": queries.count(by, filter),
        "filters": _filters(by),
        "table": _table(found.rows, now, _NOT_FOUND if filter == queries.Filter(words=filter.words) else _NONE_FITS),
        "pager": parts.Pager(after=f"?{query.urlencode()}&after={found.after}" if found.after else ""),
        "export": f"{reverse('desk:export')}?{query.urlencode()}" if org.holds(by, "cases.export") else "",
    }
    return page(request, "cases", "cases", **context)


def _filters(by: Any) -> list[parts.Filter]:
    kinds = tuple((p.kind, str(p.label)) for p in registry.values())
    states = (("open", _("未办结")), ("settled", _("已办结")))
    periods = (("week", _("近 7 天")), ("month", _("本月")), ("last", _("上月")), ("year", _("今年")))
    return [
        parts.Filter("opened", _("收件"), periods),
        parts.Filter("kind", _("类别"), kinds),
        parts.Filter("state", _("状态"), states),
        parts.Filter("late", _("超期"), (("1", _("曾超期")), ("0", _("未超期")))),
        parts.Filter("supervised", _("督办"), (("1", _("督办中")),)),
    ]


_NONE_FITS = say("没有符合条件的件。可以少选几个条件再试。")
_NOT_FOUND = say("没有找到。请核对编号、姓名或事项；手机号和证件号要完整。这里只查得到上面写明的范围。")


def _table(rows: list[queries.Row], now: datetime, empty: Promise) -> parts.Table:
    columns = (
        parts.Column(_("剩余")), parts.Column(_("件"), lead=True), parts.Column(_("状态")), parts.Column(_("单位")),
        parts.Column(_("收件"), "t"),
    )  # fmt: skip
    return parts.Table(columns, [_row(r, now) for r in queries.with_due(rows)], str(empty), _("件"))


def _row(row: queries.Row, now: datetime) -> parts.Row:
    name = parts.Cell(row.title, reverse("desk:case", args=[row.number]), f"{row.number} · {row.about}")
    unit = next((u.short_name for u in org.units_of([row.lead_unit_id])), "")
    return parts.Row((row_remaining(row, now), name, row.state_label, unit, row.opened_at), key=row.number)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The same list as a workbook: numbers as text, formulas defused, at most 5,000 rows and saying so. Recorded."""
    by = who(request)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("件"))
    heads = (
        _("编号"),
        _("类别"),
        _("事项"),
        _("内容"),
        _("状态"),
        _("单位"),
        _("收件"),
        _("到期"),
        _("办结"),
        _("曾超期"),
    )
    sheet.append([str(h) for h in heads])
    after, written = "", 0
    while written < MOST:
        found = queries.page(by, filter_of(request), after=after, limit=500, right="cases.export")
        for row in queries.with_due(found.rows):
            sheet.append([defused(v) for v in _values(row)])
        written, after = written + len(found.rows), found.after
        if not after:
            break
    if after:
        sheet.append([_("只导出了前 %(n)d 件，请缩小条件后分次导出。") % {"n": written}])
    out = io.BytesIO()
    book.save(out)
    actions.exported(written, by=by, now=clock.now())
    return attachment(out.getvalue(), f"{_('件')}-{clock.today():%Y%m%d}.xlsx", XLSX)


def _values(row: queries.Row) -> list[str]:
    unit = next((u.name for u in org.units_of([row.lead_unit_id])), "")
    return [
        row.number, row.kind_label, row.title, row.about, row.state_label, unit, _stamp(row.opened_at), _stamp(row.due_at),
        _stamp(row.settled_at), _("是") if row.late else _("否"),
    ]  # fmt: skip


def _stamp(at: datetime | None) -> str:
    return clock.local(at).strftime("%Y-%m-%d %H:%M") if at else ""


@require_GET
def intake(request: HttpRequest) -> HttpResponse:
    """窗口收件: what can be taken in here; the same form as online, filled in with the applicant."""
    words = clean(request.GET.get("q", ""))[:100]
    hits = catalogue.search(words, detail="full", limit=MOST_ITEMS + 1)
    return page(request, "intake", "intake", hits=hits[:MOST_ITEMS], more=len(hits) > MOST_ITEMS, q=words)


@require_GET
def sites(request: HttpRequest) -> HttpResponse:
    """现场核查: the visits and checks of the reader's unit, for a phone; those that nobody asked for yet stand apart."""
    by, now = who(request), clock.now()
    found = queries.inbox(by, "todo", now=now, mine=False, unasked=True, limit=200)
    there = [t for t in found.tasks if t.step_kind in ("site_visit", "visit", "site_check")]
    places = approvals.places_of([t.case.id for t in there])
    tasks = [(t, row_remaining(t, now), places.get(t.case.id, "")) for t in there]
    waits = [one for one in tasks if one[0].step_kind == "site_check" and one[0].due_at is None]
    return page(request, "sites", "sites", tasks=[one for one in tasks if one not in waits], waits=waits)
