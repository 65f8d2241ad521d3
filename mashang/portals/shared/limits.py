"""The clock catalogue in words: by family, each clock with limit, way of counting, source, and whether it was verified."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mashang.clocks import queries
from mashang.clocks.rules import ClockRule
from mashang.kernel.said import said, told
from mashang.org import queries as org

from . import parts

FAMILIES: tuple[tuple[tuple[str, ...], str | Promise], ...] = (
    (("XK", "FD"), gettext_lazy("行政许可")),
    (("CN", "WS", "RQ", "CNZ"), gettext_lazy("承诺、容缺和告知承诺")),
    (("HCP",), gettext_lazy("好差评")),
    (("RX",), gettext_lazy("热线")),
    (("XF",), gettext_lazy("信访")),
    (("GK",), gettext_lazy("政府信息公开")),
    (("FY",), gettext_lazy("行政复议")),
    (("DC", "DB"), gettext_lazy("督查督办")),
    (("WZ", "CF"), gettext_lazy("公务员权利救济和处分")),
    (("TS",), gettext_lazy("效能投诉")),
    (("GS", "LOG", "PIA"), gettext_lazy("公示和保存")),
)
OTHERS = gettext_lazy("其他")
WAYS = {
    "wd": gettext_lazy("按工作日"),
    "nd": gettext_lazy("按自然日"),
    "wh": gettext_lazy("按办公时间"),
    "h": gettext_lazy("按小时，不分昼夜"),
    "mo": gettext_lazy("按月"),
    "yr": gettext_lazy("按年"),
    "on": gettext_lazy("到固定日期"),
}


def by_family(rules: Iterable[ClockRule]) -> list[tuple[str, list[ClockRule]]]:
    """Clocks under the label of their family, in the catalogue's order; families without any are left out."""
    found: dict[str, list[ClockRule]] = {str(label): [] for _codes, label in FAMILIES}
    labels = {code: str(label) for codes, label in FAMILIES for code in codes}
    for rule in rules:
        found.setdefault(labels.get(rule.code.partition("-")[0], str(OTHERS)), []).append(rule)
    return [(label, known) for label, known in found.items() if known]


def limit_text(rule: ClockRule) -> str:
    """20个工作日; 提前7个工作日; 由本件确定."""
    if rule.limit is None:
        return _("由本件确定")
    label = told(rule.limit.label, _)
    return _("提前%(limit)s") % {"limit": label} if rule.direction == "before" else label


def way(rule: ClockRule) -> str:
    """How its days are counted."""
    unit = rule.limit.unit if rule.limit else ""
    text = str(WAYS.get(unit, ""))
    return told(said("{way}，末日遇休息日顺延", way=text), _) if unit == "nd" and rule.counting.rolls else text


def more(rule: ClockRule) -> str:
    """The way of counting where the limit's own words do not say it already."""
    return way(rule) if rule.limit and rule.limit.unit in ("nd", "h") else ""


def checked(rule: ClockRule) -> tuple[str, str]:
    """The lamp of a source."""
    return ("done", _("已核实")) if rule.verified else ("warn", _("未核实"))


_PLACE = re.compile(r"[\u4e00-\u9fff]{2,4}?[省市]")
_MANY = re.compile("地方|参照各地|.*（地方")


def holds(rule: ClockRule) -> str:
    """Where a local source holds, for one that binds nobody here: 参考：安阳市的规定，只在当地有效. Empty for all others."""
    if _MANY.match(rule.source):
        return _("参考：各地做法不一，以当地规定为准")
    place = _PLACE.match(rule.source)
    if place is None or org.regions_named(place[0]):
        return ""
    return _("参考：%(place)s的规定，只在当地有效") % {"place": place[0]}


def public_groups() -> list[tuple[str, parts.Table]]:
    """What everybody may know, a table for each family."""
    columns = (
        parts.Column(_("时限名称"), lead=True), parts.Column(_("时限长短")), parts.Column(_("依据")), parts.Column(_("核实情况")),
    )  # fmt: skip
    return [
        (
            label,
            parts.Table(
                columns,
                [
                    parts.Row(
                        (
                            parts.Cell(told(r.label, _), sub=_("自%(start)s起") % {"start": told(r.trigger, _)}),
                            parts.Cell(limit_text(r), sub=more(r)), parts.Cell(r.source, sub=holds(r)), checked(r),
                        )
                    )
                    for r in rules
                ],
                "",
                label,
            ),
        )
        for label, rules in by_family(queries.rules())
    ]  # fmt: skip
