"""Files in and out of the text commands: a table read from a path, files written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mashang.kernel.refused import Refused

from .rules.tables import Table, as_csv, table_of


def read_table(path: Path, needed: Sequence[str] = (), least: int = 1) -> Table:
    """The table in a CSV file."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise Refused("table.in", f"读不了“{path}”：{fault.strerror}。", "in") from None
    return table_of(raw, path.name, needed, least)


@contextmanager
def written(target: Path, mode: str = "w", *, make_folder: bool = False) -> Iterator[IO[Any]]:
    """A file that appears under its name only when the block ends well."""
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as fault:
        raise Refused("table.out", f"写不了“{target}”：{fault.strerror}。", "out") from None
    try:
        binary = "b" in mode
        with os.fdopen(handle, mode, encoding=None if binary else "utf-8", newline=None if binary else "") as file:
            yield file
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError as fault:
        raise Refused("table.out", f"写不了“{target}”：{fault.strerror}。", "out") from None
    finally:
        Path(name).unlink(missing_ok=True)


def write_csv(target: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV file, whole or not at all."""
    with written(target) as file:
        file.write(as_csv(heading, rows))


def write_json(target: Path, value: Any) -> None:
    with written(target) as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")
