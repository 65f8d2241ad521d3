"""What Django looks for in a database backend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from django.db.backends.utils import debug_transaction
from psycopg.adapt import Loader

from .prepared import Prepared


class Beyond(BaseTzLoader):  # type: ignore[misc]  # Django carries no types for it
    """Django's own reader."""

    timezone = UTC


class Instant(Loader):
    """An instant, which the server gives in UTC, as Django reads it and many times as fast."""

    timezone = UTC  # where Django looks for it

    def load(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # beyond the year 9999, or before the first
            beyond: datetime = Beyond(self.oid, self.connection).load(data)
            return beyond


class DatabaseWrapper(base.DatabaseWrapper):
    prepared: Prepared
    """What `kernel.sql` sends its statements with."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_loader("timestamptz", Instant)
        self.prepared = Prepared(connection)
        return connection

    def _commit(self) -> None:
        if self.connection is not None:
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
                self.prepared.commit()
