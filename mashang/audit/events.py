"""Verb → sentence: the room's own entries, and those of the ledger, which knows no words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "ledger.exported": _("导出台账记录 {rows} 条（{form}）。{conditions}"),
    "ledger.check_asked": _("要求核对全部台账。"),
    "ledger.checked": _("核对全部台账：{entries} 条记录，{findings} 处问题。"),
    "checkpoint.cosigned": _("收录见证人对 {size} 条处检查点的联署。"),
    "private.erased": _("删除个人信息，依据：{ground}"),
    "cases.exported": _("导出办件 {rows} 件。"),
}
