"""The figures of a service in one line, for readers of either language."""

from __future__ import annotations

from fractions import Fraction

import pytest
from django.utils.translation import override

from mashang.catalogue.rules import Figures
from mashang.portals.hall.present import figures_line


@pytest.mark.parametrize(
    ("figures", "chinese", "english"),
    [
        (
            Figures(2, 5, 1, Fraction(3)),
            "2 次申请 · 5 份材料 · 跑 1 趟 · 3个工作日",
            "2 applications · 5 materials · 1 trip · 3 working days",
        ),
        (
            Figures(1, 1, 0, Fraction(1, 8)),
            "1 次申请 · 1 份材料 · 不用跑 · 1个工作时",
            "1 application · 1 material · no trip · 1 working hour",
        ),
    ],
)
def test_one_is_not_many(figures: Figures, chinese: str, english: str) -> None:
    assert figures_line(figures) == chinese
    with override("en"):
        assert figures_line(figures) == english
