"""Words and lamps that hall and desk share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

MATERIAL_LAMPS = {
    "handed": ("ok", _("已提交")), "held": ("ok", _("已核 · 复用")),
    "filled": ("ok", _("按表单生成")), "later": ("warn", _("容缺后补")), "missing": ("late", _("缺")),
    "optional": ("none", _("未提交（非必要）")),
}  # fmt: skip
