"""Invented values for the style page and its tests: one of every component."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from mashang.kernel import clock
from mashang.kernel.refused import Fault, Refused

from . import charts, forms, parts
from .parts import Bar, Cell, Column, Field, Moment, Remaining, Ribbon, RibbonRow, Row, Segment, WhyLine

NOW = "2026-11-21 16:30"
PORTALS = ("desk", "hall", "cockpit", "parts", "forms", "case")
DAYS = {
    "off": {"2026-10-01": "国庆节", "2026-10-02": "国庆节", "2026-12-25": "停止对外办公（演示）", "2027-01-01": "元旦"},
    "work": {"2026-10-10": "国庆节调休"},
}


def _at(text: str) -> datetime:
    return clock.local(datetime.fromisoformat(text))


def progress(done: int) -> parts.Progress:
    state: Any = "done" if done >= 40 else "running"
    url = f"/styleguide/progress/{done + 10}" if state == "running" else ""
    return parts.Progress(
        "导入事项清单", done, 40, state, url, "/styleguide" if state == "done" else "", "可以离开本页，稍后再来看。"
    )


def working(first: str, last: str) -> tuple[tuple[datetime, datetime], ...]:
    """08:00-12:00 and 14:30-17:30 on weekdays."""
    found = []
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        if day.weekday() < 5:
            for a, b in (("08:00", "12:00"), ("14:30", "17:30")):
                found.append((_at(f"{day} {a}"), _at(f"{day} {b}")))
        day += timedelta(days=1)
    return tuple(found)


def ribbon() -> Ribbon:
    """The rural house of the casebook: three units side by side, a site visit, a weekend, the promise."""
    seg = Segment
    return Ribbon(
        rows=(
            RibbonRow("受理", (seg(_at("2026-11-19 09:20"), _at("2026-11-19 09:55"), "done", "11-19 09:20 提交，09:55 受理"),), "35 分"),
            RibbonRow("用地 · 自然资源所", (seg(_at("2026-11-19 09:55"), _at("2026-11-20 15:40"), "done", "用地性质符合，11-20 15:40 通过"),), "通过", _at("2026-11-20 17:30")),
            RibbonRow(
                "规划 · 村镇办",
                (
                    seg(_at("2026-11-19 09:55"), _at("2026-11-23 08:40"), "doing", "11-19 09:55 起在办"),
                    seg(_at("2026-11-23 08:40"), _at("2026-11-23 16:00"), "planned", "应于 11-23 16:00 前提出意见"),
                ),
                "在办",
            ),
            RibbonRow(
                "建房资格 · 村委会",
                (
                    seg(_at("2026-11-19 09:55"), _at("2026-11-20 09:30"), "done", "11-19 09:55 起"),
                    seg(_at("2026-11-20 09:30"), _at("2026-11-20 11:05"), "pause", "现场踏勘停表 95 分（行政许可法第四十五条）"),
                    seg(_at("2026-11-20 11:05"), _at("2026-11-20 11:50"), "done", "踏勘后 45 分办结"),
                ),
                "踏勘停表 95 分",
            ),
            RibbonRow("决定", (seg(_at("2026-11-23 16:00"), _at("2026-11-24 10:00"), "planned", "三家意见齐后作出决定"),)),
        ),
        working=working("2026-11-19", "2026-11-24"),
        now=_at("2026-11-23 08:40"),
        promised=_at("2026-11-24 17:30"),
        days={date(2026, 11, 20): "第 1 日", date(2026, 11, 23): "第 2 日", date(2026, 11, 24): "第 3 日"},
    )  # fmt: skip


def long_ribbon() -> Ribbon:
    """Twenty working days over the National Day holiday, late at the end."""
    rest = {date(2026, 10, d): "国庆节" for d in range(1, 8)}
    opened = tuple(w for w in working("2026-09-21", "2026-10-26") if w[0].date() not in rest)
    return Ribbon(
        rows=(
            RibbonRow("初审", (Segment(_at("2026-09-21 09:00"), _at("2026-09-25 10:00"), "done"),)),
            RibbonRow(
                "补正",
                (Segment(_at("2026-09-25 10:00"), _at("2026-10-09 16:00"), "wait", "等申请人补正材料"),),
                "等申请人",
            ),
            RibbonRow(
                "审查",
                (
                    Segment(_at("2026-10-09 16:00"), _at("2026-10-21 17:30"), "doing"),
                    Segment(_at("2026-10-21 17:30"), _at("2026-10-23 11:00"), "late", "超期 2 个工作日"),
                ),
                "超期",
                _at("2026-10-21 17:30"),
            ),
        ),
        working=opened,
        now=_at("2026-10-23 11:00"),
        promised=_at("2026-10-21 17:30"),
        closed=rest,
        uid="long",
    )


REMAININGS = (
    Remaining("left", 4, "wd", _at("2026-11-27 17:30")),
    Remaining("soon", 40, "min", _at("2026-11-21 18:00")),
    Remaining("late", 1, "wd", _at("2026-11-20 17:30")),
    Remaining("paused", ground="现场踏勘"),
    Remaining("done", ground="已办结 · 早 2 个工作日"),
    Remaining("left", 26, "wd", _at("2027-01-05 17:30"), provisional=True),
    Remaining("none"),
)


def inbox(full: bool = True) -> parts.Table:
    """The inbox of the desk."""
    columns = (
        Column("剩余", sort="due"),
        Column("件", lead=True),
        Column("环节"),
        Column("申请人"),
        Column("到期", "t"),
    )
    late, left = REMAININGS[2], REMAININGS[0]
    house = Remaining("soon", 1, "wd", _at("2026-11-24 17:30"))
    rows = (
        Row((late, Cell("户外广告设置（商场外墙）", "#1", "漳浦-准-2026-004512"), "现场核查", "某某商贸（演示）", _at("2026-11-20 17:30")), "漳浦-准-2026-004512"),
        Row((REMAININGS[1], Cell("临时拱门设置 · 店铺开业", "#2", "漳浦-准-2026-004603 · 即办"), "决定", "张某某（演示）", _at("2026-11-21 18:00")), "漳浦-准-2026-004603", True),
        Row((house, Cell("农村村民建房（一件事）", "#3", "漳浦-事-2026-000871 · 并联 3/4"), "规划意见", "陈某某（演示）", _at("2026-11-24 17:30")), "漳浦-事-2026-000871"),
        Row((REMAININGS[3], Cell("占道施工（电力 160 米）", "#4", "漳浦-准-2026-004588"), "踏勘", "某某电力（演示）", "停表第 2 天"), "漳浦-准-2026-004588"),
        Row((left, Cell("噪声扰民：夜间施工", "#5", "漳浦-诉-2026-012044 · 12345"), "答复", "市民（已脱敏）", _at("2026-11-27 17:30")), "漳浦-诉-2026-012044"),
    )  # fmt: skip
    empty = "这里没有件：您只看得到祥谦镇的件。"
    return parts.Table(columns, rows if full else (), empty, "待办的件", pick="number", sort="due")


SIDE = (
    parts.NavGroup(
        (
            parts.NavItem("待办", "#todo", 12, True),
            parts.NavItem("在办", "#doing", 34),
            parts.NavItem("督办", "#watch", 3),
            parts.NavItem("已办", "#done"),
        )
    ),
    parts.NavGroup((parts.NavItem("今天到期", "#today", 4), parts.NavItem("等补正", "#wait", 6)), "保存的筛选"),
    parts.NavGroup(
        (
            parts.NavItem("窗口收件", "#intake"),
            parts.NavItem("现场核查", "#checks"),
            parts.NavItem("考评", "#score"),
            parts.NavItem("台账", "#books"),
        ),
        "工作",
    ),
)

MOMENTS = (
    Moment(_at("2026-11-20 15:40"), "自然资源所：用地性质符合，通过", "王某某（演示）", "ok"),
    Moment(_at("2026-11-20 11:05"), "村委会现场踏勘完成，停表结束", more="3 张照片"),
    Moment(_at("2026-11-20 09:30"), "停表：现场踏勘（行政许可法第四十五条），已告知申请人", lamp="hold"),
    Moment(_at("2026-11-19 09:55"), "受理，承诺 11 月 24 日前办结", "桃溪镇窗口 李某某（首问负责）"),
    Moment(_at("2026-11-19 09:20"), "在村便民点由代办员提交，回执已发"),
)

WHY = (
    WhyLine("起算", "11-19 受理，当日不计", source="民法典第二百零一条"),
    WhyLine("第 1 日", "11-20 周五", "count"),
    WhyLine("不计", "11-21、22 周末", "off"),
    WhyLine("第 2 日", "11-23 周一", "count"),
    WhyLine("第 3 日", "11-24 周二 17:30 下班时", "due"),
    WhyLine("踏勘", "停的是法定时限，不停承诺"),
)


def fields() -> tuple[Field, ...]:
    """One field of every type."""
    described: list[dict[str, Any]] = [
        {"name": "name", "label": "申请人姓名", "required": True, "size": "m", "value": "陈某某（演示）", "section": "申请人"},
        {"name": "idcard", "label": "身份证号", "type": "idcard", "required": True, "size": "m", "help": "18 位，末位可以是 X", "section": "申请人"},
        {"name": "mobile", "label": "手机号", "type": "phone", "required": True, "size": "s", "section": "申请人"},
        {"name": "area", "label": "建筑占地面积", "type": "number", "unit": "平方米", "required": True, "size": "s", "help": "每户不超过 120 平方米", "section": "房屋"},
        {"name": "start", "label": "计划开工日期", "type": "date", "days_url": "/styleguide/days.json", "section": "房屋"},
        {"name": "how", "label": "建房方式", "type": "choice", "choices": [["new", "新建"], ["same", "原址翻建"], ["move", "异址新建", "需要先退出旧宅基地"]], "value": "new", "required": True, "section": "房屋"},
        {"name": "village", "label": "所在村", "type": "choice", "choices": [[str(i), f"第 {i} 村（演示）"] for i in range(1, 9)], "section": "房屋"},
        {"name": "held", "label": "已有的材料", "type": "multi", "choices": [["id", "身份证"], ["book", "户口簿"], ["plan", "设计图"]], "value": ["id"], "section": "房屋"},
        {"name": "site", "label": "宅基地位置", "type": "place", "help": "可按“定位”自动填写", "section": "房屋"},
        {"name": "photo", "label": "现场照片", "type": "photo", "attrs": {"multiple": True}, "section": "材料"},
        {"name": "paper", "label": "相邻权利人意见", "type": "file", "help": "PDF 或图片，不超过 20 MB", "section": "材料"},
        {"name": "words", "label": "补充说明", "type": "textarea", "attrs": {"maxlength": 500}, "section": "材料"},
        {"name": "agree", "label": "我承诺所填内容真实", "type": "checkbox", "required": True, "section": "材料"},
    ]  # fmt: skip
    return tuple(Field.of(d) for d in described)


def form(wrong: bool = False) -> forms.Form:
    from_rules = Refused.of(
        [
            Fault("form.idcard", "身份证号的校验位不对，请对照证件重新填写。", "idcard"),
            Fault("form.area", "占地面积超过每户 120 平方米的上限，请改小或说明依据。", "area"),
            Fault("form.agree", "请勾选承诺后再提交。", "agree"),
        ]
    )
    values = {"area": "160", "idcard": "350824199001010011"} if wrong else {}
    return forms.build(
        fields(), action="/styleguide/forms", button="提交申请", values=values, refused=from_rules if wrong else None,
        draft="sample", cancel="/styleguide",
    )  # fmt: skip


def check_fields() -> tuple[Field, ...]:
    """What an inspector fills in on the spot."""
    return (
        Field("words", "检查情况", "textarea", required=True),
        Field("site", "位置", "place"),
        Field("photo", "现场照片", "photo", attrs={"multiple": True}),
    )


def check(words: str) -> None:
    if len(words) < 5:
        raise Refused("check.words", "检查情况至少写五个字。", "words")


def tiles() -> list[parts.Tile]:
    """Fujian with a few lamps lit."""
    late: dict[str, tuple[parts.LampState, int]] = {"350205": ("late", 5), "350303": ("late", 8), "350104": ("warn", 7)}
    lit = {t.code: late.get(t.code, ("ok", 0)) for t in charts.fujian()}
    lit["350824"] = ("warn", 4)
    lit["350527"] = ("none", 0)
    return charts.fujian_tiles(lit, href="#{code}", here="350824")


BARS = (
    Bar("云霄县", 93.4, "93.4", "#1", 92.1, 94.6),
    Bar("武平县", 93.1, "93.1", "#2", 91.6, 94.5),
    Bar("连江县", 90.2, "90.2", "#3", 89.0, 91.4),
)
COUNTS = (
    Bar("搅拌站噪声与粉尘", 66, "66 件", "#a", lamp="late"),
    Bar("车位捆绑销售", 57, "57 件", "#b", lamp="warn"),
    Bar("路灯不亮", 18, "18 件", "#c"),
)
TREND = (91.0, 92.4, 91.8, 93.0, 94.1, 93.6, 95.2, 96.1)


def context() -> dict[str, Any]:
    """Everything the style pages show, at a fixed moment."""
    return {
        "side": SIDE,
        "remainings": REMAININGS,
        "lamps": parts.LAMPS,
        "ribbon": ribbon(),
        "long_ribbon": long_ribbon(),
        "moments": MOMENTS,
        "why": WHY,
        "facts": (("申请人", "张某某（演示） · 代办：黄某某"), ("承诺", "即办（法定 2 个工作日）"), ("核查", "17:42 现场查勘：不占盲道，符合条件 · 2 张照片"), ("剩余", REMAININGS[1]), ("材料", "2 份，均为已有证照复用")),
        "table": inbox(),
        "empty_table": inbox(full=False),
        "tabs": (parts.Tab("我的", "#mine", 12, True), parts.Tab("全科", "#all", 41)),
        "filters": (
            parts.Filter("item", "事项", (("ad", "户外广告", 8), ("arch", "临时拱门", 3))),
            parts.Filter("step", "环节", (("check", "现场核查", 4), ("decide", "决定", 2)), many=True),
            parts.Filter("channel", "渠道", (("window", "窗口"), ("web", "网上"))),
        ),
        "pager": parts.Pager("?before=1", "?after=50", "第 51–100 件"),
        "form": form(),
        "wrong_form": form(wrong=True),
        "tiles": tiles(),
        "bars": BARS,
        "counts": COUNTS,
        "trend": TREND,
        "progress": progress(10),
        "stopped": parts.Progress("导出台账", 12, 40, "failed", note="第 13 行的日期读不出，请改正后重新导入。"),
    }  # fmt: skip
