"""Verb → sentence for the room's entries in the ledger. None holds personal data."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "catalogue.drafted": _("起草了事项“{name}”第 {number} 版"),
    "catalogue.given": _("把事项“{name}”的管理单位由“{old}”改为“{new}”"),
    "catalogue.discarded": _("放弃了事项“{name}”第 {number} 版的草稿"),
    "catalogue.published": _("发布了事项“{name}”第 {number} 版"),
    "catalogue.retired": _("取消了事项“{name}”：{reason}"),
    "catalogue.imported": _("从“{file}”导入并发布了 {count} 个事项"),
}
