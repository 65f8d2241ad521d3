"""The stories play in the demo county."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mashang.org.models import Account
from tests.county import county

__all__ = ["county"]


@pytest.fixture
def sign_in(settings: Any) -> Callable[[str], Client]:
    """A browser in which the named account is signed in."""
    settings.MASHANG_MFA = False
    settings.DEMO = True

    def as_(login: str) -> Client:
        client = Client(headers={"Accept-Language": "zh-CN"})
        client.force_login(Account.objects.get(username=login), "django.contrib.auth.backends.ModelBackend")
        return client

    return as_
