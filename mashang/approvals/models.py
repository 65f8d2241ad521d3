"""What an application adds to its case: answers, materials, refusals reported, findings on site."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MaterialState(models.TextChoices):
    HANDED = "handed", _("已提交")
    HELD = "held", _("已核 · 复用")
    FILLED = "filled", _("按表单生成")
    LATER = "later", _("容缺后补")
    MISSING = "missing", _("缺")
    OPTIONAL = "optional", _("未提交（非必要）")


class RefusalState(models.TextChoices):
    PENDING = "pending", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    SENT_BACK = "sent-back", _("已退回")
    TAKEN_BACK = "taken-back", _("已撤回")
    OVERTAKEN = "overtaken", _("逾期未确认")


class Finding(models.TextChoices):
    GOOD = "good", _("符合")
    BAD = "bad", _("不符合，须改正")


class Application(models.Model):
    """The application behind a case: under which published version, with which answers, what was promised.

    `private` holds the sealed half of the answers (persons, private fields); `public` the rest.
    """

    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, primary_key=True, related_name="+")
    entry = models.TextField()
    version = models.BigIntegerField()
    part = models.TextField(default="")
    applicant = models.IntegerField()
    public = models.JSONField(default=dict)
    private = models.BinaryField()
    statutory = models.TextField(default="")
    promised = models.TextField(default="")
    instant = models.BooleanField(default=False)
    notices = models.SmallIntegerField(default=0)
    noticed = models.JSONField(default=list)
    accepted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    results = ArrayField(models.TextField(), default=list)

    class Meta:
        indexes = [models.Index(fields=["entry"], name="application_by_entry")]


class KeptMaterial(models.Model):
    """A material on file: handed in before and checked; offered again instead of being asked."""

    person = models.ForeignKey("org.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.TextField()
    name = models.TextField()
    document = models.BigIntegerField()
    source = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "code"], name="kept_material_once")]


class Material(models.Model):
    """One material of an application: handed in, reused, to follow by a date, or missing."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.TextField()
    name = models.TextField()
    held_as = models.TextField(default="")
    state = models.TextField(choices=MaterialState.choices)
    document = models.BigIntegerField(null=True)
    due = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "code"], name="material_once")]


class Refusal(models.Model):
    """否定报备: a "no" reported with grounds before it goes out, and confirmed by someone else."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    step = models.BigIntegerField()
    grounds = models.TextField()
    basis = models.TextField()
    remedy = models.TextField()
    proposed_by = models.IntegerField()
    proposed_at = models.DateTimeField()
    state = models.TextField(choices=RefusalState.choices, default=RefusalState.PENDING)
    answered_by = models.IntegerField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="pending"), name="refusal_one_pending"),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=models.F("proposed_by")), name="refusal_second_person"
            ),
        ]


class SiteCheck(models.Model):
    """到场: what an officer found on the building site, with photos, place and time as evidence."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    step = models.BigIntegerField()
    label = models.TextField()
    finding = models.TextField(choices=Finding.choices)
    note = models.TextField(default="")
    latitude = models.FloatField()
    longitude = models.FloatField()
    accuracy = models.FloatField(null=True)
    taken_at = models.DateTimeField()
    photos = ArrayField(models.BigIntegerField())
    by = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180)), name="site_check_on_earth"
            ),
            models.CheckConstraint(condition=Q(photos__len__gte=1), name="site_check_has_photo"),
        ]
