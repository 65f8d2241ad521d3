"""来文分析 with results on it: nothing for axe to find, nothing wider than a phone, a group opens to its letters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from mashang.text.training import read, train
from tests.portals.conftest import SIZES, too_wide
from tests.portals.test_text import REPLIES, lamps, sheet
from tests.text.sentences import labelled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
]
BODY = "三合村的路灯坏了很久一直没有人来修理请尽快处理，电话13959871234，车牌闽E12348"
PAIRS = [("id", "text"), ("甲", BODY), ("乙", "别的事情"), ("丙", f"{BODY}。")]
LETTERS = [("id", "text"), (1, "三合村小学教师和校车的问题"), (2, "东风路公交车红绿灯坏了")]
FILES = {  # tab → rows of its file
    "": REPLIES, "/hot": lamps(), "/similar": PAIRS, "/classify": LETTERS,
}  # fmt: skip


@pytest.fixture
def model(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "sorting.npz").write_bytes(train(read(*labelled()), {}).save())


def faults_of(page: Page, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], Path], name: str) -> list[str]:
    found = []
    for size in ("desk", "phone"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{name} {size}: {fault}" for fault in axe(page)]
        found += [f"{name} {size}: {wide} px too wide"] if (wide := too_wide(page)) else []
        shot(page, f"text-{name}-{size}")
    return found


@pytest.mark.usefixtures("model")
def test_results_are_for_everyone(seat: Callable[..., Page], axe: Any, shot: Any, tmp_path: Path) -> None:
    found = []
    page = seat("office", "/desk/text", locale="zh-CN")
    for tab, rows in FILES.items():
        file = tmp_path / "来文.csv"
        file.write_bytes(sheet(*rows).read())
        page.goto(f"/desk/text{tab}")
        page.set_input_files("input[type=file]", file)
        page.locator("form:has(input[type=file]) button.first").click()
        page.wait_for_selector("#found")
        if tab == "/hot":
            page.locator("#found summary").first.click()
            page.get_by_text("第3次").wait_for()
        found += faults_of(page, axe, shot, tab.strip("/") or "replies")
    title, body, reply, asked, answered = REPLIES[1]
    page.goto("/desk/text")
    for name, value in (("title", title), ("body", body), ("reply", reply), ("at", asked), ("replied_at", answered)):
        page.fill(f"[name={name}]", value)
    page.locator("form:has(textarea) button.first").click()
    page.wait_for_selector("#found")
    found += faults_of(page, axe, shot, "one")
    assert page.input_value("[name=body]") == body
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("model")
def test_a_table_is_taken_away_without_leaving_the_page(seat: Callable[..., Page], tmp_path: Path) -> None:
    file = tmp_path / "来文.csv"
    file.write_bytes(sheet(*REPLIES).read())
    page = seat("office", "/desk/text", locale="zh-CN")
    page.set_input_files("input[type=file]", file)
    page.get_by_label("下载表格").check()
    with page.expect_download() as taken:
        page.locator("form:has(input[type=file]) button.first").click()
    assert taken.value.suggested_filename == "答复检查.csv"
    assert "working_days" in Path(taken.value.path()).read_text("utf-8-sig")
