"""Made-up messages for the tests: three matters, many wordings. Nobody wrote them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "appeals"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="../shared/data/appeals is not here")

MATTERS = {
    "城乡建设": ("路灯", "井盖", "下水道", "违章建筑", "物业", "自来水管", "人行道砖"),
    "教育文体": ("小学", "幼儿园", "教师", "校车", "学区", "图书馆", "体育馆"),
    "交通运输": ("公交车", "出租车", "客运站", "红绿灯", "停车位", "高速收费", "驾校"),
}
PLACES = ("三合村", "东风路", "西苑小区", "临江镇", "北门街道", "光明新村", "青山湖", "南桥")
FAULTS = (
    "坏了很久没有人修",
    "收费太贵请查一查",
    "晚上吵得睡不着",
    "办事的人态度很差",
    "什么时候能够解决",
    "存在安全隐患",
)
OPENINGS = ("请问", "反映", "关于", "建议", "投诉")


def labelled(count: int = 240, seed: int = 1) -> tuple[list[str], list[str]]:
    """Texts and their labels, all texts different."""
    rng = Random(seed)
    texts, labels = [], []
    for number in range(count):
        label = list(MATTERS)[number % len(MATTERS)]
        things = rng.sample(MATTERS[label], 2)
        place, fault, opening = rng.choice(PLACES), rng.sample(FAULTS, 2), rng.choice(OPENINGS)
        texts.append(
            f"{opening}{place}{things[0]}的问题。{place}的{things[0]}{fault[0]}，还有{things[1]}，{fault[1]}，第{number}次来信"
        )
        labels.append(label)
    return texts, labels
