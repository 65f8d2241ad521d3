"""What auditors' lists are found by, and the checks of the whole ledger that were asked for."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Line(models.Model):
    """An entry of the ledger in the list: where it stands there, by what it is found, and whom it concerns.

    `id` is the entry's, (`era`, `xid`, `id`) its place. `number` is the case it is about. `units`, `region` and `kind`
    decide who may see it, as they do for cases. What is shown is read from the ledger: a line only finds it.
    """

    id = models.BigIntegerField(primary_key=True)
    era = models.IntegerField()
    xid = models.BigIntegerField()
    at = models.DateTimeField()
    verb = models.TextField(db_collation="C")
    by = models.TextField(db_collation="C")
    subject = models.TextField(db_collation="C")
    number = models.TextField(db_collation="C")
    units = ArrayField(models.IntegerField(), default=list)
    region = models.TextField(db_collation="C")
    kind = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["era", "xid", "id"], name="audit_line_place")]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_line_by_time"),
            models.Index(fields=["verb", "at", "id"], name="audit_line_by_verb"),
            models.Index(fields=["by", "at", "id"], name="audit_line_by_actor"),
            models.Index(fields=["region", "at", "id"], name="audit_line_by_region"),
            models.Index(fields=["number"], name="audit_line_by_case", condition=~Q(number="")),
            models.Index(fields=["subject"], name="audit_line_by_subject"),
            GinIndex(fields=["units"], name="audit_line_by_unit"),
        ]


class Check(models.Model):
    """核对全部台账, asked for by somebody: one at a time. `findings` are the faults, each with its sentence."""

    class State(models.TextChoices):
        WAITING = "waiting", _("核对中")
        DONE = "done", _("已核对")
        FAILED = "failed", _("未完成")

    state = models.TextField(choices=State.choices)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], name="audit_check_one_at_a_time", condition=Q(state="waiting"))
        ]
