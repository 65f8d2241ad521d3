"""Tables of the room: what is offered (`Entry`) and its versions, of which a published one never changes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Shape(models.TextChoices):
    ITEM = "item", _("事项")
    PACKAGE = "package", _("一件事")


class State(models.TextChoices):
    DRAFT = "draft", _("草稿")
    ACTIVE = "active", _("在用")
    RETIRED = "retired", _("取消")


class Entry(models.Model):
    """An item or a package under its lasting code. `current` is the version in force; running cases keep theirs."""

    code = models.TextField(db_collation="C")
    shape = models.TextField(choices=Shape.choices)
    state = models.TextField(choices=State.choices, default=State.DRAFT)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+")
    current = models.ForeignKey("Version", models.PROTECT, null=True, related_name="+")
    retired_reason = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="catalogue_code_once"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(current__isnull=False), name="catalogue_active_has_version"
            ),
        ]


class Version(models.Model):
    """A definition. Without `published_at` it is the entry's one draft; with it, the database refuses any change.

    The columns beside `spec` are drawn from it when it is written, to be searched and counted.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="versions", db_index=False)
    number = models.IntegerField()
    spec = models.JSONField()
    digest = models.TextField()
    name = models.TextField()
    detail = models.TextField()
    type = models.TextField(default="")
    level = models.TextField()
    organ = models.TextField()
    group = models.TextField(default="")
    region = models.TextField(default="", db_collation="C")
    handling = models.TextField()
    depth = models.TextField()
    online = models.BooleanField()
    visits = models.SmallIntegerField()
    terms = ArrayField(models.TextField())
    initials = models.TextField()
    source = models.TextField(default="")
    written_by = models.TextField()
    written_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    note = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="catalogue_version_once"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(published_at__isnull=True), name="catalogue_one_draft"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="catalogue_version_positive"),
        ]
        indexes = [GinIndex(fields=["terms"], name="catalogue_by_word")]
