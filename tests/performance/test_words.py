"""Schemes in words: every method a sentence, every difference between two versions told, every fault on its line."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mashang.catalogue.rules import definition
from mashang.kernel.refused import Refused
from mashang.kernel.said import told
from mashang.performance.rules.changes import changes
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.parse import parse, read_scheme
from mashang.performance.rules.places import after, line_of, lines_of, with_version
from mashang.performance.rules.words import class_words, described, grade_words, method_words
from mashang.site.messages import CHINESE, translated
from tests.growth import linear

from .builders import SHIPPED, one_indicator, raw_scheme

COUNTY = (SHIPPED / "county-demo" / "scheme.toml").read_text("utf-8")
PART = {"share": 0.5, "kind": "all-or-nothing", "target": 1}
METHODS: list[tuple[Any, str, str]] = [
    ({"kind": "all-or-nothing", "target": 90}, "higher", "目标完成计分法：达到 90 得满分，否则不得分"),
    ({"kind": "all-or-nothing", "target": 90}, "lower", "目标完成计分法：不超过 90 得满分，否则不得分"),
    ({"kind": "completion", "target": "own"}, "higher", "目标完成率：数值占目标 各单位的“own” 的百分比，最高 100"),
    ({"kind": "completion", "target": 5}, "lower", "目标完成率：越低越好，目标 5 占数值的百分比，最高 100"),
    ({"kind": "completion", "target": 5, "lower": "mirror", "cap": 1.2}, "lower",
     "目标完成率：越低越好，目标 5，每高出百分之一少一分，最高 120"),
    ("efficacy", "lower", "功效系数法：同类中最差得 60，最好得 100，其间按比例（越低越好）"),
    ({"kind": "efficacy", "worst": 10, "best": 90}, "higher", "功效系数法：10 得 60，90 得 100，其间按比例"),
    ("rank", "higher", "比较法：同类第一名得 100，每后一名少 5，不低于 0"),
    ({"kind": "rank", "spread": "even"}, "higher", "比较法：按同类名次，从第一名 100 均匀降到末名 0"),
    ({"kind": "interval", "points": [[80, 0], [90, 60]], "jump": True}, "higher", "区间法：80 得 0、90 得 60，每段一个分数"),
    ({"kind": "deduction", "each": 2}, "higher", "扣分法：每发生一次从本指标的分值里扣 2，扣完为止"),
    ({"kind": "deduction", "each": 2, "full": 10}, "higher", "扣分法：每发生一次从 10 分里扣 2，扣完为止"),
    ({"kind": "combined", "parts": [PART, {"share": 0.5, "kind": "rank"}]}, "higher",
     "组合计分：50% 按目标完成计分法：达到 1 得满分，否则不得分；50% 按比较法：同类第一名得 100，每后一名少 5，不低于 0"),
    ({"kind": "goalposts", "low": 20, "high": 85}, "lower", "阈值法：20 得 100，85 得 0，其间按直线"),
    ({"kind": "goalposts", "low": 1, "high": 85, "log": True}, "higher", "阈值法：1 得 0，85 得 100，其间按对数"),
    ("as-is", "higher", "直接计分：数值就是得分"),
    ("as-is", "lower", "直接计分：100 减去数值，乘以 1"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "direction", "words"), METHODS)
def test_a_method_is_a_sentence(method: Any, direction: str, words: str) -> None:
    leaf = one_indicator(method, direction=direction).indicators["x"]
    assert method_words(leaf.method, leaf.higher) == words


def every_method() -> list[Any]:
    more = [
        {"kind": "steps", "target": 90}, {"kind": "baseline", "base": 80, "target": 98},
        {"kind": "lookup", "points": [[1, 0.5]]}, {"kind": "expert-mean", "inputs": ["a", "b", "c"]},
        "min-max", "z-score", {"kind": "distance", "target": 3},
    ]  # fmt: skip
    return [*(m for m, _d, _w in METHODS), *more]


def test_every_kind_of_method_has_its_sentence_in_english_too() -> None:
    english = translated()
    kinds = {"points"}  # a bonus, told by the county's scheme below
    for method in every_method():
        leaf = one_indicator(method).indicators["x"]
        kinds.add(leaf.method.kind)
        words = told(method_words(leaf.method), lambda text: english.get(text, text))
        assert not CHINESE.search(words), words
    assert kinds == KINDS.keys()


def test_the_countys_scheme_is_told_line_by_line() -> None:
    scheme = read_scheme(COUNTY)
    lines = {line.id: line for line in described(scheme)}
    assert [line.id for line in described(scheme)][:3] == ["total", "indicators", "on_time"]
    assert (lines["on_time"].measure, lines["on_time"].reported, lines["on_time"].depth) == ("on_time_rate", False, 2)
    assert (lines["key_projects"].collected, lines["key_projects"].lead) == ("每月 18 日前上报", "发改局")
    assert lines["bonus"].how == "相加，最多 5 分"
    assert lines["accident"].how == "大于 0 即触发，等次不高于一般"
    assert lines["accident"].basis == "地方党政领导干部安全生产责任制规定"
    assert class_words(scheme, scheme.classes["township"])[0] == "不考县级会议和发文数量（比上年，%）"
    assert grade_words(scheme) == "优秀 90 分起、良好 80 分起、一般 60 分起，其余较差"


CHANGED = [  # what is changed in the file, kind, about, words in the sentence
    ("weight = 25\nsource", "weight = 25.0\nsource", None),  # the same number
    ("# 地名真实", "# 地名属实", None),  # a comment
    ('lead = "发改局"', 'lead = "统计局"', ("changed", "重点项目年度计划完成率", "采集单位由“发改局”改为“统计局”")),
    ('cap = 5', 'cap = 6', ("changed", "正向激励", "合成方法由“相加，最多 5 分”改为“相加，最多 6 分”")),
    ('source = "measure:satisfaction"', "", ("changed", "群众满意度（主动评价）", "数据来源由“measure:satisfaction”改为“上报数据”")),
    ('from = [90, 80, 60]', 'from = [91, 80, 60]', ("changed", "等次", "优秀 91 分起")),
    ('without = ["meetings"]\nweights = { on_time = 30, key_projects = 20 }', "",
     ("changed", "township", "改为“与总的规定相同”")),
    ('collected = "每月 20 日前"\n', 'collected = "每月 20 日前"\n\n[indicators.more]\nname = "改革创新"\nparent = "bonus"\nmethod = "points"\n',
     ("added", "改革创新", "新增，在“正向激励”之下，加减分：每一个 1 分")),
]  # fmt: skip


@pytest.mark.parametrize(("was", "now", "told_"), CHANGED)
def test_each_difference_is_told_and_what_is_none_is_not(
    was: str, now: str, told_: tuple[str, str, str] | None
) -> None:
    assert was in COUNTY
    found = changes(read_scheme(COUNTY), read_scheme(COUNTY.replace(was, now, 1)))
    if told_ is None:
        assert found == []
        return
    kind, about, words = told_
    assert [(c.kind, c.about) for c in found] == [(kind, about)]
    assert words in found[0].text
    back = changes(read_scheme(COUNTY.replace(was, now, 1)), read_scheme(COUNTY))
    assert back[0].kind == {"added": "removed"}.get(kind, kind)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('missing = ["NA", "—"]', 'missing = ["NA"]'),
        ('missing = ["NA", "—"]', 'missing = ["NA", "—"]\ndigits = 5'),
        ('period = "month"', 'period = "quarter"'),
        ('period = "month"', 'period = "month"\nweights = "relative"'),
        ('period = "month"', 'period = "month"\nrank_within = "class"'),
        ('class = { columns = ["类别"] }', 'class = { columns = ["类型"] }'),
        ('class = { columns = ["类别"] }', 'class = { columns = ["类别"] }\npeople = { type = "number" }'),
        ('unit = ["unit", "单位"]', 'unit = ["单位"]'),
    ],
)
def test_a_setting_of_the_whole_never_changes_in_silence(was: str, now: str) -> None:
    assert was in COUNTY
    found = changes(read_scheme(COUNTY), read_scheme(COUNTY.replace(was, now, 1)))
    assert [(c.about, str(c.text)) for c in found] == [("方案", "其他设置有改动，请看方案原文。")]


def test_what_has_no_word_of_its_own_is_told_as_other_settings() -> None:
    old, new = parse(raw_scheme()), raw_scheme()
    new["indicators"]["x"] |= {"columns": ["甲"]}
    assert [(c.about, str(c.text)) for c in changes(old, parse(new))] == [("x", "其他设置有改动，请看方案原文。")]


@pytest.mark.parametrize(
    ("place", "start"),
    [
        ("indicators.meetings.method", "method = { kind = \"steps\""), ("indicators.meetings", "[indicators.meetings]"),
        ("nodes.bonus.cap", "bonus = {"), ("scheme.version", 'version = "1"'), ("grades.from", "from = [90"),
        ("indicators.leaders.method.parts[1].share", "method = { kind = \"expert-mean\""),
    ],
)  # fmt: skip
def test_a_place_in_the_file_is_found_on_its_line(place: str, start: str) -> None:
    number = line_of(lines_of(COUNTY), place)
    assert COUNTY.splitlines()[number - 1].startswith(start)


def test_what_is_not_in_the_file_has_no_line() -> None:
    assert line_of(lines_of(COUNTY), "nowhere.at.all") == 0
    assert line_of(lines_of(""), "scheme") == 0


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (COUNTY, "2"), (COUNTY.replace('version = "1"', "version = '1' # first"), "2"),
        (COUNTY.replace('version = "1"\n', ""), "2"),
    ],
)  # fmt: skip
def test_another_version_is_put_into_the_text_and_nothing_else(text: str, version: str) -> None:
    found = with_version(text, version)
    assert read_scheme(found).version == version
    assert re.sub(r"(?m)^version.*\n", "", found) == re.sub(r"(?m)^version.*\n", "", text)


@pytest.mark.parametrize(
    ("known", "proposed"), [([], "1"), (["1"], "2"), (["1", "10", "9"], "11"), (["2026"], "2027"), (["一"], "2")]
)
def test_the_next_version_is_proposed(known: list[str], proposed: str) -> None:
    assert after(known) == proposed


def test_a_scheme_without_sense_has_no_words() -> None:
    with pytest.raises(Refused):
        described(read_scheme("[scheme]\ncode = 'x'\n"))


@pytest.mark.parametrize(("start", "run"), [("[", " "), ("[", "a "), ("", "a.")])
def test_a_line_that_is_nothing_costs_no_more_than_its_length(start: str, run: str) -> None:
    def work(length: int) -> None:
        line = start + run * (length // len(run))
        assert (lines_of(line), definition.lines_of(line)) == ({}, {})

    assert linear(work, 100_000)
