"""Hot matters: grouped by matter, place and time; heat by hand."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused
from mashang.text.files import read_table
from mashang.text.rules import work
from mashang.text.rules.hot import Message, current_heat, grouped, heat, is_rising
from mashang.text.rules.places import places

from .sentences import SHARED, needs_shared

START = datetime(2026, 3, 2, 9, tzinfo=ZONE)
LAMPS = (
    "青山小区路灯整夜不亮",
    "青山小区的路灯又不亮了",
    "路灯不亮，青山小区居民出行难",
    "反映青山小区路灯不亮",
    "青山小区路灯什么时候亮",
)
WATER = (
    "临江镇自来水发黄",
    "临江镇的自来水有异味发黄",
    "反映临江镇自来水发黄不能喝",
    "自来水发黄，临江镇没人管",
    "临江镇自来水什么时候不发黄",
)
OTHERS = (
    "咨询驾照换证需要什么材料",
    "图书馆周末开放时间太短",
    "公园里的长椅该刷漆了",
    "建议增加夜班公交车",
    "幼儿园报名要几岁",
)


def message(number: int, title: str, days: float = 0, likes: float = 0) -> Message:
    return Message(str(number), START + timedelta(days=days), title, f"{title}，请处理。", likes)


def sample() -> list[Message]:
    return [message(n, title, n % 5) for n, title in enumerate(LAMPS + WATER + OTHERS)]


@pytest.mark.row("B8")
def test_messages_of_a_matter_stand_together_and_others_alone() -> None:
    found = grouped(sample())
    members = [{one.id for one in group.messages} for group in found.groups]
    assert sorted(map(sorted, members)) == [list("01234"), list("56789")]
    assert found.groups[0].title in LAMPS + WATER
    assert {place for group in found.groups for place in group.places} >= {"青山小区"}


@pytest.mark.row("B8")
def test_a_new_message_is_placed_with_its_matter_or_with_none() -> None:
    found = grouped(sample())
    lamps = found.place(message(90, "青山小区路灯不亮没人修", 6))
    assert lamps is not None and lamps.messages[0].id == "0"
    assert found.place(message(91, "户口本丢了怎么补办")) is None


def test_the_same_matter_years_apart_is_two_matters() -> None:
    late = [message(20 + n, title, 900 + n) for n, title in enumerate(LAMPS)]
    found = grouped([*sample(), *late])
    members = [{one.id for one in group.messages} for group in found.groups]
    assert {"0", "20"} <= set().union(*members)
    assert all(len(group & {"0", "20"}) < 2 for group in members)


def test_heat_is_what_its_formula_says() -> None:
    told = (message(1, "甲", 0, likes=9), message(2, "乙", 45))
    assert heat(told) == round((1 + math.log(10) + 1) / 1.5, 2)
    now = START + timedelta(days=60)
    assert current_heat(told, now) == round((1 + math.log(10)) * 0.25 + 0.5**0.5, 2)


def test_what_came_after_the_moment_asked_is_in_neither_current_heat_nor_rising() -> None:
    told = [message(n, "甲", n / 2, likes=n) for n in range(8)]
    now = START + timedelta(days=2)  # the fifth comes at this moment
    assert current_heat(told, now) == current_heat(told[:5], now) < current_heat(told, START + timedelta(days=4))
    assert is_rising(told, now) and not is_rising(told, START + timedelta(days=1))
    assert current_heat(told, START - timedelta(days=1)) == 0
    found = grouped(sample(), START + timedelta(days=1)).groups[0]
    assert found.current == current_heat(found.messages[:2], START + timedelta(days=1)) and len(found.messages) == 5


@pytest.mark.row("B8")
def test_a_group_rises_when_a_week_brings_twice_as_many() -> None:
    now = START + timedelta(days=35)
    calm = [message(n, "甲", n * 3) for n in range(11)]
    assert not is_rising(calm, now)
    assert is_rising([*calm, *(message(50 + n, "甲", 30 + n / 2) for n in range(6))], now)
    assert not is_rising([message(n, "甲", 34) for n in range(4)], now)  # four are too few


def test_personal_data_does_not_reach_a_title() -> None:
    texts = [f"青山小区路灯不亮请打13800138000第{n}次" for n in range(5)]
    found = grouped([message(n, text) for n, text in enumerate(texts)])
    assert "13800138000" not in found.groups[0].title
    assert "138****8000" in found.groups[0].title


# what it says, what it names
NAMED = [
    ("我家在青山小区，青山小区没有灯", ("青山小区",)),  # with the word before it cut off
    ("请问东风路什么时候修好", ("东风路",)),
    ("政府和学校", ()),  # endings alone name nothing
    ("", ()),
]


@pytest.mark.parametrize(("text", "named"), NAMED)
def test_places_are_cut_where_they_begin(text: str, named: tuple[str, ...]) -> None:
    assert places([text])[0] == named


def test_one_message_is_refused_and_so_are_too_many() -> None:
    with pytest.raises(Refused, match="少于两条"):
        grouped(sample()[:1])
    with pytest.raises(Refused, match="分批"):
        grouped(sample() * 1000)


def test_messages_without_a_word_in_common_make_no_group() -> None:
    assert grouped([message(1, "甲乙丙"), message(2, "子丑寅")]).groups == ()


def known(messages: list[Message], names: tuple[str, ...], matter: tuple[str, ...]) -> set[str]:
    texts = {one.id: one.title + one.body for one in messages}
    return {i for i, text in texts.items() if any(n in text for n in names) and any(m in text for m in matter)}


@needs_shared
@pytest.mark.slow
@pytest.mark.row("B8")
def test_the_two_known_matters_each_stand_as_one_group() -> None:
    table = read_table(SHARED / "messages.csv", ("id", "at", "title", "body"))
    messages = work.messages(table)
    found = grouped(messages)
    for names, matter in ((("丽发新城",), ("搅拌",)), (("伊景园", "滨河苑"), ("车位",))):
        mine = known(messages, names, matter)
        shares = sorted(
            (len(mine & {one.id for one in group.messages}) / len(mine) for group in found.groups), reverse=True
        )
        assert len(mine) > 40 and shares[0] >= 0.75 and shares[1] < 0.1
