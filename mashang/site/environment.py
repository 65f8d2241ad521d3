"""What must stand before Django starts: the keys, the database, the settings module."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import django
from django.db import OperationalError, connection

from mashang.kernel.refused import Refused

from . import postgres
from .paths import KEYS, VAR

EMBEDDED = "MASHANG_EMBEDDED"


def prepare(*, start_django: bool = True, database: bool = True) -> None:
    """Give the settings what they read from the environment. What the environment already holds is left alone; an
    embedded database named there by a parent process is joined, so that it stays up as long as this process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashang.site.settings")
    for variable, name in (("MASHANG_SECRET", "secret"), ("MASHANG_KEY", "vault")):
        if not os.environ.get(variable):
            os.environ[variable] = key(KEYS / name)
    if database and embedded():
        os.environ["DATABASE_URL"] = os.environ[EMBEDDED] = postgres.ensure(VAR)
    if start_django:
        django.setup()


def require_tables() -> None:
    """Refuses a database that does not answer, and one in which nothing has been set up."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('ledger_entry')")
            if cursor.fetchone()[0]:
                return
    except OperationalError as fault:
        raise Refused("database.unreachable", f"连不上数据库，请核对 DATABASE_URL：{fault}") from None
    raise Refused("database.empty", "这个数据库里还没有表，请先运行 mashang setup（或 make demo）。")


def embedded() -> bool:
    """Whether the platform works on its own PostgreSQL and not on one named by DATABASE_URL."""
    named = os.environ.get("DATABASE_URL", "")
    return not named or named == os.environ.get(EMBEDDED)


def key(path: Path) -> str:
    """The secret kept in a file of mode 600, made at the first call; two first calls at once agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
