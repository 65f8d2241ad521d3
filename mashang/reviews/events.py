"""Verb → sentence for ratings in the ledger. Which case it was is a private fact: nobody learns who rated."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "rating.given": _("收到一条评价：{grade} 分。"),
    "rating.given_again": _("整改后收到第二次评价：{grade} 分。"),
}
