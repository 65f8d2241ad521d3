"""事项管理 in a browser: nothing for axe to find, nothing wider than a phone; a draft is written, refused and published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mashang.catalogue import queries
from tests.portals.conftest import SIZES, too_wide

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
]
HERE = "/desk/catalogue/entry/food-business"
PAGES = {
    "list": "/desk/catalogue", "entry": HERE, "package": "/desk/catalogue/entry/rural-house", "fields": f"{HERE}/fields",
    "materials": f"{HERE}/materials", "steps": "/desk/catalogue/entry/rural-house/steps", "form": f"{HERE}/form",
    "questions": f"{HERE}/questions", "roles": f"{HERE}/roles", "parts": "/desk/catalogue/entry/rural-house/parts",
    "items": "/desk/catalogue/entry/rural-house/materials", "definition": f"{HERE}/definition", "preview": f"{HERE}/preview",
    "differences": f"{HERE}/differences", "new": "/desk/catalogue/new", "copy": "/desk/catalogue/new?of=food-business",
    "import": "/desk/catalogue/import",
}  # fmt: skip


def looked_at(page: Page, name: str, axe: Callable[[Page], list[str]], shot: Callable[..., Any]) -> list[str]:
    found = []
    for size in ("desk", "phone"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{name} {size}: {fault}" for fault in axe(page)]
        found += [f"{name} {size}: {wide} px too wide"] if (wide := too_wide(page)) else []
        shot(page, f"catalogue-{name}-{size}")
    page.set_viewport_size(dict(zip(("width", "height"), SIZES["desk"], strict=True)))
    return found


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_editors_pages_are_for_everyone(seat: Callable[..., Page], axe: Any, shot: Any, locale: str) -> None:
    page, found = seat("editor", "/desk/catalogue", locale=locale), []
    for name, path in PAGES.items():
        page.goto(path)
        found += looked_at(page, f"{name}-{locale}", axe, shot)
    assert not found, found


@pytest.mark.row("A1")
def test_a_draft_is_written_refused_and_published(
    seat: Callable[..., Page], axe: Any, shot: Any, open_page: Any
) -> None:
    page, found = seat("editor", f"{HERE}/fields", locale="zh-CN"), []
    open_page.complaints.clear()
    page.fill("[name=promised]", "30个工作日")
    page.click("[data-send]")
    expect(page.locator(".note.late")).to_contain_text("不能长于法定办结时限")
    found += looked_at(page, "faulty", axe, shot)
    page.locator("form:has(input[value=publish]) button").click()
    expect(page.locator(".faults")).to_contain_text("不能长于法定办结时限")
    found += looked_at(page, "refused", axe, shot)
    page.click(".note.late a")
    expect(page.locator("[name=promised]")).to_have_value("30个工作日")  # the link leads to the field that is wrong
    page.fill("[name=promised]", "4个工作日")
    page.click("[data-send]")
    page.goto(f"{HERE}/materials")
    page.click("button[name=more]")
    expect(page.locator("details.group-of")).to_have_count(4 + 2 + 5)
    page.locator("details.group-of").nth(8).locator("summary").click()
    page.locator("details.group-of").nth(8).locator("[name$='.name']").fill("场所使用证明")
    page.click("[data-send]")
    expect(page.locator("#draft")).to_contain_text("场所使用证明")
    page.fill("[name=note]", "武市监〔2026〕1号")
    page.locator("form:has(input[value=publish]) button").click()
    expect(page.locator("main")).to_contain_text("现行（第 2 版）")
    found += looked_at(page, "published", axe, shot)
    spec = queries.current("food-business").spec
    assert (spec.promised, spec.materials[-1].name) == ("4wd", "场所使用证明")
    assert all("422" in said for said in open_page.complaints)
    open_page.complaints.clear()
    assert not found, found
