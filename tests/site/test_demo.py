"""The demo as a whole: started, hurt, healed, stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from mashang.site import place, postgres, running
from mashang.site.commands.demo import answers
from tests.waiting import soon

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

DEMO = """
from mashang.site import seeds
seeds.DEMO = seeds.DEMO_REST = seeds.ACCOUNTS = ()
from mashang.site.cli import app
app(["demo", "--port", "0"], prog_name="mashang")
"""


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture
def var() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    top.chmod(0o755)
    yield top / "var"
    for process in of_this_demo(top / "var"):
        process.kill()
    while STARTED:
        with STARTED.pop():  # waits for it and closes its pipe
            pass
    postgres.leave(top / "var")
    postgres.remove(top / "var")
    shutil.rmtree(top)


def start(var: Path) -> tuple[subprocess.Popen[str], int]:
    """An empty demo (its seeds have tests of their own) and the port it answers on."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "MASHANG_SECRET", "MASHANG_KEY")}
    environment |= {"MASHANG_VAR": str(var), "COLUMNS": "200"}
    demo = subprocess.Popen([sys.executable, "-c", DEMO], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    STARTED.append(demo)
    assert demo.stdout is not None
    shown = ""
    for line in demo.stdout:
        shown += line
        if found := re.search(r"ready: http://127\.0\.0\.1:(\d+)/", line):
            return demo, int(found[1])
    raise AssertionError(f"the demo ended with {demo.wait()}:\n{shown}")


def of_this_demo(var: Path) -> list[psutil.Process]:
    """The demo and everything it started, the database among it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MASHANG_VAR") == str(var) or str(var) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def part(demo: subprocess.Popen[str], word: str) -> psutil.Process | None:
    """The process that the demo started for this subcommand."""
    for process in psutil.Process(demo.pid).children():
        with suppress(psutil.Error):
            if word in process.cmdline():
                return process
    return None


def test_the_demo_survives_kills_of_its_parts_and_leaves_nothing_behind(var: Path) -> None:
    demo, port = start(var)
    assert running.demo_running(var) == running.Running(demo.pid, f"http://127.0.0.1:{port}/")
    database = postgres.postmaster(postgres.find(var))
    assert database is not None
    database.kill()
    assert soon(lambda: postgres.running(var) and answers("127.0.0.1", port)), "the database came back"
    for word in ("serve", "worker"):
        first = part(demo, word)
        assert first is not None
        for process in (*first.children(), first):
            process.kill()
        assert soon(lambda word=word, first=first: part(demo, word) not in (None, first)), f"{word} was started again"
    assert soon(lambda: answers("127.0.0.1", port)), "the web server came back"
    assert soon(lambda: jobs_done(var)), "the worker does its work"
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert of_this_demo(var) == []
    assert running.demo_running(var) is None


def jobs_done(var: Path) -> bool:
    with psycopg.connect(place.find(var).url) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_periodic_defers").fetchone()
    return row is not None and row[0] > 0


def test_a_demo_that_was_killed_takes_everything_with_it(var: Path) -> None:
    demo, port = start(var)
    demo.kill()
    demo.communicate()
    assert soon(lambda: of_this_demo(var) == []), [process.cmdline() for process in of_this_demo(var)]
    again, _ = start(var)
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)
    assert again.returncode == 0


def test_browsers_that_stay_connected_keep_nobody_waiting(var: Path) -> None:
    demo, _ = start(var)  # for its database
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"MASHANG_VAR": str(var)}
    environment.pop("DATABASE_URL", None)
    STARTED.append(
        subprocess.Popen([sys.executable, "-m", "mashang.site", "serve", "--port", str(port)], env=environment)
    )
    assert soon(lambda: answers("127.0.0.1", port))
    question = f"GET /accounts/sign-in HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()
    with ExitStack() as open_ones:
        for _ in range(100):
            line = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            line.sendall(question)
            assert line.recv(12) == b"HTTP/1.1 200"
    STARTED[-1].terminate()
    assert STARTED[-1].wait(60) == 0
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=60)
    assert demo.returncode == 0
