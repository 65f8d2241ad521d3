"""登录记录: who signed in with a password, who failed, whose account was locked for a while."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.parts import Field

from ..frame import page, who
from .frame import bound, query_of, span, tabs


@never_cache
@require_GET
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Sign-ins of staff within the scope, newest first; those of persons, and under names that nobody has, for
    auditors without bounds."""
    by, dates = who(request), span(request.GET)
    came = request.GET.get("came", "")
    found = org.sign_ins(
        by, came=came if came in org.SIGN_INS else "", since=dates.since, until=dates.until,
        after=request.GET.get("after", ""),
    )  # fmt: skip
    words = {"done": ("done", _("登录成功")), "failed": ("warn", _("密码错误")), "locked": ("late", _("锁定"))}
    columns = (
        parts.Column(_("时间"), "t"), parts.Column(_("账号"), lead=True), parts.Column(_("结果")), parts.Column(_("网络地址")),
    )  # fmt: skip
    rows = [parts.Row((s.at, parts.Cell(s.name, sub=s.unit), words[s.came], s.address)) for s in found.rows]
    query = query_of(request)
    context = {
        "tabs": tabs("sign_ins"),
        "filters": [parts.Filter("came", _("结果"), tuple((name, words[name][1]) for name in org.SIGN_INS))],
        "fields": bound(
            [Field("since", _("起"), "date"), Field("until", _("止"), "date", help=_("含当天。"))],
            request.GET,
            dates.faults,
        ),
        "hidden": [("came", came)] if came else [],
        "table": parts.Table(columns, rows, _("没有符合条件的登录记录。"), _("登录记录")),
        "pager": parts.Pager(after=f"?{query}&after={found.after}" if found.after else ""),
        "cleared": request.path,
    }
    return page(request, "audit/sign_ins", "audit", 422 if dates.faults else 200, **context)
