"""What is said of an answer agrees with its parts."""

from __future__ import annotations

import pytest

from mashang.text.rules import replies as rules
from mashang.text.rules.replies import Exchange, check_replies

LETTER = ("小区路灯不亮", "新罗区西陂街道龙腾小区路灯已经一周不亮，老人夜里出门摔倒，请尽快处理。")


def test_an_answer_that_passes_with_weak_parts_names_them() -> None:
    [found] = check_replies([Exchange(*LETTER, "您好，路灯一事已收悉。感谢您的关注，我们将进一步加强管理。", None)])
    assert found.verdict == "pass"
    assert found.parts["grounds"].value < 0.5
    assert found.reason.startswith("未到把关线；偏弱：")
    assert "没有写事实和依据" in found.reason


LAMPS = "路灯坏了三个月没人修"
# answers that would do for any letter
PHRASES = [
    "感谢您的来信，我们会高度重视，积极跟进。",
    "您好，来信收悉。感谢您的关注，我们将进一步加强管理。",
    "您好！您反映的问题已转交相关单位调查处理，感谢您的监督。",
]


@pytest.mark.parametrize("reply", PHRASES)
@pytest.mark.parametrize(
    "letter", [(LAMPS, LAMPS), (LAMPS, ""), ("", LAMPS), ("", f"我们小区{LAMPS}，请尽快处理，感谢")]
)
def test_an_answer_that_would_do_for_any_letter_is_held(letter: tuple[str, str], reply: str) -> None:
    [found] = check_replies([Exchange(*letter, reply, None)])
    assert (found.verdict, found.parts["relevance"].value, found.parts["grounds"].value) == ("hold", 0, 0)
    assert found.risk >= 0.5
    assert "路灯坏了三个月没人修" in found.reason and "没有写事实和依据" in found.reason


@pytest.mark.parametrize("others", [1, 40])
def test_it_is_held_among_others_too_even_when_all_say_the_same(others: int) -> None:
    letters = [(f"第{n}号小区的{LAMPS}", "请处理") for n in range(others)]
    for replies in ([PHRASES[0]] * others, [*PHRASES * others][:others]):
        found = check_replies([Exchange(*letter, reply) for letter, reply in zip(letters, replies, strict=True)])
        assert {check.verdict for check in found} == {"hold"}


@pytest.mark.parametrize(
    "reply", ["路灯已于昨天修好，感谢您的来信。", "经现场核实，线路老化，已更换灯泡三只，感谢您的来信。"]
)
def test_a_short_answer_that_says_what_was_done_is_not_held(reply: str) -> None:
    [found] = check_replies([Exchange(LAMPS, LAMPS, reply)])
    assert found.verdict == "pass", found.reason


def test_equal_answers_are_named_in_a_file_of_which_only_some_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [
        Exchange(f"{name}小区{LAMPS}", "请处理", f"{name}小区的路灯经{name}所核实，已于{name}月修好。")
        for name in "甲乙丙丁戊己庚辛壬癸子丑"
    ]
    same = "您好，经现场核实，水管老化，已经更换，2026年3月1日恢复供水，感谢您的来信。"
    letters[1] = Exchange("自来水停了", "停水三天", same)
    letters[5] = Exchange("河道脏", "河里有垃圾", same.replace("，", ", ").replace("3", "4"))
    letters[9] = Exchange("停电", "夜里停电", f" {same}")
    letters[4] = letters[8] = Exchange("路灯", "路灯", "12 34。")
    monkeypatch.setattr(rules, "COMPARED", 4)  # rows 2, 5, 9 and 13
    found = check_replies(letters)
    assert [found[place].parts["template"].value for place in (1, 5, 9)] == [0, 0, 0]
    assert [found[place].parts["template"].passage for place in (1, 5, 9)] == [
        "与第 7 行的答复有 100% 相同",
        "与第 3 行的答复有 100% 相同",
        "与第 3 行的答复有 100% 相同",
    ]
    assert found[4].parts["template"].passage == "与其他答复不雷同"  # digits alone are no words
    assert "第 15 行" in check_replies(letters, range(10, 22))[1].parts["template"].passage


@pytest.mark.parametrize("letter", [("", ""), ("？！", ""), (" ", "。"), ("路灯", "路灯")])
def test_nothing_is_ever_quoted_between_empty_marks(letter: tuple[str, str]) -> None:
    for reply in (*PHRASES, "", "？", "路"):
        [found] = check_replies([Exchange(*letter, reply)])
        told = [found.reason, *(part.passage for part in found.parts.values())]
        assert not any("“”" in text for text in told), told
