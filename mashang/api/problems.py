"""How the API says no: problem documents (RFC 9457), every fault with the place it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as say
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, Field

from mashang.cases import rules as case_rules
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import told

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
TITLES: dict[int, str | Promise] = {
    400: say("这个请求读不懂"),
    401: say("请出示有效的接口令牌"),
    403: say("这个令牌没有这项权限"),
    404: say("没有找到您要的内容"),
    405: say("这个地址不能这样访问"),
    409: say("与现在的状态冲突"),
    411: say("没有说明内容有多长"),
    412: say("内容已经变了"),
    413: say("内容太大"),
    415: say("不接收这种格式"),
    422: say("有内容需要改正"),
    429: say("请求太频繁"),
    500: say("系统出错了"),
}
BY_CODE = {
    "conflict.stale": 412,
    "conflict.key": 422,
    "document.size": 413,
    "ledger.unsealed": 409,
    "malformed.too-large": 413,
    "malformed.media-type": 415,
    "token.missing": 401,
    "rate.exceeded": 429,
}
BY_AREA = {"conflict": 409, "malformed": 400, "page": 400, "header": 400}


class ProblemFault(BaseModel):
    """One thing that is wrong, and where."""

    code: str
    detail: str
    pointer: str = Field(default="", description="JSON Pointer into the body, as a URI fragment")
    parameter: str = Field(default="", description="Name of the query, path, header or form parameter")


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[ProblemFault]


class TooMany(Refused):
    """The minute's calls are used up; `wait` seconds until there are more."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__("rate.exceeded", "这一分钟的调用次数已用完，请稍后再试。")


def status_of(no: Refused) -> int:
    """The status that tells a refusal."""
    if isinstance(no, NotFound):
        return 404
    if isinstance(no, Forbidden):
        return 403
    return BY_CODE.get(no.code) or BY_AREA.get(no.code.partition(".")[0], 422)


def answer(
    request: HttpRequest, status: int, faults: Sequence[Fault], headers: dict[str, str] | None = None
) -> HttpResponse:
    """The problem document; its sentences are in the language that was asked for, where there is a translation."""
    first = faults[0]
    words = [told(f.text, gettext) for f in faults]
    problem = Problem(
        type=f"urn:mashang:problem:{first.code}", title=str(TITLES.get(status, TITLES[400])), status=status,
        detail=" ".join(words), instance=request.path, code=first.code,
        errors=[_placed(request, fault, text) for fault, text in zip(faults, words, strict=True) if fault.field],
    )  # fmt: skip
    response = HttpResponse(problem.model_dump_json(), status=status, content_type=MEDIA_TYPE, headers=headers)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's mark: a caller's mistake is no line in our log
    return response


def _placed(request: HttpRequest, fault: Fault, text: str) -> ProblemFault:
    if fault.field.startswith("/"):  # a pointer already
        return ProblemFault(code=fault.code, detail=text, pointer="#" + fault.field)
    where, _, name = fault.field.partition(":")
    if name:  # "query:limit", from the framework
        return ProblemFault(code=fault.code, detail=text, parameter=name)
    if request.content_type != "application/json":
        return ProblemFault(code=fault.code, detail=text, parameter=where)
    parts = [*getattr(request, "faults_under", ()), *where.split(".")]
    return ProblemFault(code=fault.code, detail=text, pointer="#" + pointer_to(*parts))


def pointer_to(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901), escaped as in a URI fragment."""
    return "".join(
        "/" + quote(str(part).replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@") for part in parts
    )


def refused(request: HttpRequest, no: Refused) -> HttpResponse:
    headers = {"Retry-After": str(no.wait)} if isinstance(no, TooMany) else {}
    status = status_of(no)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mashang"'
    return answer(request, status, no.faults, headers)


def invalid(request: HttpRequest, no: ValidationError) -> HttpResponse:
    """What does not fit the declared form: 422 for bodies, 400 for parameters and headers. All faults at once."""
    faults = [_fault(error) for error in no.errors]
    bodily = any(":" not in fault.field for fault in faults)
    return answer(request, 422 if bodily else 400, faults)


def _fault(error: Any) -> Fault:
    source, *place = error["loc"]
    if source in ("query", "path", "header", "file", "form"):
        name = "file" if source == "file" else str(place[-1]) if place else source
        return case_rules.fault_of({**error, "loc": (f"{source}:{name}",)})
    return case_rules.fault_of({**error, "loc": tuple(place[1:])})


def http_error(request: HttpRequest, no: HttpError) -> HttpResponse:
    """The framework wraps what the parser refuses."""
    if isinstance(no.__cause__, Refused):
        return refused(request, no.__cause__)
    return answer(request, no.status_code, [unreadable()])


def unreadable() -> Fault:
    return Fault("malformed.body", "请求的内容读不懂，请按接口文档检查格式。")


def not_found(request: HttpRequest, no: Exception | None = None) -> HttpResponse:
    return answer(request, 404, [Fault("not-found", "没有这个地址，请核对接口文档。")])


def suspicious(request: HttpRequest, no: Exception) -> HttpResponse:
    if isinstance(no, RequestDataTooBig):
        return answer(request, 413, [Fault("malformed.too-large", "请求的内容太大，请分次提交。")])
    return answer(request, 400, [unreadable()])


def broken(request: HttpRequest, fault: Exception) -> HttpResponse:
    """A fault of ours goes to the log, not to the caller."""
    log.error("%s %s", request.method, request.path, exc_info=fault)
    return answer(request, 500, [Fault("broken", "系统出错了，刚才的操作没有生效，请稍后用同一编号再试。")])


def install(api: NinjaAPI) -> None:
    """Every exception becomes a problem document."""
    handlers: list[tuple[type[Exception], Any]] = [
        (Exception, broken), (Http404, not_found), (HttpError, http_error), (ValidationError, invalid), (Refused, refused),
        (SuspiciousOperation, suspicious), (MultiPartParserError, suspicious),
    ]  # fmt: skip
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)
