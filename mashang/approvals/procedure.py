"""The application: from the hall to the certificate, and on to the checks on site."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mashang.cases.actions import common
from mashang.cases.procedure import Procedure

from .events import SENTENCES
from .rules import VISIT, VISIT_ONLY


class S(models.TextChoices):
    SUBMITTED = "submitted", _("待受理")
    SUPPLEMENT = "supplement", _("待补正")
    ACCEPTED = "accepted", _("办理中")
    GRANTED = "granted", _("已准予")
    COMPLETED = "completed", _("已办结")
    NOT_ACCEPTED = "not_accepted", _("不予受理")
    REFUSED = "refused", _("不予许可")
    WITHDRAWN = "withdrawn", _("已撤回")
    LAPSED = "lapsed", _("视为撤回")


FINAL = frozenset({S.COMPLETED, S.NOT_ACCEPTED, S.REFUSED, S.WITHDRAWN, S.LAPSED})
RUNNING = (S.SUBMITTED, S.SUPPLEMENT, S.ACCEPTED, S.GRANTED)
INTAKE = "intake"

application = Procedure(
    kind="application",
    label=_("办件"),
    mark="事",
    states=S,
    final=FINAL,
    sentences={**common.SENTENCES, **SENTENCES},
    effects={"deemed_accepted": "deem_accepted", "deemed_withdrawn": "lapse"},
    warnings={"deemed_withdrawn": "remind_later"},
    step_kinds={
        INTAKE: _("受理"),
        "review": _("审查"),
        VISIT: _("现场踏勘"),
        VISIT_ONLY: _("现场踏勘（不停表）"),
        "decision": _("决定"),
        "issue": _("制证发证"),
        "site_check": _("到场检查"),
    },
)
