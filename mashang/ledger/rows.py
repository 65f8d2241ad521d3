"""Entries read in bulk, as the bytes of their leaves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import ExecStatus

from mashang.kernel import sql

from .rules.merkle import WIDTH

_COLUMNS = "SELECT era, xid, id, subject, body FROM ledger_entry"
_HEADER = 19  # bytes that open a binary COPY; its end is a row of 2 bytes
_END = b"\x00\xff\xff"

Horizon = tuple[int, int]  # (era, transaction)


def leaves(start: Horizon | None, end: Horizon | None) -> Iterator[list[bytes]]:
    """Entries from `start` (the first) up to `end` (the last) in their order, 256 at a time, each as what its leaf
    hashes: a zero byte and its columns (`Row.leaf`). Within a transaction; nothing else may be asked of the connection
    before the last one is read."""
    bounds = ["true"]
    for sign, bound in ((">=", start), ("<", end)):
        if bound:
            bounds.append(f"(era, xid) {sign} ({bound[0]:d}, '{bound[1]:d}'::xid8)")
    query = f"COPY ({_COLUMNS} WHERE {' AND '.join(bounds)} ORDER BY era, xid, id) TO STDOUT (FORMAT binary)"
    with connection.wrap_database_errors:
        yield from _copied(_raw().pgconn, query)


def one_row(statement: str, *params: Any) -> Any:
    return sql.run(statement, params).fetchone()


def _raw() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


def _copied(server: Any, query: str) -> Iterator[list[bytes]]:
    """libpq's own loop: per row a fifth of the cost of psycopg's, which is made for sockets that must not block."""
    begun = server.exec_(query.encode())
    if begun.status != ExecStatus.COPY_OUT:
        raise psycopg.DatabaseError(begun.get_error_message())
    rows = iter(partial(server.get_copy_data, 0), (-1, b""))
    try:
        opening = b"\x00" + next(rows)[1][_HEADER:]  # the header comes with the first row or alone
        chunk = [opening] if len(opening) > 1 else []
        while chunk := chunk + [b"\x00" + data for _, data in islice(rows, WIDTH - len(chunk))]:
            yield chunk if chunk[-1] != _END else chunk[:-1]
            chunk = []
    finally:
        for _ in rows:  # the connection is free again only when all is read
            pass
        while ended := server.get_result():
            if ended.status == ExecStatus.FATAL_ERROR:
                raise psycopg.DatabaseError(ended.get_error_message())
