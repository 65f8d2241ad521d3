"""Pages of the hall that need no account: what can be done here, how, and how far it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.audit.queries import kind_of_act
from mashang.cases import actions
from mashang.catalogue import queries as catalogue
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.actor import ANONYMOUS
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import told
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.portals.shared import forms, guides
from mashang.portals.shared import limits as drawn
from mashang.portals.shared.casepage import case_page
from mashang.portals.shared.context import Asked
from mashang.portals.shared.errors import status_of
from mashang.portals.shared.parts import Field

from . import present

LISTED = 40
NAMES = 12


def _track() -> tuple[Field, ...]:
    tail = {"inputmode": "numeric", "maxlength": 4}
    return (
        Field("number", _("件的编号"), help=_("在回执和短信里，例如 武平-事-2026-000318。"), required=True),
        Field("tail", _("手机号后四位"), type="text", required=True, size="s", attrs=tail),
    )


def _proof() -> tuple[Field, ...]:
    return (Field("receipt", _("回执文件（JSON）"), type="file", required=True),)


def _certificate() -> tuple[Field, ...]:
    help_ = _("选择下载时得到的 PDF 或 Word 文件；打印后扫描、另存过的认不出来。文件只用来比对，不会保存。")
    return (Field("file", _("文书文件"), type="file", required=True, help=help_),)


@require_GET
def home(request: Asked) -> HttpResponse:
    """What do I want to do?"""
    now, by = clock.now(), request.actor
    context = {
        "has_cases": by.kind == "anonymous" or org.holds(by, "cases.view"),  # visitors are led to the sign-in
        "packages": [present.card(v) for v in catalogue.packages()],
        "items": [present.hit(h) for h in catalogue.search("", shape="item", detail="full", limit=9)],
        "today": present.today(now),
    }
    return render(request, "hall/home.html", context)


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Items and packages by plain words or pinyin initials; what is only a name published elsewhere stands apart. Lists that
    are cut say so."""
    words = request.GET.get("q", "").replace("\x00", "")[:100]
    hits = catalogue.search(words, detail="full", limit=LISTED + 1)
    names = catalogue.search(words, detail="name", limit=NAMES + 1) if words else []
    context = {
        "q": words,
        "hits": [present.hit(h) for h in hits[:LISTED]],
        "more": len(hits) > LISTED,
        "names": [present.hit(h) for h in names[:NAMES]],
        "more_names": len(names) > NAMES,
    }
    return render(request, "hall/find.html", context)


@require_GET
def guide(request: Asked, code: str) -> HttpResponse:
    """All one must know before applying; figures are computed from the definition."""
    found = catalogue.guide(code)
    by = request.actor
    may_apply = by.kind == "anonymous" or org.holds(by, "approvals.hand_in")  # visitors are led to the sign-in
    return render(request, "hall/guide.html", {"guide": found, "shown": guides.guide_of(found), "may_apply": may_apply})


@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Number and last four digits, no account. Both travel in the body, never in the address."""
    if request.method == "GET":
        form = forms.build(
            _track(), action=request.path, button=_("查进度"), values={"number": request.GET.get("number", "")}
        )
        return render(request, "hall/track.html", {"form": form})
    typed = forms.typed(request.POST, _track())
    try:
        caller = request.META.get("REMOTE_ADDR", "")
        view = actions.track(typed["number"], typed["tail"], caller=caller, now=clock.now())
    except Refused as no:
        form = forms.build(_track(), action=request.path, button=_("查进度"), values=typed, refused=no)
        return render(request, "hall/track.html", {"form": form}, status=status_of(no))
    page = case_page(view, ANONYMOUS, clock.now())
    return render(request, "hall/tracked.html", {"page": page, "shown": present.case(page, ANONYMOUS)})


@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Where a certificate's code is typed when there is no camera, and its file is compared when there is one."""
    if request.method == "POST":
        return _compare(request)
    code = request.GET.get("code", "").strip()
    return verify_code(request, code) if code else _verified(request)


@require_GET
def verify_code(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a certificate is genuine, and still valid."""
    try:
        return _verified(request, code=code, found=documents.verify(code))
    except Refused as no:
        return _verified(request, 404, code=code, fault=told(no.text, _))


def _compare(request: HttpRequest) -> HttpResponse:
    """Whether a file is one that was handed out here, bit for bit."""
    file = request.FILES.get("file")
    if not file:
        refused = Refused("document.file", "请选择要核对的文书文件。", "file")
        return _verified(request, 422, refused=refused)
    try:
        return _verified(request, found=documents.verify_file(file.read()), same=True)
    except NotFound as no:
        return _verified(request, 404, fault=told(no.text, _))


def _verified(
    request: HttpRequest, status: int = 200, *, refused: Refused | None = None, **context: Any
) -> HttpResponse:
    form = forms.build(_certificate(), action=reverse("hall:verify"), button=_("核对文件"), refused=refused)
    return render(request, "hall/verify.html", {"code": "", **context, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
def proof(request: HttpRequest) -> HttpResponse:
    """A receipt checked against the published key, as anyone can do offline."""
    context: dict[str, object] = {"key": ledger.public_keys()}
    refused = None
    if request.method == "POST":
        file = request.FILES.get("receipt")
        try:
            checked = present.checked(file.read(1_000_000) if file else b"")
            context |= {"checked": checked, "acts": [(kind_of_act(act.verb), act.at) for act in checked.acts]}
        except Refused as no:
            refused = no
    form = forms.build(_proof(), action=request.path, button=_("核验"), refused=refused)
    return render(request, "hall/proof.html", {**context, "form": form}, status=422 if refused else 200)


@require_GET
def limits(request: HttpRequest) -> HttpResponse:
    """办事时限依据: the clocks that bind offices, each with its limit, its source, and whether that was verified."""
    return render(request, "hall/limits.html", {"groups": drawn.public_groups()})
