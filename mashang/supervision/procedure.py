"""The supervised matter: assigned, answered, checked by someone else, struck off."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mashang.cases.actions import common
from mashang.cases.procedure import Procedure


class S(models.TextChoices):
    ASSIGNED = "assigned", _("待反馈")
    REPORTED = "reported", _("待核实")
    CLOSED = "closed", _("已销号")


supervision = Procedure(
    kind="supervision",
    label=_("督办件"),
    mark="督",
    states=S,
    final=frozenset({S.CLOSED}),
    sentences={
        **common.SENTENCES,
        "assign_overdue": _("{about} 超期，转为督办件，交{unit_name}限期反馈"),
        "assign_rating": _("{about} 整改后二次评价仍不满意，转为督办件，交{unit_name}重新核实整改"),
        "assign_matter": _("交办{unit_name}：{cause}"),
        "report": _("{unit_name}反馈：{answer}"),
        "send_back": _("反馈退回重办：{words}"),
        "close": _("核实销号，{deduction}"),
    },
    step_kinds={"answer": _("反馈"), "check": _("核实")},
)
