"""A bad rating as a case: contacted, put right, checked by someone else."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mashang.cases.actions import common
from mashang.cases.procedure import Procedure


class S(models.TextChoices):
    OPEN = "open", _("待联系")
    CONTACTED = "contacted", _("整改中")
    RIGHTED = "righted", _("已整改")
    EXPLAINED = "explained", _("已解释说明")


OFFICE = "office_contact"
"""The kind of the checking step where no lead can check, and of the office's act on it."""

redress = Procedure(
    kind="bad_rating",
    label=_("差评整改"),
    mark="评",
    states=S,
    final=frozenset({S.RIGHTED, S.EXPLAINED}),
    sentences={
        **common.SENTENCES,
        "open": _("收到一条{grade}评价，转为差评整改件"),
        "contact": _("已联系核实：{words}"),
        "office_contact": _("效能办已联系核实：{words}"),
        "pass_check": _("原核实单位没有人可以核实，改由{to}核实"),
        "put_right": _("整改完成：{words}"),
        "explain": _("核实后解释说明：{words}"),
        "rated_again": _("评价人第二次评价：{grade}"),
    },
    step_kinds={"contact": _("联系核实"), OFFICE: _("效能办联系核实"), "put_right": _("整改")},
)
