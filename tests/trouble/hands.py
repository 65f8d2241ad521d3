"""Many hands at once: threads with connections of their own, and programs that are killed at a place in their work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from mashang.kernel.refused import Refused
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all in threads that start together; gives each one's result, or the refusal it met. Other faults are raised."""
    start = threading.Barrier(len(works))
    ends: list[Any] = [None] * len(works)
    faults: list[BaseException] = []

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            ends[place] = work()
        except Refused as no:
            ends[place] = no
        except BaseException as fault:  # a thread's fault would be lost: it is raised below, in the test
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(t.is_alive() for t in threads), "somebody waits for ever"
    if faults:
        raise faults[0]
    return ends


@dataclass
class Other:
    """A program that tells where it is, a word a line, and goes on for each line it is given."""

    process: subprocess.Popen[str]

    def hears(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


@dataclass
class Others:
    running: list[Other] = field(default_factory=list)

    def start(self, code: str, *words: str, **environment: str) -> Other:
        """Run the code with Django set up against the test's own database and folder."""
        database = connection.settings_dict
        options = "&".join(f"{k}={v}" for k, v in (("host", database["HOST"]), ("user", database["USER"])) if v)
        own = {
            "DATABASE_URL": f"postgresql:///{database['NAME']}?{options}", "MASHANG_VAR": str(settings.VAR),
            "MASHANG_KEY": settings.MASHANG_KEY.decode(), "MASHANG_SECRET": settings.SECRET_KEY, "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "mashang.site.settings", "PYTHONUTF8": "1",
        }  # fmt: skip
        if database["PASSWORD"]:
            own["PGPASSWORD"] = database["PASSWORD"]
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code, *words], cwd=ROOT, env={**os.environ, **own, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.running.append(Other(process))
        return self.running[-1]

    def end(self) -> None:
        for other in self.running:
            other.kill()
            for stream in (other.process.stdin, other.process.stdout):
                if stream is not None:
                    stream.close()


PRELUDE = """
import sys
import django
django.setup()
from mashang.kernel import clock, sql
from mashang.site import procedures
procedures.load()
from mashang.cases import actions, sweeps
from mashang.cases.actions import door, write as writing
from tests.flows.story import who

def stop_here(word):
    print(word, flush=True)
    sys.stdin.readline()
"""
