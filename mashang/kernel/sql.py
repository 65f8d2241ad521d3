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

from .backend.prepared import Rows, Statement

_log: list[list[str]] = []


def run(sql: str, params: Sequence[Any] = ()) -> Rows:
    """Send one statement (%s placeholders), prepared by the server, in Django's transaction."""
    return _send((sql, params))[0]


def run_all(*statements: Statement) -> list[Rows]:
    """Send several that need no answer in between, in one trip; each sees what those before it did."""
    return _send(*statements)


def _send(*statements: Statement, last: bool = False) -> list[Rows]:
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    for log in _log:
        log.extend(sql for sql, _ in statements)
    with wrapper.wrap_database_errors:
        rows: list[Rows] = wrapper.prepared.run(*statements, last=last and len(wrapper.atomic_blocks) == 1)
    return rows


Part = tuple[str, str, Sequence[Any]]
"""One of several statements that go as one: its name (once in the whole), text and values."""


def together(parts: Sequence[Part], answer: str = "SELECT 0", *, last: bool = False) -> Rows:
    """Send them as one statement. None sees what another writes; `answer` may read from those that return rows.

    With `last` nothing else is to follow in the transaction, whose end goes in the same trip: they are kept when this
    returns, unless a transaction around it goes on.
    """
    text = ", ".join(f"{name} AS ({part})" for name, part, _ in parts)
    return _send((f"WITH {text} {answer}", [value for _, _, values in parts for value in values]), last=last)[0]


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
