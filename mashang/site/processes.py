"""Keeping the platform's processes going: started together, started again when one dies, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .environment import embedded

PARENT = "MASHANG_PARENT"
STOP_SECONDS = 20.0
PAUSE_SECONDS = (0.5, 1, 2, 5, 15)  # before the 1st, 2nd, ... restart in a row
STEADY_SECONDS = 60.0


@dataclass
class Child:
    """A `mashang` subcommand as a process of its own; `once` ones are not started again when they end. Without a `log`
    it writes where its parent does."""

    arguments: list[str]
    log: Path | None
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started: float = field(default=0.0)

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not (name == "DATABASE_URL" and embedded())}
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mashang.site", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log and subprocess.STDOUT,
                env=environment | {PARENT: str(os.getpid())},
                start_new_session=True,
            )
        self.started = time.monotonic()

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        assert self.process is not None
        return self.process.wait()

    def tend(self) -> None:
        """Start it again when it died, the later the oftener it does."""
        if self.once or self.process is None or self.process.poll() is None:
            return
        ran = time.monotonic() - self.started
        if ran > STEADY_SECONDS:
            self.restarts = 0
        if ran >= PAUSE_SECONDS[min(self.restarts, len(PAUSE_SECONDS) - 1)]:
            self.restarts += 1
            self.start()


def stop_all(children: list[Child]) -> None:
    """Ask all to end, wait for them, end by force what does not listen."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def follow_parent() -> None:
    """In a child: end in good order when the parent is gone, even when it was killed."""
    parent = int(os.environ.get(PARENT) or 0)
    if parent:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def work_in_turns() -> None:
    """Where the kernel can (Linux): let this process and those it starts run to the end of their turn, not be broken off each
    time the database answers another of them. Answering is many short pieces of work; a tenth more of it gets done."""
    with suppress(AttributeError, OSError):  # another system, or a sandbox that forbids it
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
