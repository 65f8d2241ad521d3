"""The API object: how bodies are read, what every operation declares, what the description says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NoReturn

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.parser import Parser
from pydantic import BaseModel

from mashang.kernel.refused import Refused
from mashang.org.rights import OPERATIONS, PUBLIC

from . import problems
from .door import Bearer
from .problems import Problem

MAX_JSON = 1024 * 1024
MAX_DEPTH = 32
VERSION = "1.0.0"
ROOT = "/api/v1/"
ABOUT = """马上办的公开接口。令牌由系统管理员在工作台发放；写操作须带 Idempotency-Key，同一编号重发只办一次。

The public API of Mashang. Faults are RFC 9457 problem documents, in Chinese or, by Accept-Language, in English."""
PROBLEM_TEXT = "Problem document (RFC 9457)"
Headers = Mapping[str, tuple[str, str]]


class JsonParser(Parser):
    """JSON as PostgreSQL can keep it: no NaN, no number beyond 64 bits, no nesting without end."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise Refused("malformed.media-type", "请用 application/json 提交。")
        body = request.body
        try:
            data = json.loads(body, parse_constant=_not_a_number, parse_int=_bounded)
        except (ValueError, RecursionError):
            raise Refused("malformed.json", "请求的内容不是有效的 JSON，请检查格式。") from None
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(data) > MAX_DEPTH:
            raise Refused("malformed.depth", "请求的内容嵌套太深，请简化后再提交。")
        return data


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(text)


def _bounded(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def _depth(data: Any) -> int:
    """How deep lists and objects lie in each other, found without recursion."""
    level, deepest = [data], 0
    while level and deepest <= MAX_DEPTH:
        nested = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, (dict, list))]
        level = [inner for values in nested for inner in values]
        deepest += bool(nested)
    return deepest


class PublicApi(NinjaAPI):
    """django-ninja with one description: faults are problem documents everywhere."""

    @cached_property
    def description_json(self) -> str:
        """OpenAPI 3.1 as text."""
        schema = json.loads(json.dumps(self.get_openapi_schema(path_prefix=ROOT)))
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["description"] = PROBLEM_TEXT
                        response["content"] = {problems.MEDIA_TYPE: response["content"].pop("application/json")}
        return json.dumps(schema, ensure_ascii=False)


def operation(
    router: Router, method: str, path: str, answers: Mapping[int, Any], *, headers: Headers | None = None, **more: Any
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declare the decorated function as the operation of its name: its right from the table, its faults by what it does.

    `headers`: name → (JSON type, what it says) of the answer's own headers.
    """

    def declare(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        name = view.__name__
        public = OPERATIONS.get(name) == PUBLIC
        faults = (
            {400, 404}
            | (set() if public else {401, 403, 429})
            | ({409, 412, 413, 415, 422} if method == "POST" else set())
        )
        extra = more.pop("openapi_extra", {})
        if headers:
            shown = {
                n: {"schema": {"type": kind}, "description": text, "required": True}
                for n, (kind, text) in headers.items()
            }
            extra = {**extra, "responses": {min(answers): {"headers": shown}, **extra.get("responses", {})}}
        router.api_operation(
            [method], path, operation_id=name, url_name=name, auth=None if public else Bearer(name),
            response={**answers, frozenset(faults | more.pop("faults", set())): Problem}, openapi_extra=extra, **more,
        )(view)  # fmt: skip
        return view

    return declare


def given(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """The answer, serialized once by pydantic."""
    return HttpResponse(model.model_dump_json(), status=status, content_type="application/json", headers=headers)
