"""Real people at real pages: a Chromium for each, in the demo county, over connections that commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page

from mashang.kernel import clock
from mashang.ledger.actions import seal
from mashang.org.models import Account
from tests.county import county
from tests.portals.conftest import axe, open_page, shot

__all__ = ["axe", "county", "open_page", "shot"]

HERE = {"latitude": 25.2013, "longitude": 116.1021, "accuracy": 8}
SHUTTER = "Object.defineProperty(GeolocationPosition.prototype, 'timestamp', {{ get: () => {} }})"
"""The phone's clock stands where the county's stands; place and permission are the browser's own."""


@pytest.fixture(autouse=True)
def demo_mode(settings: Any, tmp_path: Path) -> None:
    """Demo accounts sign in without a second factor; files and keys belong to one test."""
    settings.DEMO = True
    settings.MASHANG_MFA = False
    settings.VAR = tmp_path


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], datetime]:
    """Turn the platform's one clock, for the server's threads as well."""

    def to(text: str) -> datetime:
        moment = clock.local(datetime.fromisoformat(text))
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return to


@pytest.fixture
def seat(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """`seat("land", "/desk/", size="phone")`: a demo account's browser, signed in, with its place to hand."""

    def taken(login: str, path: str = "/", **more: Any) -> Page:
        client = Client()
        client.force_login(Account.objects.get(username=login), "django.contrib.auth.backends.ModelBackend")
        name = django_settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "domain": "localhost", "path": "/", "expires": -1,
                  "httpOnly": True, "secure": False, "sameSite": "Lax"}  # fmt: skip
        page = open_page("about:blank", storage_state={"cookies": [cookie], "origins": []},
                         geolocation=HERE, permissions=["geolocation"], **more)  # fmt: skip
        page.context.add_init_script(SHUTTER.format(int(clock.now().timestamp() * 1000)))
        page.goto(path)
        return page

    return taken


@pytest.fixture
def sealed() -> Callable[[], None]:
    """Seal what was recorded, as the worker does each minute."""

    def done() -> None:
        for _ in range(50):
            if not seal(clock.now()):
                return

    return done
