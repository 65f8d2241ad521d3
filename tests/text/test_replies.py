"""What is said of an answer agrees with its parts."""

from __future__ import annotations

from mashang.text.rules.replies import Exchange, check_replies

LETTER = ("小区路灯不亮", "新罗区西陂街道龙腾小区路灯已经一周不亮，老人夜里出门摔倒，请尽快处理。")


def test_an_answer_that_passes_with_weak_parts_names_them() -> None:
    [found] = check_replies([Exchange(*LETTER, "您好，来信收悉。感谢您的关注，我们将进一步加强管理。", None)])
    assert found.verdict == "pass"
    assert found.parts["grounds"].value < 0.5
    assert found.reason.startswith("未到把关线；偏弱：")
    assert "没有写事实和依据" in found.reason
