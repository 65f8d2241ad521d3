"""What people do with their hands, told once."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.flows.story import ANSWERS, PDF, PNG, TOWN, applicant

MATERIALS = ("identity", "household", "neighbours", "drawing")


def fill(page: Page, values: dict[str, str]) -> None:
    """Each field by its name, whatever kind of control it is."""
    for name, value in values.items():
        control = page.locator(f'[name="{name}"]')
        kind = control.first.get_attribute("type") or ""
        if kind == "hidden":
            continue
        if kind == "radio":
            page.locator(f'[name="{name}"][value="{value}"]').check()
        elif control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def house_form() -> dict[str, str]:
    """The form of the house as the story's villager fills it in, without the questions asked before."""
    asked_before = ("member", "building", "farmland", "site")
    plain = {name: value for name, value in ANSWERS.items() if name not in asked_before}
    person = {f"applicant.{name}": value for name, value in applicant().items()}
    return {"region": TOWN, **person, **plain, "site.address": ANSWERS["site"]["address"]}


def attach(page: Page, codes: tuple[str, ...] = MATERIALS) -> None:
    for code in codes:
        file = {"name": f"{code}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        page.locator(f'[name="materials.{code}"]').set_input_files(file)


def hand_in(page: Page) -> str:
    """From the hall's first page to the receipt, as a villager would: search, guide, questions, form, materials."""
    page.get_by_role("searchbox").fill("盖房子")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name="农村村民建房").click()
    expect(page.get_by_role("cell", name="3个工作日")).to_be_visible()
    page.get_by_role("link", name="申请：建房审批").click()
    for name, value in (("member", "yes"), ("building", "new"), ("farmland", "no")):
        page.locator(f'[name="{name}"][value="{value}"]').check()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("[name='applicant.name']")).to_have_value(applicant()["name"])
    fill(page, {name: value for name, value in house_form().items() if not name.startswith("applicant.")})
    attach(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", name="已收到您的申请")).to_be_visible()
    return page.url.rstrip("/").split("/")[-2]


def press(page: Page, label: str, values: dict[str, str] | None = None) -> None:
    """A button of the case page, its form, and back on the case with a word that it was done."""
    page.get_by_role("link", name=label, exact=True).click()
    fill(page, values or {})
    page.locator("[data-send]").click()
    expect(page.get_by_text(re.compile("已(办理|提交)。"))).to_be_visible()


def photograph(page: Page, values: dict[str, str]) -> None:
    """Evidence on a phone: a photo, the place that the phone knows, and what was found."""
    page.locator("input[data-photo]").set_input_files({"name": "现场.png", "mimeType": "image/png", "buffer": PNG})
    page.get_by_role("button", name="定位").click()
    expect(page.get_by_text("已定位")).to_be_visible()
    fill(page, values)


def saved(page: Page, label: str, folder: Path) -> Path:
    """What a link downloads."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=label).click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target
