"""What hands are used to: keys, drafts, one send, days off, photos and a weak signal."""

from __future__ import annotations

import base64
import json
import re

import pytest
from playwright.sync_api import expect

from mashang.portals.shared import samples
from mashang.portals.shared.context import script_strings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo")]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OFFLINE_SAYS = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")


def test_slash_finds_j_and_k_move_a_acts_and_enter_opens(open_page):
    page = open_page("/styleguide/desk")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="临时拱门设置")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="户外广告设置")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#1$"))
    page.keyboard.press("a")
    expect(page.get_by_role("link", name="准予并出证")).to_be_focused()


def test_a_question_mark_tells_the_keys_and_they_can_be_turned_off(open_page):
    page = open_page("/styleguide/desk")
    page.keyboard.press("?")
    page.get_by_label("停用单个字母的快捷键").check()
    page.get_by_role("button", name="关闭").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_letters_typed_into_a_field_are_only_letters(open_page):
    page = open_page("/styleguide/desk")
    page.get_by_role("searchbox").press_sequentially("jak?/")
    assert page.get_by_role("searchbox").input_value() == "jak?/"


def test_picking_rows_marks_them(open_page):
    page = open_page("/styleguide/desk")
    page.get_by_label("选择 漳浦-准-2026-004512").check()
    assert page.locator("tr[aria-selected=true]").count() == 1
    page.get_by_label("全选").check()
    assert page.locator("tr[aria-selected=true]").count() == 5


def test_what_was_typed_is_there_again_after_a_reload_and_can_be_thrown_away(open_page):
    page = open_page("/styleguide/forms")
    page.get_by_label("补充说明").fill("宅基地东侧有一条水沟")
    page.get_by_label("原址翻建").check()
    expect(page.get_by_role("status").filter(has_text="草稿已存在本机")).to_be_visible()
    page.reload()
    expect(page.get_by_label("补充说明")).to_have_value("宅基地东侧有一条水沟")
    expect(page.get_by_label("原址翻建")).to_be_checked()
    page.get_by_role("button", name="清除草稿").click()
    expect(page.get_by_label("补充说明")).to_have_value("")
    page.reload()
    expect(page.get_by_label("补充说明")).to_have_value("")


def test_with_the_readers_own_colours_a_line_says_where_one_is(open_page):
    page = open_page("/styleguide/desk", forced_colors="active")
    for place in (".side", ".tabs"):
        here = page.locator(f"{place} a[aria-current]").first
        assert here.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


@pytest.mark.parametrize("trouble", ["500", "no signal"])
def test_a_part_that_cannot_be_had_is_told_in_a_line_until_the_next_one_comes(open_page, trouble):
    page = open_page("/styleguide/parts")
    kept = page.locator(".progress").first.inner_text()
    whole = "<!doctype html><body><header>马上办</header><h1>Bad gateway</h1></body>"
    part = "**/styleguide/progress/*"
    page.route(part, lambda r: r.abort() if trouble == "no signal" else r.fulfill(status=502, body=whole))
    expect(page.locator("#notes")).to_contain_text("请稍后再试；您填的内容还在。")
    expect(page.locator("#notes")).not_to_contain_text("Bad gateway")
    assert page.locator(".progress").first.inner_text() == kept
    page.unroute(part)
    expect(page.locator("#notes")).to_be_empty()
    open_page.complaints.clear()


@pytest.mark.parametrize("width", [360, 320])
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_in_a_narrow_window_the_name_of_the_platform_is_not_written_over(open_page, width, locale):
    page = open_page("/styleguide/forms", size="phone", locale=locale)
    page.set_viewport_size({"width": width, "height": 740})
    brand, first = page.locator(".bar .brand").bounding_box(), page.locator(".bar-end button").first.bounding_box()
    assert first["x"] >= brand["x"] + brand["width"] or first["y"] >= brand["y"] + brand["height"]


def test_on_a_phone_what_has_the_focus_is_not_under_the_dock(open_page):
    page = open_page("/styleguide/desk", size="phone")
    page.set_viewport_size({"width": 360, "height": 400})
    under = (
        page.locator("main a[data-row]")
        .nth(1)
        .evaluate(
            """(link) => { const box = () => link.getBoundingClientRect(), dock = document.querySelector(".dock").getBoundingClientRect();
        scrollTo(0, scrollY + box().bottom - innerHeight + 4); const before = box().bottom > dock.top; link.focus();
        return [before, box().bottom > dock.top] }"""
        )
    )
    assert under == [True, False]


def test_columns_that_stand_below_each_other_on_paper_keep_their_distance(open_page):
    page = open_page("/styleguide/case")
    page.emulate_media(media="print")
    first, second = (page.locator(f".cols > :nth-child({n})").first.bounding_box() for n in (1, 2))
    assert second["y"] - first["y"] - first["height"] >= 20


def test_a_visitors_draft_does_not_outlive_the_tab(open_page):
    page = open_page("/styleguide/forms")
    page.get_by_label("补充说明").fill("只在这里")
    expect(page.get_by_role("status").filter(has_text="草稿已存在本机")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('draft')).length") == 0
    assert page.evaluate("Object.keys(sessionStorage).filter((k) => k.includes('draft')).length") == 1


