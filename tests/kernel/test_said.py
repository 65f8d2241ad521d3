"""Sentences with values: Chinese to everybody who knows nothing of them, another language to those who ask."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime

from django.utils.translation import gettext_lazy, override

from mashang.kernel import clock
from mashang.kernel.said import said, strung, told

ENGLISH = {
    "“{name}”有 {n:,} 行": "“{name}” has {n:,} rows",
    "第 {line} 行：{fault}": "Row {line}: {fault}",
    "缺少{names}": "{names} missing",
    "、": ", ",
    "{one}，{other}": "{one}, {other}",
    "单位": "unit",
}


def english(text: str) -> str:
    return ENGLISH.get(text, text)


def test_it_is_the_chinese_sentence():
    sentence = said("“{name}”有 {n:,} 行", name="甲", n=1234)
    assert sentence == "“甲”有 1,234 行"
    assert f"{sentence}。" == "“甲”有 1,234 行。"


def test_it_is_told_in_another_language():
    assert told(said("“{name}”有 {n:,} 行", name="甲", n=1234), english) == "“甲” has 1,234 rows"


def test_sentences_and_words_within_it_are_told_too():
    inner = said("“{name}”有 {n:,} 行", name="单位", n=2)
    assert told(said("第 {line} 行：{fault}", line=3, fault=inner), english) == "Row 3: “unit” has 2 rows"


def test_lists_are_joined_as_each_language_joins_them():
    sentence = said("缺少{names}", names=["单位", "乙"])
    assert sentence == "缺少单位、乙"
    assert told(sentence, english) == "unit, 乙 missing"


def test_parts_are_strung_with_commas():
    sentence = strung([said("缺少{names}", names=["甲"]), "单位", "乙"])
    assert sentence == "缺少甲，单位，乙"
    assert told(sentence, english) == "甲 missing, unit, 乙"
    assert strung([]) == ""


def test_bare_sentences_are_looked_up_as_they_are_and_nothing_stays_nothing():
    assert told("单位", english) == "unit"
    assert told("", english) == told(None, english) == ""


def test_braces_in_values_stay_as_they_are():
    assert told(said("“{name}”有 {n:,} 行", name="{n}", n=1), english) == "“{n}” has 1 rows"


def test_a_label_that_waits_for_its_reader_is_asked_when_it_is_told():
    sentence = said("第 {line} 行：{fault}", line=1, fault=gettext_lazy("适老版"))
    assert sentence == "第 1 行：适老版"
    with override("en"):
        assert told(sentence, english) == "Row 1: Large print"


def test_a_language_that_tells_one_from_many_writes_both_into_its_template() -> None:
    english = {"还剩{n}天": "{n} {n:day|days} left"}.get
    assert [told(said("还剩{n}天", n=n), lambda text: english(text, text)) for n in (0, 1, 2)] == [
        "0 days left", "1 day left", "2 days left",
    ]  # fmt: skip
    assert told(said("还剩{n:03d}天", n=1), str) == "还剩001天"


def test_a_copy_can_be_told_again_too() -> None:
    sentence = said("“{name}”有 {n} 行", name="甲", n=2)
    for again in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert again == sentence and told(again, lambda text: text.replace("行", "rows")) == "“甲”有 2 rows"


def test_a_day_is_said_without_noughts() -> None:
    assert clock.in_words(datetime(2026, 3, 9, 9, 5, tzinfo=clock.ZONE)) == "3月9日 09:05"
