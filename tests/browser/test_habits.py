"""What hands are used to, on the real pages: keys, no script, drafts, a weak signal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from mashang.approvals.models import SiteCheck
from mashang.cases.models import Case, Draft
from mashang.supervision import actions as _verbs  # noqa: F401 -- declares the procedure
from tests.flows.story import hand_in_house

from .hands import attach, fill, hand_in, house_form, photograph

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
]
Seat = Callable[..., Page]
Turn = Callable[[str], datetime]
APPLY = "/apply/rural-house/approval?member=yes&building=new&farmland=no"
OFFLINE_SAYS = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")


def accepted(turn: Turn) -> str:
    turn("2026-03-02 09:10")
    story = hand_in_house("citizen")
    turn("2026-03-02 09:45")
    story.do("window", "accept", {}, "intake")
    return story.number


def test_a_clerk_accepts_a_case_without_touching_the_mouse(seat: Seat, turn: Turn) -> None:
    turn("2026-03-02 09:10")
    number = hand_in_house("citizen").number
    page = seat("window", "/desk/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/case/**")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/do/accept/**")
    page.locator("[data-send]").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("“受理”已办理。")).to_be_visible()
    assert Case.objects.get(number=number).state == "accepted"


def test_a_villager_hands_in_with_scripts_turned_off(seat: Seat, turn: Turn) -> None:
    turn("2026-03-02 09:10")
    page = seat("citizen", "/", script=False)
    number = unquote(hand_in(page))
    page.get_by_role("link", name="看进度").click()
    expect(page.get_by_text("待受理").first).to_be_visible()
    assert Case.objects.get(number=number).state == "submitted"


def test_what_depends_on_an_answer_is_asked_only_after_it(seat: Seat, turn: Turn) -> None:
    turn("2026-03-02 09:10")
    page = seat("citizen", APPLY)
    old_house, drawing = page.get_by_label("旧房怎样处置"), page.get_by_label("通用图集图号")
    expect(old_house).to_be_hidden()
    page.get_by_label("有一处，新房建成后退出").check()
    expect(old_house).to_be_visible()
    page.get_by_label("没有", exact=True).check()
    expect(old_house).to_be_hidden()
    expect(drawing).to_be_hidden()
    page.get_by_label("选用通用图集（免费）").check()
    expect(drawing).to_be_visible()


def test_what_was_typed_survives_a_reload_a_refusal_and_is_forgotten_once_handed_in(
    seat: Seat, turn: Turn, open_page: Seat
) -> None:
    turn("2026-03-02 09:10")
    page = seat("citizen", APPLY)
    fill(page, house_form() | {"floors": "9"})
    expect(page.get_by_role("status").filter(has_text="草稿已")).to_be_visible()
    page.reload()
    expect(page.locator('[name="site.address"]')).to_have_value("新村 12 号旁（演示）")
    attach(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("alert")).to_contain_text("不能大于 3")
    expect(page.locator('[name="site.address"]')).to_have_value("新村 12 号旁（演示）")
    page.locator('[name="floors"]').fill("3")
    attach(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", name="已收到您的申请")).to_be_visible()
    kept = "Object.keys(localStorage).filter(name => name.includes('rural-house')).length"
    assert page.evaluate(kept) == 0
    page.goto(APPLY)
    expect(page.locator("main")).to_contain_text("已替您填好")  # of the case, which is said only where no draft is kept
    expect(page.locator('[name="floors"]')).to_have_value("3")
    open_page.complaints[:] = [said for said in open_page.complaints if "422" not in said]  # type: ignore[attr-defined]


def test_what_was_typed_for_an_action_is_forgotten_once_it_is_done_and_its_form_is_gone(seat: Seat, turn: Turn) -> None:
    number = accepted(turn)
    page = seat("land", f"/desk/case/{number}")
    page.get_by_role("link", name="用地审查：填写意见").click()
    form = page.url
    fill(page, {"passed": "true", "opinion": "不占基本农田（演示）"})
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已")
    page.reload()
    expect(page.locator("[name=opinion]")).to_have_value("不占基本农田（演示）")
    page.locator("[data-send]").click()
    expect(page.get_by_text("“填写意见”已办理。")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('draft')).length") == 0
    assert not Draft.objects.exists()
    page.goto(form)
    expect(page.locator("#notes")).to_contain_text("“用地审查”已经办过或还没有开始")
    expect(page.locator("[data-send]")).to_have_count(0)


def test_the_day_for_papers_that_may_follow_is_one_on_which_the_unit_is_open(seat: Seat, turn: Turn) -> None:
    turn("2026-09-21 09:10")
    story = hand_in_house("citizen")
    page = seat("window", f"/desk/case/{story.number}/do/accept/{story.step('intake').pk}")
    day = page.get_by_label("容缺材料补交期限")
    day.fill("2026-10-08")
    page.get_by_role("button", name="选日期").click()
    holiday = page.get_by_role("button", name="2026-10-01 国庆")
    expect(holiday).to_have_attribute("aria-disabled", "true")
    holiday.click(force=True)
    expect(day).to_have_value("2026-10-08")
    page.get_by_role("button", name="2026-10-09").click()
    expect(day).to_have_value("2026-10-09")
    day.fill("2026-10-17")
    day.press("Tab")
    expect(page.get_by_text("2026-10-17 是周末，不办公")).to_be_visible()


def test_a_matter_outlives_a_session_that_ends_while_it_is_written_and_the_sign_in_page_says_so(
    seat: Seat, turn: Turn
) -> None:
    turn("2026-03-02 09:10")
    page = seat("office", "/desk/watch/new")
    session = page.context.cookies()
    fill(page, {"cause": "占道施工未公示（演示）", "required": "三日内公示"})
    page.context.clear_cookies(name="mashang")
    page.locator("[data-send]").click()
    expect(page.locator("main")).to_contain_text("登录后回到刚才的页面，填过的内容还在，选过的文件请再核对一次。")
    page.context.add_cookies(session)
    page.goto(unquote(page.url).split("next=")[1])
    expect(page.locator("[name=cause]")).to_have_value("占道施工未公示（演示）")
    page.locator("[name=unit]").select_option(label="武平县岩前镇自然资源所")
    page.locator("[data-send]").click()
    expect(page.locator("#notes")).to_contain_text("已交办")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('draft')).length") == 0


def test_photos_outlive_a_session_that_ends_while_the_form_is_filled_in(seat: Seat, turn: Turn) -> None:
    number = accepted(turn)
    turn("2026-03-02 15:00")
    phone = seat("land", "/desk/sites", size="phone")
    session = phone.context.cookies()
    phone.get_by_role("link", name="选址到场").click()
    photograph(phone, {"finding": "good", "note": "四至与申请一致"})
    phone.context.clear_cookies(name="mashang")
    phone.locator("[data-send]").click()
    expect(phone.get_by_role("heading", name="登录")).to_be_visible()
    assert not SiteCheck.objects.exists()
    phone.context.add_cookies(session)
    phone.goto(unquote(phone.url).split("next=")[1])
    expect(phone.locator("#notes")).to_contain_text("已发送")
    expect(phone.locator("[data-send]")).to_have_count(0)
    assert SiteCheck.objects.filter(case__number=number, finding="good").count() == 1
    assert phone.evaluate("Object.keys(localStorage).filter((name) => name.includes('draft')).length") == 0


@pytest.mark.row("A19")
def test_a_site_check_made_without_a_signal_is_sent_later_and_counts_once(
    seat: Seat, turn: Turn, open_page: Seat
) -> None:
    number = accepted(turn)
    turn("2026-03-02 15:00")
    phone = seat("land", "/desk/sites", size="phone")
    phone.get_by_role("link", name="选址到场").click()
    photograph(phone, {"finding": "good", "note": "四至与申请一致"})
    phone.context.set_offline(True)
    phone.locator("[data-send]").click()
    expect(phone.locator("[data-queue] li")).to_have_count(1)
    assert not SiteCheck.objects.exists()
    phone.context.set_offline(False)
    phone.goto("/desk/sites")
    expect(phone.locator("[data-queue] li")).to_have_count(0)
    expect(phone.locator("#notes")).to_contain_text("已发送")
    phone.reload()
    assert SiteCheck.objects.filter(case__number=number, finding="good").count() == 1
    forgiven = [s for s in open_page.complaints if any(w in s for w in OFFLINE_SAYS)]  # type: ignore[attr-defined]
    open_page.complaints[:] = [s for s in open_page.complaints if s not in forgiven]  # type: ignore[attr-defined]
