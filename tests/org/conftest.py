from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    """A slow hash of passwords is not what we test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
