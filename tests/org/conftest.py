from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _quick_and_quiet(settings: Any, tmp_path: Path) -> None:
    """WhiteNoise warns when the folder of collected files is missing; a slow hash of passwords is not what we test."""
    settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
