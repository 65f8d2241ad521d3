"""A villager of 桃溪镇 builds a house: from the hall to the certificate, the checks, the rating, and the score behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from mashang.cases import sweeps
from mashang.cases.models import Case
from mashang.kernel.actor import Actor
from mashang.performance import actions as performance
from mashang.performance.seeds import SHIPPED
from mashang.supervision.sweeps import supervise
from tests.flows.story import TOWN, Story, applicant, hand_in_house, reviewed

from .hands import fill, hand_in, photograph, press, saved

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
]
Seat = Callable[..., Page]
Turn = Callable[[str], datetime]
GOOD = {"finding": "good", "note": "现场与批准一致"}


def on_case(seat: Seat, login: str, number: str, **more: str) -> Page:
    return seat(login, f"/desk/case/{number}", **more)


def granted(seat: Seat, turn: Turn) -> str:
    """The application handed in, accepted, reviewed by three units, visited, granted and its certificates issued."""
    turn("2026-03-02 09:10")
    number = unquote(hand_in(seat("citizen")))
    turn("2026-03-02 09:45")
    window = seat("window", "/desk/")
    window.get_by_role("link", name="农村村民建房（建房审批）").click()
    press(window, "受理")
    turn("2026-03-03 09:00")
    for login, label in (("village", "建房资格审查"), ("land", "用地审查"), ("planning", "规划审查")):
        press(on_case(seat, login, number), f"{label}：填写意见", {"passed": "true", "opinion": "符合要求"})
    visit(seat, turn, number)
    turn("2026-03-04 10:00")
    press(on_case(seat, "town", number), "审批决定：准予")
    press(on_case(seat, "window", number), "制发乡村建设规划许可证和宅基地批准书：出证")
    return number


def visit(seat: Seat, turn: Turn, number: str) -> None:
    """The village walks the bounds, for which the statutory clock stands still; the first check stands at the siting."""
    village = on_case(seat, "village", number)
    press(village, "现场踏勘：开始踏勘（停表）", {"purpose": "现场踏勘", "expected": "2026-03-03T11:30"})
    expect(on_case(seat, "land", number).get_by_text("停表：现场踏勘").first).to_be_attached()
    turn("2026-03-03 11:00")
    phone = on_case(seat, "village", number, size="phone")
    phone.get_by_role("link", name="现场踏勘：踏勘完成").click()
    photograph(phone, {"passed": "true"})
    phone.locator("[data-send]").click()
    expect(phone.get_by_text("已办理。")).to_be_visible()
    check(seat, "land", "选址到场")


def check(seat: Seat, login: str, label: str, found: dict[str, str] | None = None) -> None:
    """A check on site: the phone's list of the day, photo, place, finding."""
    phone = seat(login, "/desk/sites", size="phone")
    phone.get_by_role("link", name=label).click()
    photograph(phone, found or GOOD)
    phone.locator("[data-send]").click()
    expect(phone.get_by_text("已办理。")).to_be_visible()


@pytest.mark.row("A7", "A19", "E9")
def test_a_villager_gets_a_certificate_four_checks_and_gives_a_rating(seat: Seat, turn: Turn, open_page: Seat) -> None:
    number = granted(seat, turn)
    citizen = seat("citizen", f"/my/{number}")
    expect(citizen.get_by_role("link", name="乡村建设规划许可证（PDF）")).to_be_visible()
    citizen.get_by_role("link", name="公开验证").last.click()
    expect(citizen.get_by_text("有效").first).to_be_visible()
    citizen.goto(f"/my/{number}/rate")
    citizen.get_by_label("非常满意").check()
    citizen.get_by_role("button", name="提交评价").click()
    expect(citizen.get_by_text("您的评价")).to_be_visible()
    for at, login, label in (
        ("2026-04-08 15:00", "planning", "放线到场"),
        ("2026-05-20 15:00", "planning", "关键节点到场"),
    ):
        turn(at)
        check(seat, login, label)
    assert Case.objects.get(number=number).state == "completed"
    turn("2026-10-12 09:00")
    completed(seat)
    visitor = open_page("/track")
    fill(visitor, {"number": number, "tail": applicant()["phone"][-4:]})
    visitor.get_by_role("button", name="查进度").click()
    expect(visitor.get_by_text("关键节点到场：符合")).to_be_visible()


