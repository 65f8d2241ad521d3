"""What every template may ask of the shell: who is here, in what language, how large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mashang.cases import queries
from mashang.kernel import clock
from mashang.kernel.actor import ANONYMOUS, Actor
from mashang.org import queries as org

ELDER_COOKIE = "mashang_elder"


class Asked(HttpRequest):
    """A request that has passed the gate, for the annotations of views: `def inbox(request: Asked) -> HttpResponse`."""

    actor: Actor
    must_add_factor: bool


@dataclass(frozen=True)
class Shell:
    """`language` is an HTML code; `other` the language the switch leads to, as Django's code.

    `being_made`: the demo's background work still adds cases and scores.
    """

    actor: Actor
    path: str
    language: str = "zh-CN"
    other: str = "en"
    elder: bool = False
    wall: bool = False
    demo: bool = False
    being_made: bool = False

    @property
    def signed_in(self) -> bool:
        return self.actor.kind in ("staff", "person")

    @cached_property
    def unread(self) -> int:
        """How many notices a citizen has not seen; staff have theirs in the side column. A page that tells of a fault is made
        without the database too."""
        try:
            return queries.unread(self.actor) if self.actor.kind == "person" else 0
        except DatabaseError:
            return 0

    @property
    def at_desk(self) -> bool:
        """Whether they have a desk to go back to."""
        return org.holds(self.actor, "desk.open")

    @property
    def has_cases(self) -> bool:
        """Whether the list of their own cases is theirs to open."""
        return org.holds(self.actor, "cases.view")

    @property
    def outbox(self) -> str:
        """Where the demo keeps the codes that it sends to nobody's phone; empty where they are sent."""
        kept = settings.DEMO and settings.MASHANG_CODE_SENDER.endswith(".to_outbox")
        return str(settings.VAR / "outbox") if kept else ""

    @property
    def strings(self) -> dict[str, str]:
        """What the scripts say."""
        return script_strings()


def shell(request: HttpRequest) -> dict[str, object]:
    """The context processor; the gate has set `request.actor`, and an error before the gate finds a visitor."""
    english = (get_language() or "").startswith("en")
    return {
        "shell": Shell(
            actor=getattr(request, "actor", ANONYMOUS),
            path=request.get_full_path(),
            language="en" if english else "zh-CN",
            other="zh-hans" if english else "en",
            elder=request.COOKIES.get(ELDER_COOKIE) == "1",
            wall=request.GET.get("wall") == "1",
            demo=settings.DEMO,
            being_made=settings.DEMO and settings.MASHANG_BEING_MADE.exists(),
        ),
        "now": clock.now(),
    }


def script_strings() -> dict[str, str]:
    return {
        "saved": _("草稿已保存 {time}"),
        "saved_here": _("草稿已存在本机 {time}"),
        "restored": _("已恢复 {time} 的草稿"),
        "discard": _("清除草稿"),
        "sending": _("正在提交，请稍候"),
        "queued": _("没有信号，已存在手机里，有信号时自动发送"),
        "queue_waiting": _("等待发送"),
        "queue_sending": _("正在发送"),
        "queue_refused": _("未被接受，请打开修改"),
        "queue_sign_in": _("请先登录，再发送"),
        "open": _("打开"),
        "queue_sent": _("已发送"),
        "send_now": _("立即发送"),
        "remove": _("删除"),
        "remove_sure": _("确定删除这条没有发送的记录吗？"),
        "locating": _("正在定位"),
        "located": _("已定位，误差约 {metres} 米"),
        "not_located": _("没有取得位置，请手工填写地点"),
        "photo_small": _("已压缩为 {size}"),
        "pick_day": _("选日期"),
        "previous_month": _("上个月"),
        "next_month": _("下个月"),
        "close": _("关闭"),
        "day_off": _("{day} 是{name}，不办公"),
        "weekend": _("周末"),
        "makeup": _("上班"),
        "month": _("{year}年{month}月"),
        "weekdays": _("一,二,三,四,五,六,日"),
        "failed": _("没有连上服务器，请稍后再试；您填的内容还在。"),
        "broken": _("系统出了故障，请稍后再试；您填的内容还在。"),
        "chosen": _("已选 {n} 件"),
    }
