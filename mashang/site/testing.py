"""pytest plugin (`-p` in pyproject.toml): where tests run. Loaded before pytest-django reads the settings.

Tests have a folder and an embedded server of their own, so that a demo running beside them is never touched, and a
database for each session, so that two sessions at once never share one. Where several workers share a session, each
after the first has a folder and a server to itself: numbers of transactions, and how long one holds others back,
belong to a whole server. In a DATABASE_URL given from outside, `{worker}` stands for the worker's name; without it
there is one server, and one worker.
"""

from __future__ import annotations

import os
import re
from importlib import reload
from pathlib import Path

import psutil
import psycopg
import pytest

from mashang.site import paths, postgres

FIRST = "gw0"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", FIRST)
SERVER = os.environ.setdefault("MASHANG_TEST_SERVER", os.environ.get("DATABASE_URL", ""))  # workers inherit it
MOST = 4  # workers

os.environ.setdefault("MASHANG_SECRET", "only-for-tests")
os.environ.setdefault("MASHANG_KEY", "only-for-tests")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's synchronous API runs inside an event loop
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashang.site.settings")


def _own_folder() -> None:
    folder = Path(os.environ.get("MASHANG_VAR") or paths.ROOT / "var" / "test")
    os.environ["MASHANG_VAR"] = str(folder if WORKER == FIRST else folder / WORKER)
    reload(paths)
    (paths.VAR / "static").mkdir(parents=True, exist_ok=True)  # the server of static files asks for it at its start


def _own_database() -> None:
    if SERVER:
        os.environ["DATABASE_URL"] = SERVER.replace("{worker}", WORKER)
        return
    url = postgres.ensure(paths.VAR, durable=False)
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("MASHANG_TEST_NAME", f"mashang_{os.getpid()}")
    with psycopg.connect(url, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_mashang\\_%'"):
            owner = re.search(r"_(\d+)", name)
            if owner and not psutil.pid_exists(int(owner[1])):  # left behind by a session that was killed
                postgres.drop(connection, name)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # xdist comes later, with an answer of its own
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: one for each core, as far as there are servers for them."""
    return min(psutil.cpu_count() or 1, MOST) if not SERVER or "{worker}" in SERVER else 1


_own_folder()
_own_database()
