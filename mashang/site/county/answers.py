"""What the invented applicants write into the forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

SHOPS = ("阿香小吃店", "客家人家", "山里红便利店", "溪口茶庄", "好邻居超市", "金穗种子店", "百家粮油", "海边渔排餐馆")
GOODS = ("小吃、快餐", "日用百货、烟酒", "茶叶、土特产", "水果、蔬菜", "五金、农具", "服装、鞋帽")
CROPS = ("水稻、玉米", "蔬菜、瓜类", "花生、大豆", "烟草、水稻")
SPOTS = ("大樟树旁", "学校路口", "老供销社对面", "桥头", "村部后面", "文化广场边")


def answers(entry: str, part: str, *, town: str, name: str, opened: datetime, draws: Random) -> dict[str, Any]:
    """The form of an entry filled in, all but the applicant."""
    place = {"region": town, "address": f"{name}新村 {draws.randint(1, 60)} 号 {draws.choice(SPOTS)}（演示）"}
    return {"site": place, **FORMS[entry](part, opened, draws)}


def _house(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    plot = draws.choice((80, 90, 100, 108, 115, 118, 120))
    floors = draws.choice((2, 2, 3, 3, 3))
    return {
        "member": "yes", "building": draws.choice(("new", "rebuild", "extend")), "farmland": draws.choice(("no", "no", "other")),
        "family_size": str(draws.randint(3, 7)), "existing_plots": draws.choice(("none", "one_keep")),
        "plot_area": str(plot), "neighbours_around": "东邻空地，西至村道，南至水沟，北至菜园（演示）", "floors": str(floors),
        "building_area": str(min(plot * floors, 360) - draws.randint(0, 12)), "height": str(3 * floors + 1),
        "drawing_choice": "standard", "drawing_number": f"B-{draws.randint(1, 12):02d}",
        "completed_on": (opened - timedelta(days=draws.randint(3, 12))).date().isoformat(),
        "deliver": draws.choice(("electronic", "village", "mail")),
    }  # fmt: skip


def _arch(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    start = (opened + timedelta(days=draws.randint(1, 6))).date()
    what = draws.choice(("arch", "arch", "banner"))
    return {"shop": draws.choice(SHOPS), "what": what, "from": start.isoformat(), "days": str(draws.randint(1, 15))}


def _road(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    start = (opened + timedelta(days=draws.randint(6, 20))).date()
    purpose = draws.choice(("power", "power", "water", "gas", "telecom", "other"))
    length = draws.choice((40, 80, 120, 180, 260, 400, 650))
    until = start + timedelta(days=draws.randint(3, 20))
    return {
        "company": "武平电力安装队（演示）" if purpose == "power" else "闽西管线工程队（演示）", "purpose": purpose,
        "length": str(length), "new_road": "no", "from": start.isoformat(), "until": until.isoformat(),
    }  # fmt: skip


def _food(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    kind = draws.choice(("restaurant", "restaurant", "retail", "canteen"))
    return {
        "prepacked_only": "no", "company": f"{draws.choice(SHOPS)}（演示）", "business_kind": kind,
        "area": str(draws.choice((30, 45, 60, 88, 120, 260))),
    }  # fmt: skip


def _seed(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    return {
        "company": "金穗种子店（演示）",
        "crops": draws.choice(CROPS),
        "store_area": str(draws.choice((20, 36, 60))),
    }


def _trader(part: str, opened: datetime, draws: Random) -> Mapping[str, Any]:
    return {"trade_name": f"{draws.choice(SHOPS)}（演示）", "scope": draws.choice(GOODS)}


FORMS: Mapping[str, Callable[[str, datetime, Random], Mapping[str, Any]]] = {
    "rural-house": _house,
    "banner-arch": _arch,
    "road-works": _road,
    "food-business": _food,
    "seed-business": _seed,
    "sole-trader": _trader,
}
