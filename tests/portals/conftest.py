"""The browser's eye: pages in Chinese at a desk's size, axe, screenshots, and nothing said on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django import Settings

SHOTS = Path(__file__).resolve().parents[2] / "test-results" / "shots"
SIZES = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (360, 740)}


@pytest.fixture
def demo(settings: Settings) -> None:
    """Style pages are open."""
    settings.DEMO = True


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`open_page(path, size="phone", locale="en-US", elder=True, script=False)`: fails when the console complains."""
    contexts, complaints = [], []

    def opened(
        path: str, size: str = "desk", locale: str = "zh-CN", elder: bool = False, script: bool = True, **more: Any
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, has_touch=size == "phone",
            base_url=live_server.url, java_script_enabled=script, **more,
        )  # fmt: skip
        contexts.append(context)
        if elder:
            context.add_cookies([{"name": "mashang_elder", "value": "1", "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]  # a test that goes offline forgives what that says
    yield opened
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What axe finds against WCAG 2.2 AA, one line a fault; an empty list is what is wanted."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def found(page: Page) -> list[str]:
        answer = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]})
        return [
            f"{fault['id']}: {node['target']} {node['failureSummary']}"
            for fault in answer.response["violations"]
            for node in fault["nodes"]
        ]

    return found


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """`shot(page, "inbox-phone")` leaves a picture under test-results/shots for people to look at."""

    def taken(page: Page, name: str) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        return SHOTS / f"{name}.png"

    return taken


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window; 0 is what is wanted."""
    return max(0, page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def ids_twice(page: Page) -> list[str]:
    """Ids that more than one element has: a label or a link to a fault would lead to the wrong one."""
    return page.evaluate(
        """() => { const ids = [...document.querySelectorAll("[id]")].map((e) => e.id)
        return [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))] }"""
    )


def small_targets(page: Page, least: int = 44) -> list[str]:
    """Controls that a finger would miss: buttons, inputs and links that stand alone, smaller than `least` pixels."""
    return page.evaluate(
        """(least) => [...document.querySelectorAll("button, select, summary, input:not([type=hidden]), a.button, nav a, .menu a, .pairs a")]
        .filter((e) => e.offsetParent && !e.closest(".tiles"))
        .map((e) => [e, (e.closest("label") || e).getBoundingClientRect()])
        .filter(([e, box]) => box.height < least - 0.5 && getComputedStyle(e).position !== "absolute" && !e.closest(".pick"))
        .map(([e, box]) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 20)} ${Math.round(box.height)}`)""",
        least,
    )


@pytest.fixture
def sign_in_as() -> Callable[[Page], Page]:
    """Tell the scripts that someone is signed in, without an account: what the shell writes for one."""

    def told(page: Page, who: str = "staff:1") -> Page:
        page.evaluate("(who) => { document.body.dataset.who = who }", who)
        return page

    return told
