"""The catalogue as its editors see it, narrowed and page by page, and out into a sheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.catalogue import queries
from mashang.kernel import clock
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.downloads import XLSX, attachment
from mashang.portals.shared.templatetags.mashang import limit_words

from ..frame import page, who

HERE = "catalogue"


def kinds() -> dict[str, str]:
    return {"item": _("事项"), "package": _("一件事")}


def states() -> dict[str, str]:
    return {"draft": _("有草稿"), "active": _("现行"), "retired": _("已废止")}


def details() -> dict[str, str]:
    return {"full": _("完整定义"), "name": _("只有名称")}


def wanted_of(request: HttpRequest) -> queries.Wanted:
    """What the address narrows the list to; what makes no sense there narrows nothing."""
    get = request.GET

    def one(name: str, known: dict[str, str]) -> str:
        return get.get(name, "") if get.get(name, "") in known else ""

    words = get.get("words", "").strip()[:100]
    return queries.Wanted(words, one("shape", kinds()), one("detail", details()), one("state", states()))


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """Every entry in force, and the drafts that are the reader's."""
    by, wanted = who(request), wanted_of(request)
    found = queries.lines(by, wanted, after=request.GET.get("after", ""))
    query = request.GET.copy()
    query.pop("after", None)
    first = f"?{query.urlencode()}" if "after" in request.GET else ""
    context = {
        "words": wanted.words,
        "filters": [
            parts.Filter("shape", _("种类"), tuple(kinds().items())),
            parts.Filter("detail", _("详细程度"), tuple(details().items())),
            parts.Filter("state", _("状态"), tuple(states().items())),
        ],
        "shares": _shares(queries.shares()),
        "table": _table(found.rows),
        "pager": parts.Pager(first, f"?{query.urlencode()}&after={found.after}" if found.after else ""),
        "kept": [(name, value) for name, value in query.items() if name != "words"],
        "query": query.urlencode(),
        "may_publish": org.holds(by, "catalogue.publish"),
    }
    return page(request, "catalogue/entries", HERE, **context)


def _shares(counted: queries.Shares) -> list[tuple[str, str]]:
    """What of the whole catalogue needs how many trips, computed from what is published."""
    return [
        (_("能申请的事项"), _("%(n)d 个") % {"n": counted.items}),
        (_("一趟不用跑"), f"{counted.no_visit_share:.0%}"),
        (_("最多跑一趟"), f"{counted.one_visit_share:.0%}"),
        (_("网上能办"), f"{counted.online_share:.0%}"),
        (_("全程网办"), f"{counted.share(counted.whole_online):.0%}"),
        (_("即办件"), f"{counted.instant_share:.0%}"),
        (_("只有名称"), _("%(n)d 个") % {"n": counted.names}),
    ]


def _table(rows: list[queries.Line]) -> parts.Table:
    columns = (
        parts.Column(_("名称"), lead=True), parts.Column(_("单位")), parts.Column(_("承诺时限")), parts.Column(_("法定时限")),
        parts.Column(_("版本"), "n"), parts.Column(_("状态")),
    )  # fmt: skip
    none = _("没有符合条件的事项。可以少选几个条件，或者换一个说法再找。")
    return parts.Table(columns, [_row(r) for r in rows], none, _("事项"))


def _row(r: queries.Line) -> parts.Row:
    name = parts.Cell(r.name, reverse("desk:catalogue_entry", args=[r.code]), f"{r.code} · {kinds()[r.shape]}")
    unit = parts.Cell(r.organ, sub="" if r.owner == r.organ else told(r.owner, _))
    promised = limit_words(r.promised) or (_("即办") if r.instant else "")
    return parts.Row(
        (name, unit, promised, limit_words(r.statutory), r.number, state_of(r.state, r.drafted, r.detail)), key=r.code
    )


def state_of(state: str, drafted: bool, detail: str = "full") -> tuple[str, str]:
    """The lamp and its word."""
    if state == "retired":
        return "none", _("已废止，有草稿") if drafted else _("已废止")
    if state == "draft":
        return "hold", _("草稿")
    if detail == "name":
        return "none", _("只有名称")
    return ("warn", _("现行，有草稿")) if drafted else ("ok", _("现行"))


@require_GET
def export_excel(request: HttpRequest) -> HttpResponse:
    """The items of the list that are the reader's, as a workbook that can be edited and imported again."""
    book = queries.export_excel(who(request), wanted_of(request))
    return attachment(book, f"{_('事项')}-{clock.today():%Y%m%d}.xlsx", XLSX)


@require_GET
def export_csv(request: HttpRequest) -> HttpResponse:
    """The same without materials, for programs."""
    table = queries.export_csv(who(request), wanted_of(request))
    return attachment(table, f"{_('事项')}-{clock.today():%Y%m%d}.csv", "text/csv; charset=utf-8")
