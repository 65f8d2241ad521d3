"""Hot-path statements on Django's own connection and transaction: bound by the server, prepared, able to pipeline.

Django's cursor binds parameters on the client, so that it can neither prepare nor pipeline; a case is taken in or
acted on with a handful of statements, and there each round trip counts. `statements()` is what tests count with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pydantic_core import from_json, to_json

_log: list[list[str]] = []


def _wrapper() -> BaseDatabaseWrapper:
    """Django's connection of this thread, looked up once a statement; opened when it is not yet."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    return wrapper


def run(sql: str, params: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
    """Send one statement (%s placeholders). Inside `pipeline()` it is only queued until something is fetched."""
    wrapper = _wrapper()
    wrapper.validate_no_broken_transaction()
    for log in _log:
        log.append(sql)
    with wrapper.wrap_database_errors:
        raw: psycopg.Connection[Any] = wrapper.connection
        cursor: psycopg.Cursor[Any] = psycopg.Cursor(raw) if "%b" in sql else psycopg.RawCursor(raw)
        cursor.execute(sql if "%b" in sql else _numbered(sql), params or None, prepare=True)
    return cursor


Part = tuple[str, str, Sequence[Any]]
"""One of several statements that go as one: its name (once in the whole), text and values."""


def together(parts: Sequence[Part], answer: str = "SELECT 0") -> psycopg.Cursor[Any]:
    """Send them as one statement. None sees what another writes; `answer` may read from those that return rows."""
    text = ", ".join(f"{name} AS ({part})" for name, part, _ in parts)
    return run(f"WITH {text} {answer}", [value for _, _, values in parts for value in values])


def as_json(value: Any) -> str:
    """For jsonb and jsonb_to_recordset; times as ISO 8601. Several times as fast as the standard library."""
    return to_json(value).decode()


def read_json(text: str | bytes) -> Any:
    """What a jsonb column holds; the counterpart of `as_json`."""
    return from_json(text)


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> bytes:
    """%s placeholders as PostgreSQL numbers them. Done once a text: psycopg itself reads long statements again each time."""
    head, *rest = sql.split("%s")
    text = head + "".join(f"${place}{part}" for place, part in enumerate(rest, start=1))
    return text.replace("%%", "%").encode()


@contextmanager
def pipeline() -> Iterator[None]:
    """Queue the statements inside and send them together; errors surface, as Django's, when the block ends."""
    wrapper = _wrapper()
    with wrapper.wrap_database_errors, wrapper.connection.pipeline():
        yield


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement sent inside, the ORM's too, for tests that assert how many an act costs."""
    log: list[str] = []

    def seen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        log.append(sql)
        return execute(sql, params, many, context)

    _log.append(log)
    try:
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(seen):
            yield log
    finally:
        _log.remove(log)
