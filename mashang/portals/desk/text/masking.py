"""遮盖: a text with the personal data in it starred."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mashang.kernel.refused import Refused
from mashang.portals.shared import parts
from mashang.text.rules import find_personal, mask_personal

from .frame import Found, Way, text_page, typed_text


@require_http_methods(["GET", "POST"])
def mask(request: HttpRequest) -> HttpResponse:
    field = parts.Field(
        "text", _("文字"), "textarea", required=True,
        help=_("遮盖电话、身份证号、银行卡号、车牌和电子邮箱；姓名和地址请自行检查。"),
    )  # fmt: skip
    return text_page(request, "mask", {"one": Way("", [field], _("遮盖"), _masked)})


def _masked(request: HttpRequest) -> Found:
    text = typed_text(request, "text")
    if not text:
        raise Refused("text.empty", "请粘贴要遮盖的文字。", "text")
    return {"text": mask_personal(text), "count": len(find_personal(text))}
