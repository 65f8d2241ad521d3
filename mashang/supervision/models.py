"""What a supervised matter adds to its case."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    OVERDUE = "overdue", _("超期转督办")
    INSPECTION = "inspection", _("督查发现")
    INSTRUCTION = "instruction", _("领导交办")
    RATING = "rating", _("二次评价仍不满意")


class Matter(models.Model):
    """督办件: whom it concerns, why, what is asked, what was answered and what came of it. Points are deducted, never given."""

    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, primary_key=True, related_name="+")
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    source = models.TextField(choices=Source.choices)
    about = models.TextField(default="")
    cause = models.TextField()
    required = models.TextField()
    answer = models.TextField(default="")
    measures = models.TextField(default="")
    round = models.SmallIntegerField(default=1)
    deduction = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    ground = models.TextField(default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(deduction__gte=0), name="matter_deduction_not_negative"),
            models.CheckConstraint(condition=Q(deduction=0) | ~Q(ground=""), name="matter_deduction_has_ground"),
        ]
        indexes = [
            models.Index(fields=["unit", "opened_at"], name="matter_by_unit"),
            models.Index(fields=["about"], name="matter_by_about", condition=~Q(about="")),
        ]
