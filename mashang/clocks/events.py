"""Verb → sentence for the room's entries in the ledger. None holds personal data."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "clock.seeded": _("装入随附的放假通知 {notices} 年、时钟 {rules} 个。"),
    "clock.published": _("发布时钟“{label}”（{code}）第{version}版，依据：{source}"),
    "calendar.notice_loaded": _("装入{year}年放假通知第{version}版。"),
    "calendar.order_loaded": _("登记地区安排：{first}至{last}，{reason}（{document}）。"),
    "calendar.hours_loaded": _("登记办公时间：{hours}。"),
    "calendar.withdrawn": _("撤销安排：{what}。"),
}