def test_a_form_goes_out_once_however_often_it_is_sent(open_page):
    page = open_page("/styleguide/forms")
    page.evaluate(
        """() => { window.sent = 0; const form = document.querySelector("form[data-once]");
        form.addEventListener("submit", (e) => { if (!e.defaultPrevented) window.sent++; });
        window.addEventListener("submit", (e) => { if (!e.defaultPrevented) { window.out = (window.out || 0) + 1; e.preventDefault(); } }); }"""
    )
    page.get_by_label("补充说明").focus()
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("button", name="提交申请").click()
    assert page.evaluate("window.out") == 1


def test_every_form_carries_a_key_of_its_own(open_page):
    first = open_page("/styleguide/forms").locator("input[name=key]").input_value()
    second = open_page("/styleguide/forms").locator("input[name=key]").input_value()
    assert len(first) == 32
    assert first != second


def test_days_off_are_named_and_cannot_be_picked(open_page, axe):
    page = open_page("/styleguide/forms")
    page.get_by_label("计划开工日期").fill("2026-10-08")
    page.get_by_role("button", name="选日期").click()
    holiday = page.get_by_role("button", name="2026-10-01 国庆节")
    expect(holiday).to_have_attribute("aria-disabled", "true")
    holiday.click(force=True)
    expect(page.get_by_text("2026-10-01 是国庆节，不办公")).to_be_visible()
    expect(page.get_by_role("button", name="2026-10-10 国庆节调休")).not_to_have_attribute("aria-disabled", "true")
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="选日期").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_label("计划开工日期")).to_have_value("2026-10-09")


def test_a_day_off_that_is_typed_is_told(open_page):
    page = open_page("/styleguide/forms")
    page.get_by_label("计划开工日期").fill("2026-10-03")
    page.get_by_label("计划开工日期").press("Tab")
    expect(page.get_by_text("2026-10-03 是周末，不办公")).to_be_visible()


def test_photos_are_made_small_before_they_travel(open_page):
    page = open_page("/styleguide/forms", size="phone")
    page.evaluate(
        """async () => { const c = Object.assign(document.createElement("canvas"), {width: 3200, height: 2400}), g = c.getContext("2d");
        for (let i = 0; i < 4000; i++) { g.fillStyle = `hsl(${i * 37 % 360} 60% 50%)`; g.fillRect((i * 53) % 3200, (i * 97) % 2400, 90, 70); }
        const b = await new Promise((r) => c.toBlob(r, "image/jpeg", 0.99)), box = new DataTransfer();
        box.items.add(new File([b], "site.jpg", {type: "image/jpeg"})); window.before = b.size;
        const input = document.querySelector("[data-photo]"); input.files = box.files; input.dispatchEvent(new Event("change")); }"""
    )
    expect(page.get_by_text("已压缩为")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-photo]').files[0].size < window.before / 2")


def test_the_place_fills_itself_in(open_page):
    where = {"latitude": 25.0953, "longitude": 116.1002}
    page = open_page("/styleguide/forms", size="phone", geolocation=where, permissions=["geolocation"])
    page.get_by_role("button", name="定位").click()
    expect(page.get_by_label("宅基地位置")).to_have_value("25.095300, 116.100200")
    assert page.locator("[data-lat]").input_value() == "25.095300"
    assert page.locator("[data-at]").input_value().endswith("Z")


def test_without_a_signal_a_site_check_waits_on_the_phone_and_is_sent_later(open_page, sign_in_as, monkeypatch):
    taken: list[str] = []
    monkeypatch.setattr(samples, "check", taken.append)
    page = sign_in_as(open_page("/styleguide/check", size="phone"))
    page.get_by_label("检查情况").fill("地基已开挖，四至与批准一致")
    page.set_input_files("[data-photo]", {"name": "a.png", "mimeType": "image/png", "buffer": PIXEL})
    key = page.locator("input[name=key]").input_value()
    page.context.set_offline(True)
    page.get_by_role("button", name="提交检查").click()
    expect(page.locator("[data-queue] li")).to_contain_text("等待发送")
    posted = []
    page.on("request", lambda r: posted.append(r) if r.method == "POST" else None)
    page.context.set_offline(False)
    expect(page.locator("[data-queue] li")).to_have_count(0)
    assert [r.headers["idempotency-key"] for r in posted] == [key]
    assert taken == ["地基已开挖，四至与批准一致"]
    open_page.complaints[:] = [c for c in open_page.complaints if not any(said in c for said in OFFLINE_SAYS)]


def test_a_refused_site_check_keeps_words_and_photos(open_page, sign_in_as):
    page = sign_in_as(open_page("/styleguide/check", size="phone"))
    page.get_by_label("检查情况").fill("短")
    page.set_input_files("[data-photo]", {"name": "a.png", "mimeType": "image/png", "buffer": PIXEL})
    page.get_by_role("button", name="提交检查").click()
    expect(page.get_by_role("alert")).to_contain_text("检查情况至少写五个字")
    expect(page.get_by_label("检查情况")).to_have_value("短")
    assert page.evaluate("document.querySelector('[data-photo]').files.length") == 1
    open_page.complaints[:] = [c for c in open_page.complaints if "422" not in c]


def test_progress_moves_and_ends(open_page):
    page = open_page("/styleguide/parts")
    expect(page.get_by_text("20 / 40")).to_be_visible()
    expect(page.get_by_role("link", name="查看结果")).to_be_visible()


def test_the_strings_of_the_scripts_are_complete(open_page):
    page = open_page("/styleguide/desk", locale="en-US")
    words = json.loads(page.locator("#mashang-strings").text_content())
    assert words.keys() == script_strings().keys() and all(words.values())
    assert not [text for text in words.values() if any("\u4e00" <= c <= "\u9fff" for c in text)]
