"""Ratings of services."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Grade(models.IntegerChoices):
    """Five grades, the best is 5 as on the platform interface (GB/T 39046 counts the other way; mapped at the edges)."""

    VERY_GOOD = 5, _("非常满意")
    GOOD = 4, _("满意")
    FAIR = 3, _("基本满意")
    BAD = 2, _("不满意")
    VERY_BAD = 1, _("非常不满意")


class Source(models.TextChoices):
    EXPLICIT = "explicit", _("本人评价")
    DEFAULT = "default", _("逾期默认")


class Rating(models.Model):
    """One rating of one service. `unit` answers for it; `redress` is the case that a bad one became, and of a `second` one
    the case after which it was given. `followed_at`: whoever rated was told that a bad one is put right; a second one stands
    in the history of that case."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    round = models.SmallIntegerField(default=1)
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    entry = models.BigIntegerField(null=True)
    grade = models.SmallIntegerField(choices=Grade.choices)
    source = models.TextField(choices=Source.choices, default=Source.EXPLICIT)
    tags = ArrayField(models.TextField(), default=list)
    words = models.TextField(default="")
    channel = models.TextField(default="web")
    at = models.DateTimeField()
    redress = models.TextField(default="")
    second = models.BooleanField(default=False)
    followed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="rating_once"),
            models.UniqueConstraint(fields=["case"], condition=models.Q(second=True), name="rating_second_once"),
            models.CheckConstraint(condition=models.Q(grade__range=(1, 5)), name="rating_grade"),
        ]
        indexes = [
            models.Index(fields=["unit", "at"], name="rating_by_unit"),
            models.Index(fields=["id"], name="rating_bad_open", condition=models.Q(grade__lte=2, redress="")),
            models.Index(fields=["redress"], name="rating_by_redress", condition=~models.Q(redress="")),
        ]
