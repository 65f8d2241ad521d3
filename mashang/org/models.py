"""Tables of the room: places, units, people, posts, rights held, mandates, API clients. Private to the room."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _


def key_range(*parts: object) -> Func:
    """A one-point range over a digest of the parts, so that a built-in GiST index can compare them with `&&`."""
    text = Concat(*parts, output_field=models.TextField()) if len(parts) > 1 else parts[0]
    digest = Func(text, Value(0), function="hashtextextended")
    return Func(digest, digest, Value("[]"), function="int8range")


def period(start: str, end: str) -> Func:
    """The half-open period of a row as a range."""
    return Func(F(start), F(end), Value("[)"), function="tstzrange")


def as_text(name: str) -> Coalesce:
    return Coalesce(Cast(name, models.TextField()), Value("-"), output_field=models.TextField())


def running(at: datetime) -> Q:
    """Rows whose half-open period `starts_at` .. `ends_at` (open-ended when null) holds an instant."""
    return Q(starts_at__lte=at) & (Q(ends_at__isnull=True) | Q(ends_at__gt=at))


class AccountQuerySet(models.QuerySet["Account"]):
    def active(self) -> AccountQuerySet:
        return self.filter(is_active=True)


class AccountManager(BaseUserManager["Account"]):
    """Django's commands and allauth ask for these names; accounts are opened by `actions`."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> Account:
        account = Account(username=username, **fields)
        account.set_password(password)
        account.full_clean(exclude=["password"])
        account.save()
        return account


class Account(AbstractBaseUser):
    """What signs in. Who stands behind it is a `Staff` or a `Person` row; rights hang on those, never on this."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("工作人员")
        PERSON = "person", _("群众和企业")

    id = models.AutoField(primary_key=True)
    username = models.CharField(_("账号"), max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERSON)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    demo_password = models.CharField(max_length=64, blank=True, default="")
    demo_label = models.CharField(max_length=64, blank=True, default="")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = AccountManager.from_queryset(AccountQuerySet)()

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_account_demo_password", condition=Q(is_demo=True) | Q(demo_password="")),
        )


class Region(models.Model):
    """A division by its statistical code, or a zone under a local code; superseded ones stay with their successor.

    `edited`: an administrator said so; what is shipped does not change it any more.
    """

    class Level(models.TextChoices):
        PROVINCE = "province", _("省级")
        CITY = "city", _("市级")
        COUNTY = "county", _("县级")
        ZONE = "zone", _("开发区")
        TOWNSHIP = "township", _("乡级")
        VILLAGE = "village", _("村级")

    code = models.CharField(primary_key=True, max_length=12)
    name = models.CharField(max_length=64)
    short_name = models.CharField(max_length=16)
    level = models.CharField(max_length=8, choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    national = models.BooleanField(default=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    note = models.CharField(max_length=200, blank=True, default="")
    edited = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_region_code_digits", condition=Q(code__regex=r"^[0-9]{2,12}$")),
            models.CheckConstraint(
                name="org_region_valid",
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gt=F("valid_from")),
            ),
        )


class UnitQuerySet(models.QuerySet["Unit"]):
    def open_on(self, day: date) -> UnitQuerySet:
        return self.filter(Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gt=day))


class Unit(models.Model):
    """An organ, a centre, a division or a village point. `scheme_class` groups comparable units for scoring."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("人民政府")
        DEPARTMENT = "department", _("部门")
        OFFICE = "office", _("效能办")
        CENTRE = "centre", _("政务服务中心")
        TOWNSHIP = "township", _("乡镇街道")
        DIVISION = "division", _("内设机构")
        WINDOW = "window", _("窗口")
        VILLAGE = "village", _("村(社区)服务点")

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind)
    scheme_class = models.CharField(max_length=40, blank=True, default="")
    region = models.ForeignKey(Region, models.PROTECT, related_name="units")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    credit_code = models.CharField(max_length=18, blank=True, default="")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(name="org_unit_name_once", fields=["name"], condition=Q(valid_to__isnull=True)),
            models.CheckConstraint(name="org_unit_not_its_parent", condition=~Q(parent=F("id"))),
            models.CheckConstraint(
                name="org_unit_valid", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
            ),
        )


class Person(models.Model):
    """A citizen or a firm. Clear name, phone and number exist only sealed; found again by exact keyed digests."""

    class Kind(models.TextChoices):
        NATURAL = "natural", _("自然人")
        LEGAL = "legal", _("企业和其他组织")

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind)
    account = models.OneToOneField(Account, models.SET_NULL, null=True, related_name="person")
    name_sealed = models.BinaryField()
    name_masked = models.CharField(max_length=100)
    name_blind = models.BinaryField()
    phone_sealed = models.BinaryField(null=True)
    phone_masked = models.CharField(max_length=20, blank=True, default="")
    phone_blind = models.BinaryField(null=True)
    phone_signs_in = models.BooleanField(default=False)
    number_sealed = models.BinaryField(null=True)
    number_masked = models.CharField(max_length=20, blank=True, default="")
    number_blind = models.BinaryField(null=True)
    is_demo = models.BooleanField(default=False)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="org_person_number_once", fields=["kind", "number_blind"], condition=Q(number_blind__isnull=False)
            ),
            models.UniqueConstraint(
                name="org_person_phone_signs_in_once", fields=["phone_blind"], condition=Q(phone_signs_in=True)
            ),
            models.CheckConstraint(
                name="org_person_phone_signs_in",
                condition=Q(phone_signs_in=False) | Q(phone_blind__isnull=False, account__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=["phone_blind"], name="org_person_phone"),
            models.Index(fields=["name_blind"], name="org_person_name"),
        )


