"""pytest plugin (`-p` in pyproject.toml): where tests run. Loaded before pytest-django reads the settings.

Tests have a folder and an embedded server of their own, so that a demo running beside them is never touched, and a
database for each session, so that two sessions at once never share one.
"""

from __future__ import annotations

import os
import re

import psutil
import psycopg
from psycopg import sql

from mashang.site import paths, postgres

os.environ.setdefault("MASHANG_SECRET", "only-for-tests")
os.environ.setdefault("MASHANG_KEY", "only-for-tests")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's synchronous API runs inside an event loop
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashang.site.settings")


def drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database of tests. By force only if somebody is left in it: by force a vacuum at work there may not be ended."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(statement)
    except psycopg.errors.ObjectInUse:
        connection.execute(statement + sql.SQL(" WITH (FORCE)"))


def _own_folder() -> None:
    if not os.environ.get("MASHANG_VAR"):
        paths.VAR = paths.ROOT / "var" / "test"
        paths.KEYS, paths.DOCUMENTS = paths.VAR / "keys", paths.VAR / "documents"
        os.environ["MASHANG_VAR"] = str(paths.VAR)
    (paths.VAR / "static").mkdir(parents=True, exist_ok=True)  # the server of static files asks for it at its start


def _own_database() -> None:
    url = postgres.ensure(paths.VAR, durable=False)
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("MASHANG_TEST_NAME", f"mashang_{os.getpid()}")
    with psycopg.connect(url, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_mashang\\_%'"):
            owner = re.search(r"_(\d+)", name)
            if owner and not psutil.pid_exists(int(owner[1])):  # left behind by a session that was killed
                drop(connection, name)


_own_folder()
if not os.environ.get("DATABASE_URL"):
    _own_database()
