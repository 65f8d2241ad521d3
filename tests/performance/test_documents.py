"""The documented format is the one that is read: every example parses, every method and option is named."""

from __future__ import annotations

import re

import pytest

from mashang.performance.rules.aggregate import MEANS
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.options import CHOICES, IMPUTES, LOGS
from mashang.performance.rules.parse import parse, toml

from .builders import ROOT

PAGE = (ROOT / "docs" / "scheme-format.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(n) for n in range(len(EXAMPLES))])
def test_every_example_on_the_page_is_a_sound_scheme(example: str) -> None:
    assert parse(toml(example.encode())).code


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_stands_on_the_page_with_all_its_options(kind: str) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` {KINDS[kind].label}"))
    missing = [option for option in KINDS[kind].options if f"`{option}`" not in row]
    assert not missing


def test_every_choice_stands_on_the_page() -> None:
    words = [*MEANS, *IMPUTES, *LOGS, *(choice for choices in CHOICES.values() for choice in choices)]
    assert not [word for word in words if word not in PAGE]
