"""Every component on its style page, in a real browser: axe, sizes, languages, large print, no script."""

from __future__ import annotations

import pytest

from mashang.portals.shared import samples

from .conftest import small_targets, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo")]
PAGES = [f"/styleguide/{name}" for name in samples.PORTALS] + ["/styleguide/forms?wrong=1", "/styleguide/check"]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_a_phone_shows_it_all(path, open_page, axe):
    page = open_page(path, size="phone")
    assert axe(page) == []
    assert too_wide(page) == 0
    assert small_targets(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_desk_shows_it_in_english_without_chinese_controls(path, open_page, axe):
    page = open_page(path, locale="en-US")
    assert page.get_attribute("html", "lang") == "en"
    assert axe(page) == []
    assert too_wide(page) == 0
    assert page.get_by_role("link", name="Skip to content").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_large_print_fits_a_phone_and_a_tablet(path, open_page, axe):
    page = open_page(path, size="phone", elder=True)
    assert too_wide(page) == 0
    assert axe(page) == []
    page.set_viewport_size({"width": 1024, "height": 768})
    assert too_wide(page) == 0


def test_the_wall_screen_is_readable(open_page, axe):
    assert axe(open_page("/styleguide/cockpit?wall=1")) == []


def test_twice_the_zoom_loses_nothing(open_page):
    """200 % of 1280 px is a window of 640."""
    page = open_page("/styleguide/desk")
    page.set_viewport_size({"width": 640, "height": 480})
    assert too_wide(page) == 0
    assert page.get_by_role("link", name="户外广告设置（商场外墙）").is_visible()


def test_without_script_a_form_is_sent_and_told_what_is_wrong(open_page):
    page = open_page("/styleguide/check", script=False)
    page.get_by_label("检查情况").fill("短")
    page.get_by_role("button", name="提交检查").click()
    assert page.locator(".field.wrong .fault").inner_text() == "检查情况至少写五个字。"
    assert page.get_by_label("检查情况").input_value() == "短"
    page.get_by_label("检查情况").fill("地基已开挖")
    page.get_by_role("button", name="提交检查").click()
    assert page.url.endswith("/styleguide")
    open_page.complaints.clear()


def test_the_phones_bottom_bar_opens_the_rest_without_script(open_page):
    page = open_page("/styleguide/desk", size="phone", script=False)
    assert not page.get_by_role("link", name="台账").is_visible()
    page.get_by_text("更多", exact=True).click()
    assert page.get_by_role("link", name="台账").is_visible()


def test_large_print_is_one_press_away_and_comes_back(open_page):
    page = open_page("/styleguide/hall", script=False)
    page.get_by_role("button", name="适老版").click()
    assert "elder" in page.get_attribute("html", "class")
    assert page.url.endswith("/styleguide/hall")
    page.get_by_role("button", name="标准版").click()
    assert "elder" not in page.get_attribute("html", "class")


def test_the_language_is_one_press_away(open_page):
    page = open_page("/styleguide/hall")
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="What would you like to do?").is_visible()