class Staff(models.Model):
    """Someone who works in a unit, known by the id of their account. The name is public by duty (岗位公开)."""

    account = models.OneToOneField(Account, models.PROTECT, related_name="staff", primary_key=True)
    name = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="staff")
    phone_sealed = models.BinaryField(null=True)
    phone_masked = models.CharField(max_length=20, blank=True, default="")
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="org_staff_left_after_joined", condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at"))
            ),
        )


class Post(models.Model):
    """A post with its duties, its holder and the stand-in who takes over (AB 岗). A secret post is not published."""

    id = models.AutoField(primary_key=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    title = models.CharField(max_length=40)
    duties = models.TextField()
    secret = models.BooleanField(default=False)
    holder = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="posts_held")
    stand_in = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="posts_covered")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_post_two_people", condition=~Q(holder=F("stand_in"))),
            models.UniqueConstraint(
                name="org_post_title_once", fields=["unit", "title", "holder"], condition=Q(closed_at__isnull=True)
            ),
        )


class Absence(models.Model):
    """A period in which a stand-in takes over with the absent one's powers. Half-open; ended early by `ends_at`."""

    id = models.AutoField(primary_key=True)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="absences")
    stand_in = models.ForeignKey(Staff, models.PROTECT, related_name="stands_in")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=100)
    registered_by = models.CharField(max_length=40)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_absence_two_people", condition=~Q(staff=F("stand_in"))),
            models.CheckConstraint(name="org_absence_period", condition=Q(ends_at__gte=F("starts_at"))),
            ExclusionConstraint(
                name="org_absence_once",
                expressions=[(key_range(as_text("staff_id")), "&&"), (period("starts_at", "ends_at"), "&&")],
            ),
        )


class GrantRow(models.Model):
    """A role held by someone over a unit's subtree, a region, some kinds of case. Never deleted, only ended."""

    id = models.AutoField(primary_key=True)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="grants")
    region = models.CharField(max_length=12, blank=True, default="")
    kinds = models.CharField(max_length=400, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    granted_by = models.CharField(max_length=40)
    granted_at = models.DateTimeField()
    ended_by = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_grant_region_digits", condition=Q(region__regex=r"^[0-9]{0,12}$")),
            models.CheckConstraint(
                name="org_grant_period", condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at"))
            ),
            ExclusionConstraint(
                name="org_grant_once",
                expressions=[
                    (
                        key_range(
                            as_text("staff_id"),
                            Value("/"),
                            as_text("role"),
                            Value("/"),
                            as_text("unit_id"),
                            Value("/"),
                            as_text("region"),
                            Value("/"),
                            as_text("kinds"),
                        ),
                        "&&",
                    ),
                    (period("starts_at", "ends_at"), "&&"),
                ],
            ),
        )


class Mandate(models.Model):
    """A person lets a helper (another person, or staff such as a village agent) act in their name.

    `recorded_in`: the unit at whose counter it was recorded, which keeps the paper; null when the person did it.
    """

    class Evidence(models.TextChoices):
        CODE = "code", _("本人验证码确认")
        PAPER = "paper", _("书面委托书")
        IN_PERSON = "in_person", _("本人到场确认")

    id = models.AutoField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="mandates_given")
    helper_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="mandates_held")
    helper_staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="mandates_held")
    kinds = models.CharField(max_length=400, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    evidence = models.CharField(max_length=10, choices=Evidence)
    evidence_digest = models.CharField(max_length=64, blank=True, default="")
    recorded_by = models.CharField(max_length=40)
    recorded_in = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="org_mandate_one_helper", condition=Q(helper_person__isnull=True) ^ Q(helper_staff__isnull=True)
            ),
            models.CheckConstraint(name="org_mandate_two_people", condition=~Q(person=F("helper_person"))),
            models.CheckConstraint(name="org_mandate_period", condition=Q(ends_at__gte=F("starts_at"))),
            models.CheckConstraint(
                name="org_mandate_paper_digest",
                condition=~Q(evidence="paper") | Q(evidence_digest__regex=r"^[0-9a-f]{64}$"),
            ),
            ExclusionConstraint(
                name="org_mandate_once",
                expressions=[
                    (
                        key_range(
                            as_text("person_id"),
                            Value("/"),
                            as_text("helper_person_id"),
                            Value("/"),
                            as_text("helper_staff_id"),
                            Value("/"),
                            as_text("kinds"),
                        ),
                        "&&",
                    ),
                    (period("starts_at", "ends_at"), "&&"),
                ],
            ),
        )


class ApiClient(models.Model):
    """Another system that calls the API. The token is shown once and kept only as a keyed digest."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="clients")
    region = models.CharField(max_length=12, blank=True, default="")
    token_blind = models.BinaryField(unique=True)
    token_head = models.CharField(max_length=12)
    scopes = models.CharField(max_length=400)
    per_minute = models.PositiveIntegerField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(name="org_client_rate", condition=Q(per_minute__gte=1, per_minute__lte=1_000_000)),
        )


class SignInCode(models.Model):
    """A one-time code sent to a phone: kept as a digest, with the tries left, so that guessing is bounded in all workers."""

    id = models.BigAutoField(primary_key=True)
    phone_blind = models.BinaryField()
    code_blind = models.BinaryField()
    purpose = models.CharField(max_length=12)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries_left = models.PositiveSmallIntegerField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["phone_blind", "purpose", "-sent_at"], name="org_code_latest"),)
