"""Words and lamps that hall and desk share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from .words import date_words

MATERIAL_LAMPS = {
    "handed": ("ok", _("已提交")), "held": ("ok", _("已核 · 复用")),
    "filled": ("ok", _("按表单生成")), "later": ("warn", _("容缺后补")), "missing": ("late", _("缺")),
    "optional": ("none", _("未提交（非必要）")),
}  # fmt: skip


def follows_by(material: Mapping[str, Any]) -> str:
    """The day by which it may follow, in words; "" where it need not."""
    return date_words(date.fromisoformat(material["due"])) if material["due"] else ""
