"""Trouble happens in the demo county, over real connections; each test has a folder for files of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mashang.org.models import Account
from tests.county import county
from tests.flows.story import Story, at, hand_in_house
from tests.trouble import hands

__all__ = ["county"]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    return tmp_path


@pytest.fixture
def sign_in(settings: Any) -> Callable[[str], Client]:
    """A browser in which the holder of a demo account is signed in; a fault of ours is an answer of 500, not a traceback."""
    settings.DEMO = True

    def as_(login: str) -> Client:
        client = Client(raise_request_exception=False, headers={"Accept-Language": "zh-CN"})
        client.force_login(Account.objects.get(username=login), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return as_


@pytest.fixture
def others() -> Iterator[hands.Others]:
    """Programs of our own beside the test's; whatever happens, none of them outlives it."""
    started = hands.Others()
    yield started
    started.end()


@pytest.fixture
def story() -> Story:
    """The village house, handed in on a Monday morning."""
    with at("2026-03-02 09:10"):
        return hand_in_house("citizen")
