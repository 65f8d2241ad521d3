"""The note that a running demo leaves, held by a lock that goes with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mashang.kernel.refused import Refused


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    address: str


def demo_running(var: Path) -> Running | None:
    """The demo that runs from this folder now, if any."""
    try:
        with (var / "demo.lock").open("r") as note:
            try:
                fcntl.flock(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, _, address = note.read().partition(" ")
                return Running(int(pid or 0), address.strip())
    except FileNotFoundError:
        return None
    return None


@contextmanager
def only_demo(var: Path, address: str) -> Iterator[None]:
    """Hold the note while the demo runs. Refuses a second demo from the same folder."""
    var.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(var / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = note.read().partition(" ")[2].strip()
            raise Refused("demo.running", f"演示已经在运行：{other}（用 mashang stop 停止）。") from None
        note.truncate(0)
        note.write(f"{os.getpid()} {address}\n")
        note.flush()
        yield
