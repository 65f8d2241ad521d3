"""Requests to the API go straight to it: no session, no form protection, no messages, for a token needs none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from mashang.kernel.refused import Fault

from . import problems
from .base import MAX_JSON

PREFIX = "/api/"
CODES = {400: "malformed.request", 411: "malformed.length", 413: "malformed.too-large"}
LANGUAGES = {"zh": "zh-hans", "en": "en"}
DOCS = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
NOTHING = "default-src 'none'; frame-ancestors 'none'"


class Lean:
    """Middleware, first in the row. Other addresses pass through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        language = spoken(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        translation.activate(language)
        try:
            response = _answer(request)
        except Exception as fault:
            response = problems.broken(request, fault)
        response.headers["Content-Language"] = language
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = (
            DOCS if response.headers["Content-Type"].startswith("text/html") else NOTHING
        )
        response.headers.setdefault("Cache-Control", "no-store")
        return response


@lru_cache(maxsize=512)
def spoken(accepted: str) -> str:
    """The language to answer in: the first of those accepted that is known, else Chinese."""
    for code, _quality in parse_accept_lang_header(accepted.lower()[:200]):
        if known := LANGUAGES.get(code.partition("-")[0]):
            return known
    return LANGUAGES["zh"]


def _answer(request: HttpRequest) -> HttpResponse:
    if fault := _unreadable(request):
        status, text = fault
        return problems.answer(request, status, [Fault(CODES[status], text)])
    try:
        found = get_resolver("mashang.api.urls").resolve(request.path_info)
    except Resolver404:
        return problems.not_found(request)
    request.resolver_match = found
    try:
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
    except Http404:
        return problems.not_found(request)
    if response.status_code == 405:
        text = "这个地址不能用这种方法访问，请核对接口文档。"
        return problems.answer(
            request, 405, [Fault("method", text)], {"Allow": ", ".join(sorted(response.headers["Allow"].split(", ")))}
        )
    return response


def _unreadable(request: HttpRequest) -> tuple[int, str] | None:
    """What no operation need look at."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return 411, "请在请求头里给出内容的长度（Content-Length），不要分块发送。"
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return 400, "请求头里的内容长度不对。"
    most = settings.MASHANG_MAX_BODY if request.content_type == "multipart/form-data" else MAX_JSON
    if int(length) > most:
        return 413, "请求的内容太大，请分次提交。"
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return 400, "地址里有不能识别的字符，请核对。"
    return None
