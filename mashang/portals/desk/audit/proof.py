"""存证核对: checkpoints and who signed them, whether the log only grew, and the whole ledger computed again."""

from __future__ import annotations

import json
from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from mashang.audit import actions, queries
from mashang.audit.queries import CheckInfo
from mashang.kernel import clock
from mashang.kernel.refused import Fault, Refused
from mashang.ledger import queries as ledger
from mashang.portals.shared import parts
from mashang.portals.shared.downloads import attachment
from mashang.portals.shared.parts import Field

from ..frame import page, who
from .frame import bound, tabs

SHOWN = 20


@never_cache
@require_http_methods(["GET", "POST"])
def proof(request: HttpRequest) -> HttpResponse:
    """How far the ledger is sealed, its checkpoints, and the checks; asking for another check."""
    by, now = who(request), clock.now()
    if request.method == "POST":
        actions.ask_check(by=by, now=now)
        messages.success(request, _("已开始核对，可以离开这一页，结果会留在这里。"))
        return HttpResponseRedirect(request.path)
    state, running = ledger.state(), queries.waiting_check()
    sealed = ledger.checkpoints(_size(request.GET.get("before", "")), SHOWN + 1)
    last = sealed[SHOWN - 1].leaves if len(sealed) > SHOWN else 0
    context = {
        "tabs": tabs("proof"),
        "state": state,
        "since": ledger.waiting_since() if state.waiting else None,
        "checkpoints": _checkpoints(sealed[:SHOWN]),
        "pager": parts.Pager(after=f"?before={last}" if last else ""),
        "fields": _sizes(request, sealed, ()),
        "progress": _progress(running) if running else None,
        "checks": _checks(queries.checks()),
    }
    return page(request, "audit/proof", "audit", **context)


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _sizes(request: HttpRequest, sealed: list[ledger.Sealed], faults: tuple[Fault, ...]) -> list[Field]:
    """Two sizes to compare; the two latest to begin with."""
    fields = [
        Field("old", _("较早的检查点（条数）"), "number", value=sealed[1].leaves if len(sealed) > 1 else ""),
        Field("new", _("较晚的检查点（条数）"), "number", value=sealed[0].leaves if sealed else ""),
    ]
    return bound(fields, request.GET, faults) if "old" in request.GET else fields


def _checkpoints(sealed: list[ledger.Sealed]) -> parts.Table:
    columns = (
        parts.Column(_("条数"), "n", lead=True), parts.Column(_("封存时间"), "t"), parts.Column(_("根值")),
        parts.Column(_("签名")), parts.Column(_("见证")),
    )  # fmt: skip
    rows = [
        parts.Row(
            (
                parts.Cell(s.leaves, reverse("desk:audit_checkpoint", args=[s.leaves])), s.at,
                ("late", _("已损坏，无法读取")) if s.damaged else s.root, s.log,
                ("done", "、".join(s.witnesses)) if s.witnesses else ("none", _("无")),
            )
        )
        for s in sealed
    ]  # fmt: skip
    return parts.Table(columns, rows, _("还没有封存过。封存每分钟进行一次。"), _("检查点"))


def _checks(known: list[CheckInfo]) -> parts.Table:
    columns = (
        parts.Column(_("时间"), "t", lead=True), parts.Column(_("要求核对的人")), parts.Column(_("条数"), "n"),
        parts.Column(_("结果")),
    )  # fmt: skip
    rows = [
        parts.Row(
            (parts.Cell(c.asked_at, reverse("desk:audit_check", args=[c.id])), c.asked_by, c.total or None, result(c))
        )
        for c in known
    ]
    return parts.Table(columns, rows, _("还没有核对过。"), _("历次核对"))


def result(check: CheckInfo) -> tuple[str, str]:
    """The lamp of a check."""
    if check.state == "waiting":
        return "hold", str(check.label)
    if check.state == "failed":
        return "late", str(check.label)
    if check.findings:
        return "late", _("发现 %(n)d 处问题") % {"n": check.findings}
    return "done", _("没有发现改动")


def _progress(check: CheckInfo) -> parts.Progress:
    states = {"waiting": "running", "done": "done", "failed": "failed"}
    running = check.state == "waiting"
    return parts.Progress(
        _("核对全部台账"), check.done, check.total, states[check.state],  # type: ignore[arg-type]  # the three of the component
        url=reverse("desk:audit_progress", args=[check.id]) if running else "",
        href="" if running else reverse("desk:audit_check", args=[check.id]),
        note=_("由后台逐条重算，一百万条约需几秒。") if running else result(check)[1],
    )  # fmt: skip


@never_cache
@require_GET
def progress(request: HttpRequest, id_: int) -> HttpResponse:
    """How far a check is: the component again, asked for every two seconds."""
    info, _faults, _hidden = queries.check_for(who(request), id_)
    return render(request, "desk/audit/_progress.html", {"progress": _progress(info)})


@never_cache
@require_GET
def check(request: HttpRequest, id_: int) -> HttpResponse:
    """What a check came to: each fault named."""
    info, faults, hidden = queries.check_for(who(request), id_)
    names = {"entries": _("记录"), "sealed": _("已封存"), "private": _("个人信息"), "checkpoints": _("检查点")}
    context = {
        "tabs": tabs("proof"),
        "check": info,
        "lamp": result(info),
        "figures": [(names[name], info.counts[name]) for name in names if name in info.counts],
        "faults": faults,
        "hidden": hidden,
        "progress": _progress(info) if info.state == "waiting" else None,
    }
    return page(request, "audit/check", "audit", **context)


@never_cache
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Whether the log only grew between two checkpoints; the proof as a file when asked for."""
    old, new = _size(request.GET.get("old", "")), _size(request.GET.get("new", ""))
    faults: tuple[Fault, ...] = ()
    found = None
    try:
        _both(old, new)
        found = ledger.grown(old or 0, new or 0)
    except Refused as no:
        faults = tuple(replace(fault, field="new") if fault.field == "size" else fault for fault in no.faults)
    if found and request.GET.get("file"):
        text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
        return attachment(text.encode(), f"consistency-{old}-{new}.json", "application/json")
    context = {
        "tabs": tabs("proof"),
        "fields": _sizes(request, [], tuple(f for f in faults if f.field)),
        "loose": [f for f in faults if not f.field],
        "old": old,
        "new": new,
        "found": found,
        "file": f"?old={old}&new={new}&file=1",
    }
    return page(request, "audit/compare", "audit", 422 if faults else 200, **context)


def _both(old: int | None, new: int | None) -> None:
    """Refuses what is no number of entries."""
    faults = [
        Fault("ledger.size", _("请填写检查点的条数，例如上面列出的。"), name)
        for name, size in (("old", old), ("new", new))
        if size is None
    ]
    if faults:
        raise Refused.of(faults)


@require_GET
def checkpoint(request: HttpRequest, size: int) -> HttpResponse:
    """A signed checkpoint with its co-signatures, as a file."""
    return attachment(ledger.checkpoint_at(size).encode(), f"checkpoint-{size}.txt", "text/plain; charset=utf-8")


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """The published keys of the log and its witnesses, as a file."""
    return attachment(ledger.public_keys().encode(), "ledger.pub", "text/plain; charset=utf-8")
