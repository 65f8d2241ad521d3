"""What every page of the desk shares: who asks, and the side column with its counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mashang.cases import queries
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.portals.shared.parts import NavGroup, NavItem

NONE: Mapping[str, int | None] = {}


def who(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]  # set by the gate


def clean(text: str) -> str:
    """What an address or a form says, without the NULs that no table takes."""
    return text.replace("\x00", "").strip()


def side(by: Actor, here: str, counts: dict[str, int]) -> list[NavGroup]:
    """The inbox first, then the work that the actor's roles know, then what they watch and administer."""
    inbox = reverse("desk:inbox")
    tabs: list[tuple[str, str, int | None]] = [
        ("todo", _("待办"), counts["todo"]),
        ("doing", _("在办"), counts["doing"]),
    ]
    tabs += [("supervised", _("督办"), counts["supervised"]), ("done", _("已办"), None)]
    first = NavGroup(tuple(NavItem(label, f"{inbox}?tab={t}", n, here == t) for t, label, n in tabs))
    unread = {"notices": counts["unread"] or None}
    work = [
        ("intake", _("窗口收件"), "desk:intake", "approvals.take_in"), ("mandates", _("委托登记"), "desk:mandates", "org.mandate"),
        ("sites", _("现场核查"), "desk:sites", "approvals.check_site"),
        ("cases", _("全部件"), "desk:cases", "cases.view"), ("catalogue", _("事项管理"), "desk:catalogue", "catalogue.edit"),
        ("notices", _("通知"), "desk:notices", "desk.open"),
        ("absences", _("离岗代岗"), "admin:absences", "org.absence"),
        ("clocks", _("时钟目录"), "admin:clocks", "desk.open"), ("rights", _("权限表"), "admin:rights", "desk.open"),
    ]  # fmt: skip
    watch = [
        ("watch", _("督办台账"), "desk:watch", "supervision.view"), ("score", _("绩效考评"), "desk:score", "performance.view"),
        ("text", _("来文分析"), "desk:text", "text.work"),
        ("audit", _("审计"), "desk:audit", "ledger.audit"),
        ("cockpit", _("驾驶舱"), "cockpit:home", "insight.cockpit"), ("admin", _("单位和人员"), "admin:units", "org.people"),
        ("why", _("能否看到"), "admin:why", "org.why"),
    ]  # fmt: skip
    if org.persons_of(by):
        work.append(("helping", _("我代办的"), "hall:mandates", "approvals.hand_in"))
    return [
        first,
        *(g for g in (_group(by, here, _("工作"), work, unread), _group(by, here, _("督查考评"), watch)) if g.items),
    ]


def _group(
    by: Actor, here: str, label: str, links: list[tuple[str, str, str, str]], counts: Mapping[str, int | None] = NONE
) -> NavGroup:
    items = [
        NavItem(word, reverse(url), counts.get(key), here == key)
        for key, word, url, right in links
        if org.holds(by, right)
    ]
    return NavGroup(tuple(items), label)


def page(request: HttpRequest, template: str, here: str, status: int = 200, /, **context: Any) -> HttpResponse:
    """A page in the desk's frame."""
    by = who(request)
    counts = context.pop("counts", None) or queries.counts(by, now=clock.now())
    known = {"side": side(by, here, counts), "find_url": reverse("desk:find"), **context}
    return render(request, f"desk/{template}.html", known, status=status)


def scope_sentence(by: Actor, right: str = "cases.view") -> str:
    """Why a list holds what it holds: 只含桃溪镇自然资源所的件; of a whole region, 含武平县全部单位的件."""
    if not org.bounded(by, right):
        return _("含全部单位的件")
    wide = sorted({grant.region for grant in org.scopes(by, right) if grant.units is None and grant.region})
    if wide:
        return _("含%(names)s全部单位的件") % {"names": "、".join(org.region(code).name for code in wide)}
    names = "、".join(u.short_name for u in org.units_of([by.unit_id]))
    return _("只含%(names)s经办的件") % {"names": names} if names else _("只含您有权查看的件")
