"""How trouble is told: every refusal, wrong address and oversize body becomes a page that says what to do next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as say

from mashang.kernel.actor import ANONYMOUS
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import told

from .accounts.homes import home_of
from .forms import KEPT

log = logging.getLogger(__name__)
MALFORMED = frozenset({"malformed", "nul", "cursor", "limit"})
TOO_LARGE = frozenset({"size", "too-large"})
TOO_MANY = frozenset({"rate", "too-many", "locked"})


@dataclass(frozen=True, slots=True)
class Trouble:
    title: str | Promise
    text: str | Promise
    english: str


TROUBLES = {
    400: Trouble(
        say("这个请求系统读不懂"),
        say("地址或表单里有不能识别的内容。请返回上一页检查后重新提交。"),
        "The address or form contains something we cannot read. Please go back, check it and send it again.",
    ),
    403: Trouble(
        say("您没有办理这一事项的权限"),
        say("请确认登录的账号；工作人员请联系本单位管理员。"),
        "This is not yours to open or to do. Check which account you are signed in with; staff ask their administrator.",
    ),
    404: Trouble(
        say("没有找到您要的内容"),
        say("请核对编号或地址；也可以回首页用名称查找。"),
        "We could not find this. Please check the number or address, or search from the home page.",
    ),
    405: Trouble(say("这个地址不能这样访问"), say("请从页面上的按钮进入。"), "Please use the buttons on the page."),
    409: Trouble(
        say("刚才有人先办了一步"),
        say("件的状态已经变了，您的操作没有生效。请返回查看最新情况后再办。"),
        "Someone else acted first, so nothing was changed. Go back to see how it stands now.",
    ),
    413: Trouble(
        say("内容太大，没有收下"),
        say("单个文件请不超过 20 MB，一次提交合计不超过 64 MB。可以压缩图片或分次提交。"),
        "What you sent is too large: at most 20 MB a file and 64 MB in all. Make pictures smaller or send in parts.",
    ),
    422: Trouble(
        say("还有内容需要改正"),
        say("请按提示改正后重新提交，已填的内容没有丢失。"),
        "Some things need correcting. What you typed is kept.",
    ),
    429: Trouble(
        say("操作太频繁"),
        say("请等一分钟再试。查进度也可以拨打 12345。"),
        "Too many requests. Please wait a minute and try again.",
    ),
}

UNSEALED = Trouble(
    say("办理记录还没有封存"),
    say("封存后可下载，通常一分钟内。请稍后再打开这一件下载回执。"),
    "This record is not sealed yet. That takes a minute as a rule: open the case again then and take the receipt.",
)
NOT_DONE = Trouble(
    say("页面停留太久，已经过期"),
    say("您的操作没有生效。请重新打开页面再办。"),
    "This page stood open too long, so nothing was changed. Open it again and do it once more.",
)
STALE = Trouble(
    say("页面停留太久，已经过期"),
    say("您的操作没有生效。请打开表单重新提交，填写的内容还在。"),
    "This page stood open too long, so nothing was changed. Open the form and send it again; what you typed is kept.",
)


def status_of(refused: Refused) -> int:
    """404, 403, 409 for conflicts and what is not sealed yet, 400 for what cannot be read, 413 and 429 for too much, else 422."""
    if isinstance(refused, NotFound):
        return 404
    if isinstance(refused, Forbidden):
        return 403
    area, _dot, last = refused.code.partition(".")
    if area == "conflict" or refused.code == "ledger.unsealed":
        return 409
    for words, status in ((TOO_LARGE, 413), (TOO_MANY, 429)):
        if last in words or area in words:
            return status
    return 400 if area in ("malformed", "page") or last in MALFORMED else 422


def page(request: HttpRequest, status: int, faults: Sequence[Fault] = ()) -> HttpResponse:
    """The error page, or for htmx the fragment that goes into the page's notes."""
    if [f.code for f in faults] == ["ledger.unsealed"]:
        return _told(request, status, UNSEALED)
    return _told(request, status, TROUBLES.get(status, TROUBLES[400]), faults)


def _told(request: HttpRequest, status: int, trouble: Trouble, faults: Sequence[Fault] = ()) -> HttpResponse:
    chinese = not (get_language() or "").startswith("en")
    shown = () if status in (403, 404) else faults
    context = {
        "status": status,
        "title": trouble.title,
        "text": told(faults[0].text, _) if status in (403, 404) and faults else trouble.text,
        "english": trouble.english if chinese else "",
        "faults": shown,
        "back": _back(request),
        "again": _again(request),
        "stands_at": _back(request) if request.method == "POST" and "Referer" in request.headers else "",
        "home": home_of(getattr(request, "actor", ANONYMOUS)),
    }
    fragment = request.headers.get("HX-Request") == "true"
    template = "shared/errors/fragment.html" if fragment else "shared/errors/page.html"
    return render(request, template, context, status=status)


def _back(request: HttpRequest) -> str:
    """The page before; the start where there is none, or where it is an address that only a button opens: this one."""
    referer = request.headers.get("Referer", "")
    try:
        ours = request.get_host()
    except DisallowedHost:
        return "/"
    here = request.method == "GET" and urlsplit(referer).path == quote(request.path)
    return referer if not here and url_has_allowed_host_and_scheme(referer, {ours}) else "/"


def _again(request: HttpRequest) -> bool:
    """Whether the page before is the form of this very address: the browser's own way back would pass it by."""
    return request.method == "POST" and urlsplit(_back(request)).path == quote(request.path)


def is_api(request: HttpRequest) -> bool:
    """The API answers for itself, with problem documents."""
    return request.path_info.startswith("/api/")


class Errors:
    """Middleware: refuses what is too large or malformed before a view reads it, and tells refusals as pages,
    also that an address takes only what a button sends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request) and (fault := self._unreadable(request)):
            return page(request, *fault)
        answer = self.get_response(request)
        if not isinstance(answer, HttpResponseNotAllowed) or is_api(request):
            return answer
        told_so = page(request, 405)
        told_so["Allow"] = answer["Allow"]
        return told_so

    def _unreadable(self, request: HttpRequest) -> tuple[int, list[Fault]] | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.MASHANG_MAX_BODY:
            return (413, []) if length.isdigit() else (400, [])
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return 400, [Fault("malformed.nul", _("地址里有不能识别的字符，请重新输入。"))]
        return None

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """A form is read here once; Django keeps it for the view."""
        if is_api(request) or request.method != "POST":
            return None
        try:
            nul = next((name for name, values in request.POST.lists() if any("\x00" in v for v in values)), None)
        except RequestDataTooBig:
            return page(request, 413)
        except (TooManyFieldsSent, TooManyFilesSent):
            return page(request, 400, [Fault("malformed.fields", _("表单里的栏目或文件太多，请分次提交。"))])
        if nul is None:
            return None
        return page(request, 400, [Fault("malformed.nul", _("文字里有不能识别的控制字符，请删除后重新提交。"), nul)])

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused) or is_api(request):
            return None
        return page(request, status_of(error), error.faults)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks nothing of the database or the request, for these may be what failed."""
    return HttpResponse(render_to_string("shared/errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that stood open too long or came from elsewhere; what was typed may wait in the browser's draft."""
    log.info("csrf refused: %s %s", request.path_info, reason)
    return _told(request, 403, STALE if request.POST.get(KEPT) else NOT_DONE)
