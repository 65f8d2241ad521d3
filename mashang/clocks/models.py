"""Tables of time: what makes the calendar, the clock rules, the running clocks and what became of them.

Running clocks and their firings are hot: plain bigints for other rooms' rows, and one partial index that holds only what a
sweep still has to look at, by the time when it must (`wake_at`: the next warning or due time that has not fired).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Revision(models.Model):
    """One change of anything that times depend on; the newest id is the version that processes compare with."""

    what = models.CharField("变动", max_length=200)
    by = models.CharField("经办", max_length=80)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "日历与规则变动"


class CaughtUp(models.Model):
    """Since this revision, clocks that a process began on the calendar it still kept have been computed anew."""

    revision = models.OneToOneField(Revision, models.PROTECT, primary_key=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "变动已补算"


class Notice(models.Model):
    """A version of a year's holiday notice: never changed, only followed by the next version."""

    year = models.PositiveSmallIntegerField("年份")
    version = models.PositiveSmallIntegerField("版本")
    papers = ArrayField(models.CharField(max_length=500), verbose_name="来源", default=list)
    days = models.JSONField("日期")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="notices")

    class Meta:
        verbose_name = "放假通知"
        constraints = [models.UniqueConstraint(fields=["year", "version"], name="clocks_notice_version")]


class Overlay(models.Model):
    """A regional order, such as a typhoon stoppage. Withdrawn by a later revision, never deleted."""

    region = models.CharField("地区", max_length=12, blank=True)
    first = models.DateField("起")
    last = models.DateField("止")
    hours = models.CharField("办公时间（空为停工）", max_length=100, blank=True)
    reason = models.CharField("事由", max_length=100)
    document = models.CharField("文号", max_length=100)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="overlays")
    withdrawn = models.ForeignKey(Revision, models.PROTECT, related_name="+", null=True)

    class Meta:
        verbose_name = "地区安排"
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="clocks_overlay_order"),
            models.CheckConstraint(condition=~Q(document=""), name="clocks_overlay_document"),
        ]


class Opening(models.Model):
    """Opening hours of a region or a unit, by season; withdrawn by a later revision."""

    region = models.CharField("地区", max_length=12, blank=True)
    unit_id = models.BigIntegerField("单位", null=True)
    hours = models.CharField("工作日办公时间", max_length=100)
    rest_hours = models.CharField("休息日窗口时间", max_length=100, blank=True)
    season_first = models.CharField("季节起（月-日）", max_length=5, blank=True)
    season_last = models.CharField("季节止（月-日）", max_length=5, blank=True)
    valid_from = models.DateField("启用", null=True)
    valid_to = models.DateField("停用", null=True)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="openings")
    withdrawn = models.ForeignKey(Revision, models.PROTECT, related_name="+", null=True)

    class Meta:
        verbose_name = "办公时间"
        constraints = [
            models.CheckConstraint(
                condition=Q(season_first="", season_last="") | (~Q(season_first="") & ~Q(season_last="")),
                name="clocks_opening_season",
            )
        ]


class Rule(models.Model):
    """A version of a clock rule: never changed. Running clocks stay on the version that they began under."""

    code = models.CharField("编号", max_length=40)
    version = models.PositiveSmallIntegerField("版本")
    definition = models.JSONField("定义")
    source = models.CharField("依据", max_length=300)
    verified = models.BooleanField("已核实")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="rules")

    class Meta:
        verbose_name = "时钟规则"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="clocks_rule_version")]


class Clock(models.Model):
    """A clock of a case or of one of its steps. Written by `actions.write` only."""

    class State(models.TextChoices):
        RUNNING = "running", "计时中"
        SUSPENDED = "suspended", "已中止"
        STOPPED = "stopped", "已结束"

    case_id = models.BigIntegerField()
    step_id = models.BigIntegerField(null=True)
    code = models.CharField("时钟", max_length=40)
    label = models.CharField("名称", max_length=100)
    kind = models.CharField("类别", max_length=10)
    party = models.CharField("承担方", max_length=40)
    amount = models.IntegerField("时限")
    unit = models.CharField("单位", max_length=2)
    extended = models.IntegerField("延长", default=0)
    started_at = models.DateTimeField("起算")
    due_at = models.DateTimeField("到期", null=True)
    warn_at = models.DateTimeField("预警", null=True)
    wake_at = models.DateTimeField("下次要看", null=True)
    state = models.CharField("状态", max_length=9, choices=State.choices)
    fired_at = models.DateTimeField("到期已触发", null=True)
    warned_at = models.DateTimeField("已预警", null=True)
    stopped_at = models.DateTimeField("结束", null=True)
    pauses = models.JSONField("中止", default=list)
    extensions = models.JSONField("延长记录", default=list)
    rule_version = models.SmallIntegerField("规则版本")
    calendar_version = models.IntegerField("日历版本")
    region = models.CharField("地区", max_length=12, blank=True)
    unit_id = models.BigIntegerField("日历单位", null=True)
    effect = models.CharField("到期后果", max_length=40)

    class Meta:
        verbose_name = "时钟"
        indexes = [
            models.Index(fields=["case_id"], name="clocks_clock_case"),
            models.Index(fields=["wake_at"], name="clocks_clock_wake", condition=Q(wake_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(  # one, for the server reads each anew with every statement that writes clocks
                condition=Q(state="running", due_at__isnull=False, stopped_at=None)
                | Q(state="suspended", stopped_at=None)
                | Q(state="stopped", stopped_at__isnull=False, wake_at=None),
                name="clocks_clock_states",
            ),
        ]


class Firing(models.Model):
    """A clock that ran out, or a warning given. One row each; other rooms act on it once."""

    class Kind(models.TextChoices):
        DUE = "due", "到期"
        WARNING = "warning", "临期预警"
        PAUSE = "pause", "中止过长"

    clock_id = models.BigIntegerField()
    case_id = models.BigIntegerField()
    kind = models.CharField("种类", max_length=7, choices=Kind.choices)
    due_at = models.DateTimeField("到期", null=True)
    fired_at = models.DateTimeField("触发", db_default=Now())

    class Meta:
        verbose_name = "时钟触发"


class Move(models.Model):
    """A due time that a revised calendar moved: the old one stays on record."""

    clock_id = models.BigIntegerField()
    case_id = models.BigIntegerField()
    old_due_at = models.DateTimeField("原到期")
    new_due_at = models.DateTimeField("新到期")
    revision_id = models.BigIntegerField("变动")
    moved_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "到期变动"
        indexes = [models.Index(fields=["case_id"], name="clocks_move_case")]
