"""Hot-path statements on Django's own connection and transaction: bound by the server and prepared.

Django's cursor binds parameters on the client, so that it cannot prepare; a case is taken in or acted on with a handful
of statements, and there each counts. `statements()` is what tests count with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from pydantic_core import from_json, to_json

from .backend.prepared import Rows

_log: list[list[str]] = []


def run(sql: str, params: Sequence[Any] = ()) -> Rows:
    """Send one statement (%s placeholders), prepared by the server, in Django's transaction."""
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    for log in _log:
        log.append(sql)
    with wrapper.wrap_database_errors:
        rows: Rows = wrapper.prepared.run(sql, params)
    return rows


Part = tuple[str, str, Sequence[Any]]
"""One of several statements that go as one: its name (once in the whole), text and values."""


def together(parts: Sequence[Part], answer: str = "SELECT 0") -> Rows:
    """Send them as one statement. None sees what another writes; `answer` may read from those that return rows."""
    text = ", ".join(f"{name} AS ({part})" for name, part, _ in parts)
    return run(f"WITH {text} {answer}", [value for _, _, values in parts for value in values])


def as_json(value: Any) -> str:
    """For jsonb and jsonb_to_recordset; times as ISO 8601. Several times as fast as the standard library."""
    return to_json(value).decode()


def read_json(text: str | bytes) -> Any:
    """What a jsonb column holds; the counterpart of `as_json`."""
    return from_json(text)


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
