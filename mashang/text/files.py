"""Files in and out of the text commands: a table read from a path, tables and values as the bytes of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mashang.kernel.refused import Refused

from .rules.tables import Table, as_csv, table_of


def read_table(path: Path, needed: Sequence[str] = (), least: int = 1, *, meant: bool = True) -> Table:
    """The table in a CSV file; `meant` as in `table_of`."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise Refused("table.in", f"读不了“{path}”：{fault.strerror}。", "in") from None
    return table_of(raw, path.name, needed, least, meant=meant)


def csv_bytes(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV file, with the mark that Excel needs."""
    return as_csv(heading, rows).encode()


def json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