def completed(seat: Seat) -> None:
    """The second application: the house stands, and the fourth check is the acceptance."""
    citizen = seat("citizen", "/apply/rural-house/completion?member=yes&building=new&farmland=no")
    person = {f"applicant.{name}": value for name, value in applicant().items()}
    fill(citizen, {"region": TOWN, **person, "completed_on": "2026-10-08", "deliver": "electronic"})
    citizen.get_by_role("button", name="提交申请").click()
    expect(citizen.get_by_role("heading", name="已收到您的申请")).to_be_visible()
    number = unquote(citizen.url.rstrip("/").split("/")[-2])
    press(on_case(seat, "window", number), "受理")
    check(seat, "planning", "竣工验收到场")


@pytest.mark.row("G5")
def test_a_receipt_is_downloaded_and_holds_on_the_proof_page(
    seat: Seat, turn: Turn, sealed: Callable[[], None], tmp_path: Path
) -> None:
    turn("2026-03-02 09:10")
    number = hand_in_house("citizen").number
    sealed()
    citizen = seat("citizen", f"/my/{number}")
    receipt = saved(citizen, "下载回执", tmp_path)
    citizen.get_by_role("link", name="怎样核验").click()
    citizen.get_by_label("回执文件（JSON）").set_input_files(receipt)
    citizen.get_by_role("button", name="核验").click()
    expect(citizen.get_by_text("核验通过")).to_be_visible()
    expect(citizen.get_by_text(number)).to_be_visible()
    forged = tmp_path / "改过的回执.json"
    other = number[:-1] + ("8" if number.endswith("9") else "9")
    forged.write_text(receipt.read_text("utf-8").replace(number, other), "utf-8")
    citizen.get_by_label("回执文件（JSON）").set_input_files(forged)
    citizen.get_by_role("button", name="核验").click()
    expect(citizen.get_by_text("核验不通过")).to_be_visible()


def overdue(turn: Turn) -> tuple[str, str]:
    """A case that the town lets lie until it is late; the numbers of the case and of the matter that the sweep makes."""
    turn("2026-03-02 09:10")
    story = hand_in_house("citizen")
    turn("2026-03-02 09:45")
    story.do("window", "accept", {}, "intake")
    turn("2026-03-03 09:30")
    reviewed(story)
    late = turn("2026-03-09 09:00")
    sweeps.fire(late)
    sweeps.expire(late)
    supervise(late)
    return story.number, Case.objects.get(kind="supervision").number


@pytest.mark.row("C1")
def test_an_overdue_case_is_supervised_and_stands_behind_the_units_score(seat: Seat, turn: Turn) -> None:
    number, matter = overdue(turn)
    inspector = seat("inspector", "/desk/watch")
    expect(inspector.get_by_text(matter)).to_be_visible()
    inspector.get_by_role("link", name="超期").first.click()
    inspector.get_by_role("link", name=number).click()
    expect(inspector.get_by_text("督办中")).to_be_visible()
    leader = seat("leader", "/cockpit/?place=350824")
    leader.locator('a[href*="what=late"]').first.click()
    expect(leader.get_by_text(number)).to_be_visible()
    turn("2026-03-10 10:00")
    Story(number).do("town", "grant", {}, "decision")
    now, office = turn("2026-04-02 09:00"), Actor.system("tests")
    scheme = performance.write_scheme(SHIPPED.read_text("utf-8"), "350824", by=office, now=now)
    performance.freeze_scheme(scheme, by=office, now=now)
    desk = seat("office", "/desk/score/run")
    fill(desk, {"scheme": str(scheme), "period": "2026-03"})
    desk.get_by_role("button", name="计算考评").click()
    expect(desk.get_by_text("2026年3月的考评已算出")).to_be_visible()
    desk.get_by_role("link", name="桃溪镇", exact=True).click()
    expect(desk.get_by_text("平台实测").first).to_be_visible()
    expect(desk.get_by_text("扣减的件").first).to_be_visible()
    desk.get_by_role("link", name=number).first.click()
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
