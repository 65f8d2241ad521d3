"""Keys, settings, messages, jobs and processes."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import psutil
import psycopg
import pytest
from django.db import connection
from procrastinate.contrib.django import app

from mashang.kernel import clock
from mashang.site import coverage, environment, jobs, processes, settings
from tests.waiting import PATIENCE, soon

ROOT = Path(__file__).resolve().parents[2]


def test_a_key_is_made_once_for_this_account_alone_even_by_two_commands_at_once(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(environment.key(tmp_path / "k" / "vault"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 48
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o700
    assert [(p.name, stat.S_IMODE(p.stat().st_mode)) for p in (tmp_path / "k").iterdir()] == [("vault", 0o600)]


@pytest.mark.parametrize(
    ("url", "host", "name", "user", "password", "port"),
    [
        # the embedded one: a socket folder with a space and Chinese
        ("postgresql://mashang@/mashang?host=%2Ftmp%2F%E4%B8%AD%20b", "/tmp/中 b", "mashang", "mashang", "", ""),
        # a server by TCP, with characters in the password that addresses must escape
        ("postgresql://u:p%40%2Fw@db.example:5433/county", "db.example", "county", "u", "p@/w", "5433"),
        # everything left to libpq but the name
        ("postgresql:///mashang", "", "mashang", "", "", ""),
    ],
)
def test_a_database_address_is_read_whole(url: str, host: str, name: str, user: str, password: str, port: str) -> None:
    found = settings.database(url)
    assert [found[key] for key in ("HOST", "NAME", "USER", "PASSWORD", "PORT")] == [host, name, user, password, port]


def test_marks_are_read_from_functions_classes_and_modules() -> None:
    source = """
pytestmark = [pytest.mark.slow, pytest.mark.row("G1")]
@pytest.mark.row("A6", "A7")
def test_one(): ...
class TestMore:
    @pytest.mark.row("A7")
    def test_two(self): ...
def helper(): ...
"""
    assert list(coverage.marks(source)) == [
        ("G1", "test_one"), ("A6", "test_one"), ("A7", "test_one"), ("G1", "test_two"), ("A7", "test_two"),
    ]  # fmt: skip


def done(now: datetime) -> list[str]:
    """A sweep for the tests below."""
    ran.append(now)
    return ["one", "two"]


ran: list[datetime] = []
PATH = f"{__name__}.done"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_runs_with_the_clock_and_never_twice_at_once() -> None:
    ran.clear()
    with clock.at("2026-03-02 09:10") as now:
        assert jobs.sweep(PATH) == 2
    assert ran == [now]
    other = psycopg.connect(
        **{
            k: v
            for k, v in connection.get_connection_params().items()
            if k in ("host", "port", "user", "password", "dbname")
        }
    )
    with other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [PATH])
        assert jobs.sweep(PATH) == 0
    other.close()  # as a killed worker's connection is; the server notices in its own time
    assert soon(lambda: jobs.sweep(PATH) == 2, every=0.1)


def test_every_sweep_is_known_to_the_queue_with_its_hours() -> None:
    registered = {name for name, _ in app.periodic_registry.periodic_tasks}
    assert {sweep.function for sweep in jobs.SWEEPS} | {"mashang.site.jobs.rescue"} <= registered


CHILD = """
import os, sys, time
from mashang.site.processes import follow_parent
follow_parent()
print(os.getpid(), flush=True)
time.sleep(120)
"""


@pytest.mark.slow
def test_a_child_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    parent_code = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {CHILD!r}], env=os.environ | {{"{processes.PARENT}": str(os.getpid())}})
time.sleep(120)
"""
    parent = subprocess.Popen([sys.executable, "-c", parent_code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    psutil.wait_procs([child], timeout=PATIENCE)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_dies_is_started_again_and_all_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PAUSE_SECONDS", (0.0,))
    child = processes.Child(["doctor"], tmp_path / "child.log")
    child.start()
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    child.process.wait()
    child.tend()
    assert child.process.pid != first
    once = processes.Child(["doctor"], tmp_path / "once.log", once=True)
    once.start()
    processes.stop_all([child, once])
    assert child.process.poll() is not None
    once.tend()
    assert once.process is not None
    assert once.process.poll() is not None


def test_an_address_that_a_parent_gave_for_its_embedded_database_is_told_from_one_of_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    monkeypatch.setenv(environment.EMBEDDED, "postgresql:///x")
    assert environment.embedded()
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/county")
    assert not environment.embedded()
