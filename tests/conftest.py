"""What every test shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect

from mashang.clocks import queries as clock_queries
from mashang.org import kept
from mashang.site import messages
from tests.county import county_tables, forget
from tests.waiting import PATIENCE

__all__ = ["county_tables"]


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the process keeps would outlive the rolled-back rows of a test; so would the language asked for. Within a test it
    is kept however slow the machine is: what a test costs in statements must not hang on that."""
    forget()
    for room in (kept, clock_queries):
        monkeypatch.setattr(room, "monotonic", lambda: 0.0)
    yield
    forget()
    translation.deactivate()


messages.compile_all()
# a machine at work on other things is slow now and then: that says nothing of what is tested
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
expect.set_options(timeout=PATIENCE * 1000)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CI = os.environ.get("CI") == "true"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are skipped, with a notice; in CI they run, and fail for want of it.

    The demo county's tests come last: their acts really commit, and what they leave is nobody else's to find.
    """
    items.sort(key=lambda item: item.path.parent.name == "demo")
    if CHROMIUM is None and not IN_CI:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Iterator[Browser]:
    """Playwright runs a loop in this thread, under which Django has a connection of its own: closed while it still can be."""
    yield browser
    connections.close_all()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; as root it runs without its sandbox."""
    assert CHROMIUM, "no Chromium on this machine: apt-get install chromium"
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}
