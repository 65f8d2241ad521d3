"""Words and lamps that hall and desk share."""

from __future__ import annotations

MATERIAL_LAMPS = {
    "handed": ("ok", "已提交"), "held": ("ok", "已核 · 复用"), "later": ("warn", "容缺后补"), "missing": ("late", "缺"),
    "optional": ("none", "未提交（非必要）"),
}  # fmt: skip
