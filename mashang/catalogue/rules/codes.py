"""Code sets of GB/T 39046-2020 (annex A) and of the national service platform, with their Chinese words."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Coded(StrEnum):
    """A code that carries its word. `of` reads either, so that sheets may hold what people write."""

    label: str | Promise

    def __new__(cls, code: str, label: str | Promise = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def of(cls, text: str) -> Self | None:
        """The member with this code or word; codes may have lost their leading zero in a spreadsheet."""
        plain = text.strip()
        for member in cls:
            if plain in (member.value, str(member.label)) or (plain.isdigit() and plain == member.value.lstrip("0")):
                return member
        return None

    @classmethod
    def words(cls) -> str:
        return "、".join(str(member.label) for member in cls)


class ItemType(Coded):
    """事项类型, GB/T 39046 A.1."""

    PERMIT = "01", _("行政许可")
    PENALTY = "02", _("行政处罚")
    COERCION = "03", _("行政强制")
    LEVY = "04", _("行政征收")
    PAYMENT = "05", _("行政给付")
    INSPECTION = "06", _("行政检查")
    CONFIRMATION = "07", _("行政确认")
    REWARD = "08", _("行政奖励")
    RULING = "09", _("行政裁决")
    OTHER = "10", _("其他行政权力")
    PUBLIC_SERVICE = "20", _("公共服务")


class Level(Coded):
    """行使层级, GB/T 39046 A.2."""

    NATION = "1", _("国家级")
    PROVINCE = "2", _("省级")
    CITY = "3", _("市级")
    COUNTY = "4", _("县级")
    TOWNSHIP = "5", _("镇(乡、街道)级")
    VILLAGE = "6", _("村(社区)级")
    GRADED = "7", _("分级管理")


class OrganNature(Coded):
    """实施主体性质, GB/T 39046 A.3."""

    STATUTORY = "1", _("法定机关")
    AUTHORISED = "2", _("授权组织")
    ENTRUSTED = "3", _("受委托组织")
    OTHER = "9", _("其他性质")


class ServiceObject(Coded):
    """服务对象, GB/T 39046 A.4 (the platform interface counts 5 and 6 otherwise; mapped at the edges)."""

    PERSON = "1", _("自然人")
    COMPANY = "2", _("企业法人")
    INSTITUTION = "3", _("事业法人")
    SOCIETY = "4", _("社会组织法人")
    ORGAN = "5", _("行政机关")
    OTHER = "6", _("其他组织")


class Handling(Coded):
    """办件类型, GB/T 39046 A.6 (one provincial interface swaps the two; mapped at the edges)."""

    INSTANT = "1", _("即办件")
    PROMISED = "2", _("承诺件")
    OTHER = "9", _("其他")


class Channel(Coded):
    """How one may apply; A.5 knows five forms (窗口 1, 电脑端 2, 移动端 3, 快递 4, 其他 9), see `STANDARD_FORM`."""

    WINDOW = "window", _("窗口办")
    WEB = "web", _("网上办")
    MOBILE = "mobile", _("掌上办")
    MAIL = "mail", _("邮寄办")
    APPOINTMENT = "appointment", _("预约办")
    KIOSK = "kiosk", _("自助办")
    AGENT = "agent", _("帮办代办")


STANDARD_FORM: dict[Channel, str] = {
    Channel.WINDOW: "1",
    Channel.WEB: "2",
    Channel.MOBILE: "3",
    Channel.MAIL: "4",
    Channel.APPOINTMENT: "1",
    Channel.KIOSK: "9",
    Channel.AGENT: "9",
}
ONLINE = frozenset({Channel.WEB, Channel.MOBILE})


class Depth(Coded):
    """网上办理深度."""

    NONE = "0", _("不可网办")
    INFORM = "1", _("一级(网上公开)")
    PREVIEW = "2", _("二级(网上预审)")
    ACCEPT = "3", _("三级(网上受理)")
    WHOLE = "4", _("四级(全程网办)")


class MaterialKind(Coded):
    ORIGINAL = "1", _("原件")
    COPY = "2", _("复印件")
    EITHER = "3", _("原件或复印件")


class MaterialForm(Coded):
    PAPER = "1", _("纸质")
    ELECTRONIC = "2", _("电子化")
    BOTH = "3", _("纸质/电子化")


class Necessity(Coded):
    """材料必要性. 容缺后补: may follow by a date (安阳市政务服务条例 24)."""

    REQUIRED = "1", _("必要")
    OPTIONAL = "2", _("非必要")
    DEFERRABLE = "3", _("容缺后补")


class Source(Coded):
    """材料来源渠道."""

    APPLICANT = "10", _("申请人自备")
    GOVERNMENT = "20", _("政府部门核发")
    INTERMEDIARY = "30", _("中介机构出具")
    OTHER = "99", _("其他来源")


class ResultKind(Coded):
    """审批结果类型: what the applicant gets in hand."""

    CERTIFICATE = "certificate", _("出证办结")
    DOCUMENT = "document", _("出文办结")
    REPLY = "reply", _("审批办结")
    NONE = "none", _("无结果文书")


class StepKind(Coded):
    REVIEW = "review", _("审查")
    SITE_VISIT = "site_visit", _("现场踏勘")
    DECISION = "decision", _("决定")
    ISSUE = "issue", _("制证发证")
    SITE_CHECK = "site_check", _("到场检查")


INTAKE_CODE = "intake"
"""The code of the step with which every application begins; no definition's step may have it."""
DECIDING = ("XK-20", "XK-45", "FD-x")
"""Clock rules of a decision: 行政许可法 42(1), 42(2), another law's own limit."""


class Moment(Coded):
    """四到场: when officers stand on the building site."""

    SITING = "siting", _("申请选址到场")
    SETTING_OUT = "setting_out", _("批后放线到场")
    KEY_STAGE = "key_stage", _("关键节点到场")
    COMPLETION = "completion", _("竣工验收到场")


class FieldType(Coded):
    TEXT = "text", _("文字")
    NUMBER = "number", _("数字")
    DATE = "date", _("日期")
    CHOICE = "choice", _("选择")
    PERSON = "person", _("人员")
    PLACE = "place", _("地点")
    FILE = "file", _("附件")
