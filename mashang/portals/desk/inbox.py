"""What must I do now: the inbox, ordered by the clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mashang.cases import actions, queries
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.kernel.said import said, told
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.casepage import row_remaining
from mashang.portals.shared.forms import KEY, new_key

from .frame import page, scope_sentence, who

TABS: tuple[queries.Tab, ...] = ("todo", "doing", "supervised", "done")
NAMED = 5


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """待办、在办、督办、已办; mine or the whole unit; filters stand in the address."""
    by, now = who(request), clock.now()
    tab: queries.Tab = next((t for t in TABS if t == request.GET.get("tab")), "todo")
    mine = request.GET.get("whose") != "unit"
    due = today_ends(now) if tab == "todo" and request.GET.get("due") == "today" else None
    filter = queries.Filter(kind=request.GET.get("kind", ""), channel=request.GET.get("channel", ""), due_before=due)
    found = queries.inbox(by, tab, filter, now=now, mine=mine, after=request.GET.get("after", ""))
    counts = queries.counts(by, now=now)
    staff = org.staff_of([by.unit_id]) if tab == "todo" and org.holds(by, "cases.assign") else []
    context = {
        "tab": tab,
        "title": {"todo": _("待办"), "doing": _("在办"), "supervised": _("督办"), "done": _("已办")}[tab],
        "scope": scope_sentence(by),
        "tabs": _tabs(tab, mine, counts),
        "filters": _filters(tab),
        "table": _table(found, tab, now, pick=bool(staff)),
        "pager": parts.Pager(after=_next(request, found.after)),
        "staff": staff,
        "key": new_key(),
    }
    return page(request, "inbox", tab, counts=counts, **context)


def _tabs(tab: str, mine: bool, counts: dict[str, int]) -> list[parts.Tab]:
    if tab != "todo":
        return []
    return [
        parts.Tab(_("我的"), "?tab=todo", counts["todo"], mine),
        parts.Tab(_("本单位"), "?tab=todo&whose=unit", counts["unit"], not mine),
    ]


def today_ends(now: datetime) -> datetime:
    """Midnight after this day."""
    return clock.local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _filters(tab: str) -> list[parts.Filter]:
    kinds = (("application", _("办件")), ("supervision", _("督办件")), ("bad_rating", _("差评整改")))
    channels = (("web", _("网上")), ("mobile", _("掌上")), ("window", _("窗口")), ("api", _("接口")))
    due = [parts.Filter("due", _("到期"), (("today", _("今天到期或已超期")),))] if tab == "todo" else []
    return [*due, parts.Filter("kind", _("类别"), kinds), parts.Filter("channel", _("渠道"), channels)]


def _next(request: HttpRequest, after: str) -> str:
    if not after:
        return ""
    query = request.GET.copy()
    query["after"] = after
    return f"?{query.urlencode()}"


def _table(found: queries.Inbox, tab: str, now: datetime, *, pick: bool) -> parts.Table:
    empty = {
        "todo": _("现在没有待办。新的件到了会出现在这里。"),
        "doing": _("没有在办的件：您办过的都已办结。"),
        "supervised": _("没有督办的件。"),
        "done": _("还没有办结的件。"),
    }[tab]
    if tab == "todo":
        columns = (
            parts.Column(_("剩余")),
            parts.Column(_("件"), lead=True),
            parts.Column(_("环节")),
            parts.Column(_("到期"), "t"),
        )
    else:
        columns = (
            parts.Column(_("剩余")),
            parts.Column(_("件"), lead=True),
            parts.Column(_("状态")),
            parts.Column(_("更新"), "t"),
        )
    return parts.Table(
        columns, [_row(task, tab, now) for task in found.tasks], empty, _("我的件"), "pick" if pick else ""
    )


def _row(task: queries.Task, tab: str, now: datetime) -> parts.Row:
    case = task.case
    name = parts.Cell(case.title, reverse("desk:case", args=[case.number]), f"{case.number} · {case.about}")
    left = row_remaining(task, now)
    if tab == "todo":
        return parts.Row((left, name, told(task.step, _), left.due_at), key=f"{case.number}/{task.step_id}")
    return parts.Row((left, name, case.state_label, case.updated_at), key=case.number)


@require_POST
def assign_many(request: HttpRequest) -> HttpResponse:
    """Give several open steps to one colleague; each is its own act. The first refused are named, the others counted."""
    by, now, staff = who(request), clock.now(), request.POST.get("staff", "")
    key = request.POST.get(KEY) or new_key()
    done, refused = 0, []
    for picked in request.POST.getlist("pick")[:100]:
        number, _slash, text = picked.rpartition("/")
        step = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
        try:
            actions.act(number, "assign", {"staff": staff}, by=by, now=now, step=step, key=f"{key}:{picked}")
            done += 1
        except Refused as no:
            why = " ".join(told(fault.text, _) for fault in no.faults)
            refused.append(told(said("{place}：{why}", place=number, why=why), _))
    if done:
        messages.success(request, ngettext("已分派 %(n)d 件。", "已分派 %(n)d 件。", done) % {"n": done})
    for line in refused[:NAMED]:
        messages.error(request, line)
    if more := len(refused[NAMED:]):
        words = ngettext("另有 %(n)d 件也没有分派，请逐件查看。", "另有 %(n)d 件也没有分派，请逐件查看。", more)
        messages.error(request, words % {"n": more})
    if not done and not refused:
        messages.error(request, _("请先勾选要分派的件。"))
    return HttpResponseRedirect(f"{reverse('desk:inbox')}?tab=todo&whose=unit")


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """What I and my unit were told."""
    by = who(request)
    found = queries.notices_for(by)
    actions.mark_read(by, [n.pk for n in found], now=clock.now())
    return page(request, "notices", "notices", notices=found)
