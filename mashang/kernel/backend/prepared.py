"""Statements sent straight through libpq: prepared once a connection, each awaited in one call during which other threads run.

psycopg's cursors wait in Python, which takes three times as long as the call; reading and writing of values is psycopg's.
A signal is heard when the statement in hand is done.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

MOST = 100
"""Statements kept prepared on a connection; the one not used for longest goes first."""
_FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY}


class Rows:
    """What came back, read row by row, all at once, or in a loop."""

    __slots__ = ("_count", "_next", "_reader")

    def __init__(self, reader: abc.Transformer, count: int) -> None:
        self._reader, self._count, self._next = reader, count, 0

    def fetchone(self) -> Any:
        """The next row, None after the last."""
        if self._next == self._count:
            return None
        self._next += 1
        return self._reader.load_row(self._next - 1, tuple)

    def fetchall(self) -> list[Any]:
        """The rows not read so far."""
        first, self._next = self._next, self._count
        rows: list[Any] = self._reader.load_rows(first, self._count, tuple)
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())


class Prepared:
    """The statements prepared on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._names: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()
        self._numbers = count(1)

    def run(self, sql: str, params: Sequence[Any]) -> Rows:
        """Send one statement (%s placeholders, %b for binary values) with its values, in a transaction where Django wants one.
        Raises psycopg's errors."""
        pg, values = self._connection.pgconn, Transformer(self._connection)
        text, formats = numbered(sql)
        dumped = values.dump_sequence(params, formats)
        name = self._name(sql, text, values.types or ())  # first, for SET TRANSACTION may follow nothing but BEGIN
        if pg.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit:
            self._done(pg.exec_(b"BEGIN"))
        result = self._done(pg.exec_prepared(name, dumped, values.formats))  # type: ignore[arg-type]  # None is NULL
        if result.status == ExecStatus.TUPLES_OK:
            values.set_pgresult(result)
        return Rows(values, result.ntuples)

    def commit(self) -> None:
        """End the transaction, if there is one."""
        if self._connection.pgconn.transaction_status != TransactionStatus.IDLE:
            self._done(self._connection.pgconn.exec_(b"COMMIT"))

    def _name(self, sql: str, text: bytes, types: tuple[int, ...]) -> bytes:
        """What the statement is called on the server, which learns it the first time."""
        key, pg = (sql, types), self._connection.pgconn
        if name := self._names.get(key):
            self._names.move_to_end(key)
            return name
        if len(self._names) == MOST:
            _, oldest = self._names.popitem(last=False)
            self._done(pg.exec_(b"DEALLOCATE " + oldest))
        name = b"mashang_%d" % next(self._numbers)
        self._done(pg.prepare(name, text, types))
        self._names[key] = name
        return name

    def _done(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self._connection.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result, encoding=self._connection.info.encoding)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[bytes, list[PyFormat]]:
    """The placeholders as PostgreSQL numbers them, and the formats of their values; %% is a percent sign."""
    formats: list[PyFormat] = []

    def place(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        formats.append(_FORMATS[found[1]])
        return f"${len(formats)}"

    return re.sub("%([sb%])", place, sql).encode(), formats
