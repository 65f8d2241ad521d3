"""Tables of the room: schemes and their versions, reported figures, runs with frozen inputs, scores. Private to the room.

A frozen scheme, a figure, a run and all that hangs on it never change, and a correction only once: the database itself refuses
(migrations 0001 and 0002).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Scheme(models.Model):
    """One version of a scheme for a region, as the text of its file. Editable until frozen, then never again."""

    code = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    region = models.ForeignKey("org.Region", models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    text = models.TextField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=60)
    frozen_at = models.DateTimeField(null=True)
    frozen_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(name="performance_scheme_version_once", fields=["region", "code", "version"]),
            models.CheckConstraint(
                name="performance_scheme_frozen_by", condition=Q(frozen_at__isnull=True) | ~Q(frozen_by="")
            ),
        )


class Figure(models.Model):
    """A figure that a unit reports, with its evidence. A correction is a new row that names its reason and approver."""

    scheme_code = models.CharField(max_length=60)
    indicator = models.CharField(max_length=60)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+")
    period = models.CharField(max_length=7)
    value = models.FloatField()
    evidence = models.CharField(max_length=300)
    document = models.BigIntegerField(null=True)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=60)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True, default="")
    approved_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="performance_figure_first_once",
                fields=["scheme_code", "indicator", "unit", "period"],
                condition=Q(corrects__isnull=True),
            ),
            models.CheckConstraint(
                name="performance_figure_correction",
                condition=Q(corrects__isnull=True) | (~Q(reason="") & ~Q(approved_by="")),
            ),
            models.CheckConstraint(
                name="performance_figure_second_person", condition=~Q(approved_by=models.F("reported_by"))
            ),
        )


class Correction(models.Model):
    """A correction that somebody asks for: it waits until somebody else approves it, which makes the new figure, or refuses
    it with a reason. What is asked never changes, and what is decided is decided (migration 0002)."""

    class State(models.TextChoices):
        ASKED = "asked", _("待批")
        APPROVED = "approved", _("已更正")
        REFUSED = "refused", _("未同意")

    figure = models.ForeignKey(Figure, models.PROTECT, related_name="corrections")
    value = models.FloatField()
    evidence = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True, default="")
    answer = models.CharField(max_length=300, blank=True, default="")
    made = models.OneToOneField(Figure, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="performance_correction_one_waits", fields=["figure"], condition=Q(state="asked")
            ),
            models.CheckConstraint(
                name="performance_correction_state",
                condition=Q(state="asked", decided_at__isnull=True, decided_by="", answer="", made__isnull=True)
                | (Q(state="approved", decided_at__isnull=False, made__isnull=False) & ~Q(decided_by=""))
                | (Q(state="refused", decided_at__isnull=False, made__isnull=True) & ~Q(decided_by="") & ~Q(answer="")),
            ),
            models.CheckConstraint(
                name="performance_correction_second_person", condition=~Q(decided_by=models.F("asked_by"))
            ),
            models.CheckConstraint(name="performance_correction_grounds", condition=~Q(reason="") & ~Q(evidence="")),
        )


class Run(models.Model):
    """One scoring of one period. `inputs` is the canonical text that `digest` (SHA-256) vouches for."""

    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="runs")
    period = models.CharField(max_length=7)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    inputs = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = (models.Index(name="performance_run_latest", fields=["scheme", "period", "-id"]),)


class Input(models.Model):
    """Where one figure of a run came from: a measure with its counts and its cases, or a reported figure."""

    class Source(models.TextChoices):
        MEASURE = "measure", _("平台实测")
        REPORTED = "reported", _("上报数据")

    run = models.ForeignKey(Run, models.PROTECT, related_name="sources")
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+")
    column = models.CharField(max_length=60)
    source = models.CharField(max_length=8, choices=Source)
    measure = models.CharField(max_length=60, blank=True, default="")
    value = models.FloatField()
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    cases = models.JSONField(null=True)
    figure = models.ForeignKey(Figure, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(name="performance_input_once", fields=["run", "unit", "column"]),
            models.CheckConstraint(
                name="performance_input_source",
                condition=(Q(source="measure") & ~Q(measure="")) | Q(source="reported", figure__isnull=False),
            ),
        )


class Score(models.Model):
    """A unit's score at one node, with its rank and how sure that is. Unrounded: rounding is for show."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="scores")
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+")
    node = models.CharField(max_length=60)
    score = models.FloatField()
    rank = models.PositiveSmallIntegerField()
    rank_low = models.PositiveSmallIntegerField()
    rank_high = models.PositiveSmallIntegerField()
    peers = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=60, blank=True, default="")
    grade = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(name="performance_score_once", fields=["run", "unit", "node"]),
            models.CheckConstraint(
                name="performance_score_rank", condition=Q(rank__gte=1) & Q(rank__lte=models.F("peers"))
            ),
        )
