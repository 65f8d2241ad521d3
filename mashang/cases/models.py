"""The one table of everything promised to someone, and what hangs on it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StepState(models.TextChoices):
    WAITING = "waiting", _("未开始")
    OPEN = "open", _("在办")
    DONE = "done", _("已办")
    DROPPED = "dropped", _("不再办理")


class Channel(models.TextChoices):
    IN_APP = "in-app", _("站内")
    SMS = "sms", _("短信")
    MAIL = "mail", _("邮件")


class NoticeState(models.TextChoices):
    QUEUED = "queued", _("待发送")
    SENT = "sent", _("已发送")
    FAILED = "failed", _("发送失败")


class Case(models.Model):
    """件: a row for each application, appeal, supervised task, rectification.

    `units` and `persons` are those who take part: who may see the case is decided from them, `region` and `kind`.
    `definition` is the immutable version the case began under; `revision` grows with each act and is the ETag.
    `erased_at`: since then nothing here says whose case it was.
    """

    number = models.TextField()
    kind = models.TextField()
    title = models.TextField()
    about = models.TextField(default="")
    state = models.TextField()
    outcome = models.TextField(default="")
    lead_unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    region = models.TextField(db_collation="C")
    units = ArrayField(models.IntegerField(), default=list)
    persons = ArrayField(models.IntegerField(), default=list)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children", db_index=False)
    definition = models.BigIntegerField(null=True)
    channel = models.TextField(default="")
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    held = models.BooleanField(default=False)
    late = models.BooleanField(default=False)
    supervised = models.BooleanField(default=False)
    revision = models.IntegerField(default=1)
    search = SearchVectorField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="case_number_once"),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(settled_at__gte=models.F("opened_at")), name="case_settled_after_open"
            ),
        ]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="case_by_change"),
            models.Index(fields=["parent"], name="case_by_parent", condition=Q(parent__isnull=False)),
            models.Index(fields=["due_at"], name="case_open_by_due", condition=Q(settled_at=None)),
            GinIndex(fields=["units"], name="case_by_unit"),
            GinIndex(fields=["persons"], name="case_by_person"),
            GinIndex(fields=["search"], name="case_by_word"),
        ]


class Step(models.Model):
    """环节: a piece of work in one unit's hands. It opens when `needs`, the predecessors still unfinished, reaches 0."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps", db_index=False)
    code = models.TextField()
    label = models.TextField()
    kind = models.TextField()
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    staff = models.IntegerField(null=True)
    state = models.TextField(choices=StepState.choices)
    needs = models.SmallIntegerField(default=0)
    next = ArrayField(models.TextField(), default=list)
    clocks = models.JSONField(default=list)
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    held = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)
    done_by = models.IntegerField(null=True)
    result = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "code"], name="step_code_once"),
            models.CheckConstraint(condition=Q(needs__gte=0), name="step_needs_not_negative"),
            models.CheckConstraint(condition=~Q(state="open") | Q(opened_at__isnull=False), name="step_open_has_time"),
        ]
        indexes = [
            models.Index(fields=["unit", "due_at"], name="step_open_by_unit", condition=Q(state="open")),
            models.Index(fields=["done_by", "done_at"], name="step_by_doer", condition=Q(done_by__isnull=False)),
        ]


class Participant(models.Model):
    """Who takes part as a person: applicant, helper. `phone_tail` is the keyed digest by which a case is tracked."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants", db_index=False)
    person = models.ForeignKey("org.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.TextField()
    shown = models.TextField()
    phone_tail = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person", "role"], name="participant_once")]


class Document(models.Model):
    """A file handed in or made: its bytes lie under their own digest, sealed; the row says what they are.

    One that shows a mandate belongs to that and to no case. Of one that was erased only the row is left.
    """

    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="documents")
    step = models.ForeignKey(Step, null=True, on_delete=models.PROTECT, related_name="documents", db_index=False)
    owner = models.TextField()
    material = models.TextField(default="")
    name = models.TextField()
    media_type = models.TextField()
    size = models.BigIntegerField()
    digest = models.TextField()
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    mandate = models.ForeignKey("org.Mandate", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(case=None) | Q(mandate=None), name="document_of_one_thing")]
        indexes = [
            models.Index(fields=["at"], name="document_unattached", condition=Q(case=None, mandate=None)),
            models.Index(fields=["mandate"], name="document_by_mandate", condition=Q(mandate__isnull=False)),
            models.Index(fields=["digest"], name="document_by_digest"),
            models.Index(fields=["erased_at"], name="document_erased", condition=~Q(erased_at=None) & ~Q(digest="")),
        ]


class Request(models.Model):
    """What was answered to a key, so that the same request twice has one effect."""

    actor = models.TextField()
    key = models.TextField()
    digest = models.BinaryField()
    answer = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="request_once")]


class Notice(models.Model):
    """A message owed to someone: written with the act, sent afterwards, tried again until it arrives or is given up."""

    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="notices")
    person = models.IntegerField(null=True)
    staff = models.IntegerField(null=True)
    unit = models.IntegerField(null=True)
    channel = models.TextField(choices=Channel.choices)
    text = models.TextField()
    state = models.TextField(choices=NoticeState.choices, default=NoticeState.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    fault = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(staff__isnull=False) | Q(unit__isnull=False),
                name="notice_has_reader",
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], name="notice_to_send", condition=Q(state="queued")),
            models.Index(fields=["person", "-at"], name="notice_by_person", condition=Q(person__isnull=False)),
            models.Index(fields=["staff", "-at"], name="notice_by_staff", condition=Q(staff__isnull=False)),
            models.Index(fields=["unit", "-at"], name="notice_by_unit", condition=Q(unit__isnull=False)),
        ]


class Expiry(models.Model):
    """A clock's firing that the case has yet to answer to; kept until an act has done so, whatever is killed meanwhile."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    step = models.BigIntegerField(null=True)
    code = models.TextField()
    label = models.TextField()
    firing = models.TextField()
    effect = models.TextField()
    due_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")
    tries = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["tries", "id"], name="expiry_to_answer", condition=Q(done_at=None))]


class Draft(models.Model):
    """What someone has typed and not yet handed in: sealed, one a form and owner."""

    owner = models.TextField()
    form = models.TextField()
    content = models.BinaryField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "form"], name="draft_once")]


class Miss(models.Model):
    """A look without an account that found nothing: digests of the number asked for and of who asked, kept for a day."""

    number = models.BinaryField()
    caller = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["number", "at"], name="miss_by_number"),
            models.Index(fields=["caller", "at"], name="miss_by_caller"),
        ]
