"""Verb → sentence for the room's entries in the ledger."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "document.revoked": _("撤销{title}（{number}）：{reason}"),
    "document.reissued": _("出具更正后的{title}（{number}），代替已撤销的 {replaces}：{reason}{parts:；更正的内容：}"),
}
