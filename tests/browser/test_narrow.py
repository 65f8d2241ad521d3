"""Narrow windows: words stay whole, labels stand beside what they name, nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.portals.conftest import SIZES, too_wide

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db", "county"),
]
Seat = Callable[..., Page]

LEFT_OUT = """() => [...document.querySelectorAll(".cards-on-phone td[data-label]:not(.lead, .pick)")].flatMap((cell) => {
    const edge = cell.getBoundingClientRect().left + parseFloat(getComputedStyle(cell).paddingLeft)
    const words = document.createRange()
    words.selectNodeContents(cell)
    return [...words.getClientRects()].some((line) => line.left < edge - 1) ? [cell.textContent.trim()] : []
})"""
"""Cells of a card of which some line begins under the label."""

BROKEN = """() => [...document.querySelectorAll("main th")].flatMap((cell) => {
    const words = document.createRange()
    words.selectNodeContents(cell)
    const lines = new Set([...words.getClientRects()].map((line) => Math.round(line.top)))
    return lines.size > cell.textContent.trim().split(/\\s+/).length ? [cell.textContent.trim()] : []
})"""
"""Headings that stand on more lines than they have words."""


def test_what_a_card_says_hangs_beside_its_label(seat: Seat) -> None:
    page = seat("window", "/desk/admin/clocks", size="phone")
    assert page.locator(".cards-on-phone td[data-label]").count() > 100
    assert page.evaluate(LEFT_OUT) == []
    assert too_wide(page) == 0


def test_what_a_card_has_nothing_to_say_of_is_left_out(seat: Seat) -> None:
    page = seat("window", "/desk/admin/rights", size="phone")
    assert page.locator("td[data-label]", has_text="—").filter(visible=True).count() == 0
    assert page.locator("td[data-label]", has_text="有").filter(visible=True).count() > 50


def test_english_words_in_the_guides_table_stay_whole(open_page: Seat) -> None:
    page = open_page("/guide/rural-house", size="phone", locale="en-US")
    assert page.locator("main th").count() > 4
    assert page.evaluate(BROKEN) == []
    assert too_wide(page) == 0


def test_the_longest_button_keeps_within_the_page(seat: Seat) -> None:
    page = seat("citizen", "/my/mandates", size="phone", locale="en-US")
    page.locator(".form-end button").evaluate(
        "b => { b.textContent = 'Check of setting-out: Ask for an on-site check '.repeat(2) }"
    )
    assert too_wide(page) == 0


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_wide_tables_fit_every_window_in_large_print_too(seat: Seat, locale: str, elder: bool) -> None:
    page = seat("window", "/desk/admin/rights", locale=locale, elder=elder)
    for path in ("/desk/admin/rights", "/desk/admin/clocks"):
        page.goto(path)
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            assert too_wide(page) == 0, f"{path} {width}"
