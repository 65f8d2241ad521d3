"""Statements sent straight through libpq, prepared once a connection; other threads run while the server works.

psycopg's cursors wait in Python, which takes three times as long; reading and writing of values is psycopg's. What needs
no answer in between goes in one trip (libpq's pipeline): the beginning of a transaction, several statements, its end.
"""

from __future__ import annotations

import re
import select
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

    def __init__(self, reader: abc.Transformer, result: PGresult) -> None:
        if result.status == ExecStatus.TUPLES_OK:
            reader.set_pgresult(result)
        self._reader, self._count, self._next = reader, result.ntuples, 0

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


Statement = tuple[str, Sequence[Any]]
"""A text (%s placeholders, %b for binary values) and its values."""
Ready = tuple[bytes, abc.Transformer, Any]
"""What the server calls it, what reads and writes its values, and these as they are sent."""


class Prepared:
    """The statements prepared on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._names: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()
        self._numbers = count(1)
        self._readable, self._either = select.poll(), select.poll()
        self._readable.register(connection.pgconn.socket, select.POLLIN)
        self._either.register(connection.pgconn.socket, select.POLLIN | select.POLLOUT)

    def run(self, *statements: Statement, last: bool = False) -> list[Rows]:
        """Send them, in a transaction where Django wants one; all are prepared first, then each sees what those before it
        did. With `last` the transaction ends with them. Raises psycopg's errors, the first of several."""
        pg = self._connection.pgconn
        ready = [self._ready(*statement) for statement in statements]  # SET TRANSACTION may follow nothing but BEGIN
        first = pg.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit
        if len(ready) == 1 and not first and not last:
            [(name, values, dumped)] = ready
            results = [pg.exec_prepared(name, dumped, values.formats)]
        else:
            results = self._in_one_trip(ready, first, last)
        for result in results:
            self._done(result)
        return [Rows(values, result) for (_, values, _), result in zip(ready, results[first:], strict=False)]

    def _ready(self, sql: str, params: Sequence[Any]) -> Ready:
        values = Transformer(self._connection)
        text, formats = numbered(sql)
        dumped = values.dump_sequence(params, formats)
        return self._name(sql, text, values.types or ()), values, dumped

    def _in_one_trip(self, ready: Sequence[Ready], first: bool, last: bool) -> list[PGresult]:
        """The results of BEGIN (with `first`), the statements, and COMMIT (with `last`); after one that failed the server
        does none."""
        pg = self._connection.pgconn
        try:
            pg.enter_pipeline_mode()
            if first:
                pg.send_query_params(b"BEGIN", None)
            for name, values, dumped in ready:
                pg.send_query_prepared(name, dumped, values.formats)
            if last:
                pg.send_query_params(b"COMMIT", None)
            pg.pipeline_sync()
            while pg.flush():  # more than the socket takes at once, while the server may have begun to answer
                self._either.poll()
                pg.consume_input()
            sent = first + len(ready) + last
            answers = [self._next() for _ in range(2 * sent + 1)]  # a result and None for each; the trip's end
            pg.exit_pipeline_mode()
        except BaseException:  # half a trip is no place to go on from
            self._connection.close()
            raise
        return [result for result in answers[:-1:2] if result is not None]

    def _next(self) -> PGresult | None:
        pg = self._connection.pgconn
        while pg.is_busy():
            self._readable.poll()
            pg.consume_input()
        return pg.get_result()

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
