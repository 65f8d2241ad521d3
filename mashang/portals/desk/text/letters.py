"""热点归并 and 查重: which letters are about the same matter, and which say nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mashang.kernel.refused import Refused
from mashang.portals.shared import parts
from mashang.text.rules import work
from mashang.text.rules.tables import texts_of

from .frame import Found, Way, csv_file, file_fields, shortened, table_in, taken, text_page

if TYPE_CHECKING:
    from mashang.text.rules.hot import Group

MOST_HOT, GROUPS, MEMBERS = 5000, 100, 50
MOST_SIMILAR, MOST_PAIRS, PAIRS = 20_000, 200_000, 300
COLUMNS = ("id", "at", "title", "body")
SHARES = ("0.9", "0.8", "0.7", "0.6")


@require_http_methods(["GET", "POST"])
def hot(request: HttpRequest) -> HttpResponse:
    fields = file_fields(
        _("编号、来信时间、标题、正文，可有赞同数（英文列名 id、at、title、body、likes 也可以）"), MOST_HOT
    )
    return text_page(request, "hot", {"file": Way("", fields, _("归并"), _grouped)})


def _grouped(request: HttpRequest) -> Found:
    table = table_in(request, COLUMNS, MOST_HOT, "hot", least=2)
    groups = work.grouped(work.messages(table)).groups
    if taken(request):
        return csv_file(_("热点"), work.grouped_rows(groups))
    return {
        "messages": len(table),
        "grouped": sum(len(g.messages) for g in groups),
        "count": len(groups),
        "groups": [_group(g) for g in groups[:GROUPS]],
        "shown": min(len(groups), GROUPS),
    }


def _group(group: Group) -> dict[str, Any]:
    columns = (
        parts.Column(_("时间"), "t"), parts.Column(_("编号")), parts.Column(_("来信"), lead=True), parts.Column(_("赞同"), "n"),
    )  # fmt: skip
    rows = [
        parts.Row((one.at, shortened(one.id, 40), parts.Cell(shortened(one.title, 60), sub=shortened(one.body)), int(one.likes)))
        for one in group.messages[:MEMBERS]
    ]  # fmt: skip
    return {
        "title": shortened(group.title, 60),
        "places": "、".join(group.places[:4]),
        "first": group.first,
        "last": group.last,
        "count": len(group.messages),
        "heat": f"{group.heat:.2f}",
        "current": f"{group.current:.2f}",
        "rising": group.rising,
        "table": parts.Table(columns, rows, "", shortened(group.title, 60)),
        "more": max(len(group.messages) - MEMBERS, 0),
    }


@require_http_methods(["GET", "POST"])
def similar(request: HttpRequest) -> HttpResponse:
    shares = [(share, f"{float(share):.0%}") for share in SHARES]
    threshold = parts.Field(
        "share", _("相同到多少才算"), "choice", required=True, choices=shares, value="0.8",
        help=_("按连续三字计算：两条都有的，除以至少一条有的。"),
    )  # fmt: skip
    fields = file_fields(_("文本，或标题和正文；可有编号（英文列名 text、title、body、id 也可以）"), MOST_SIMILAR)
    return text_page(request, "similar", {"file": Way("", [fields[0], threshold, fields[1]], _("查重"), _compared)})


def _compared(request: HttpRequest) -> Found:
    table = table_in(request, (), MOST_SIMILAR, "similar")
    texts = texts_of(table)
    table.refuse()
    share = request.POST.get("share", "")
    pairs = work.alike(texts, float(share if share in SHARES else "0.8"))
    if len(pairs.first) > MOST_PAIRS:
        raise Refused("text.pairs", "近似的来信太多，请把“相同到多少才算”调高，或先去掉整批重复的行。", "share")
    if taken(request):
        return csv_file(_("查重"), work.pair_rows(table, pairs))
    ids = table.column("id")

    def cell(n: int) -> parts.Cell:
        place = _("第 %(row)d 行") % {"row": table.numbers[n]}
        return parts.Cell(shortened(texts[n]), sub=f"{place} · {shortened(ids[n], 40)}" if ids[n] else place)

    order = np.lexsort((pairs.second, pairs.first, -pairs.share))[:PAIRS].tolist()
    columns = (parts.Column(_("相同"), "n"), parts.Column(_("一条"), lead=True), parts.Column(_("另一条")))
    rows = [parts.Row((f"{pairs.share[n]:.1%}", cell(int(pairs.first[n])), cell(int(pairs.second[n])))) for n in order]
    drawn = parts.Table(columns, rows, _("没有找到近似重复的来信。"), _("最相同的在前"))
    return {"count": len(table), "pairs": len(pairs.first), "shown": len(rows), "table": drawn}
