"""The embedded PostgreSQL under use and misuse: real servers, real kills, real other accounts."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from mashang.site import place, postgres
from tests.waiting import soon

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="needs root, to act as another account")

USER = """
import os, sys
from pathlib import Path
import psycopg
from mashang.site import postgres
var = Path(sys.argv[1])
with psycopg.connect(postgres.ensure(var, durable=False), autocommit=True) as connection:
    connection.execute("SELECT pg_advisory_lock(1)")  # two at once may both find that it does not exist
    connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
    connection.execute("INSERT INTO kept VALUES (%s)", [sys.argv[2]])
print("in", postgres.postmaster(postgres.find(var)).pid, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that other accounts reach, with a name that quoting mistakes trip over."""
    top = Path(tempfile.mkdtemp(prefix="m-", dir="/tmp"))
    top.chmod(0o755)
    folder = top / "马上 办's $x"
    yield folder
    postgres.leave(folder)
    if folder.exists():
        postgres.remove(folder)
    shutil.rmtree(top)


def user(var: Path, word: str = "word") -> subprocess.Popen[str]:
    """Another command that uses the server until its standard input is closed."""
    command = [sys.executable, "-c", USER, str(var), word]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def server_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline().split()
    assert line[:1] == ["in"], "the command did not get in"
    return int(line[1])


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


def words(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept ORDER BY word").fetchall()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def as_account(account: place.Account, url: str) -> subprocess.CompletedProcess[str]:
    """psql as that account, with the wheel's programs if it reaches them."""
    command = [str(place.installed() / "bin" / "psql"), "-X", "-w", "-c", "SELECT 'let in'", url]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", **account.become())


def nobody() -> place.Account:
    entry = pwd.getpwnam("nobody")
    return place.Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def test_commands_that_start_at_once_share_one_server_and_the_last_one_stops_it(var: Path) -> None:
    together = [user(var, f"word {number}") for number in range(3)]
    servers = {server_of(process) for process in together}
    assert len(servers) == 1
    end(together[0])
    end(together[1])
    assert postgres.running(var)
    end(together[2])
    assert not postgres.running(var)
    assert words(postgres.ensure(var)) == ["word 0", "word 1", "word 2"]


def test_a_killed_command_leaves_a_server_that_the_next_one_uses_and_stops(var: Path) -> None:
    first = user(var, "before")
    server = server_of(first)
    first.kill()
    first.communicate()
    second = user(var, "after")
    assert server_of(second) == server
    end(second)
    assert not postgres.running(var)


def test_a_killed_server_comes_back_with_everything_that_was_committed(var: Path) -> None:
    url = postgres.ensure(var)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")
        kill_server(var)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert words(postgres.ensure(var)) == ["committed"]


def kill_server(var: Path) -> None:
    process = postgres.postmaster(postgres.find(var))
    assert process is not None
    process.kill()
    assert soon(lambda: not postgres.running(var))


def test_a_pid_file_that_names_a_process_of_somebody_else_is_no_obstacle(var: Path) -> None:
    postgres.ensure(var)
    at = postgres.find(var)
    note = (at.data / "postmaster.pid").read_text().splitlines()
    kill_server(var)
    (at.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *note[1:]]) + "\n")
    assert postgres.answers(at) is False
    postgres.ensure(var)
    assert postgres.answers(at)


def test_a_set_up_that_was_killed_half_way_is_made_anew(var: Path) -> None:
    var.mkdir()
    half = postgres.find(var).data.with_name("data.new")
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with psycopg.connect(postgres.ensure(var)) as connection:
        assert connection.execute("SELECT count(*) FROM pg_class").fetchone()
    assert not half.exists()


def test_nothing_listens_on_the_network_and_the_platform_is_no_superuser(var: Path) -> None:
    with psycopg.connect(postgres.ensure(var)) as connection:
        found = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('fsync'), current_setting('jit'), rolsuper "
            "FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert found == ("", "on", "off", False)
    at = postgres.find(var)
    assert {mode(at.base), mode(at.data), mode(at.socket)} == {0o700}
    assert at.account.uid != 0


@only_root
def test_another_account_cannot_connect_even_when_it_reaches_the_socket(var: Path) -> None:
    url = postgres.ensure(var)
    at = postgres.find(var)
    if not place._reaches(nobody(), place.installed() / "bin" / "psql"):
        pytest.skip("the account nobody does not reach psql")
    shut = as_account(nobody(), url)
    assert shut.returncode != 0
    assert "Permission denied" in shut.stderr
    assert "let in" in as_account(at.account, url).stdout
    for folder in (at.base, at.socket):  # what a careless administrator might do
        folder.chmod(0o777)
    (at.socket / ".s.PGSQL.5432").chmod(0o777)
    told_apart = as_account(nobody(), url)
    assert told_apart.returncode != 0
    assert "authentication failed" in told_apart.stderr


@only_root
def test_a_checkout_that_only_root_reaches_keeps_its_rights_and_its_data_elsewhere(var: Path) -> None:
    var.mkdir(mode=0o700)
    before = {folder: mode(folder) for folder in (var, *var.parents)}
    url = postgres.ensure(var)
    at = postgres.find(var)
    assert at.base.parent == Path("/var/lib")
    assert (var / "postgres.at").read_text().strip() == str(at.base)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    assert before == {folder: mode(folder) for folder in before}
    postgres.remove(var)
    assert not at.base.exists()


@only_root
def test_programs_the_account_does_not_reach_are_copied_to_where_it_does(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, var = place.installed(), var.with_name("马上 办's")
    with tempfile.TemporaryDirectory(prefix="only-root-") as shut:  # mode 700
        hidden = Path(shut) / "site-packages" / wheel.parent.name / wheel.name
        shutil.copytree(wheel, hidden, symlinks=True)
        libraries = wheel.parent.with_name(wheel.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, hidden.parent.with_name(libraries.name))
        monkeypatch.setattr(place, "installed", lambda: hidden)
        with psycopg.connect(postgres.ensure(var)) as connection:
            connection.execute("SELECT 1")
        assert postgres.find(var).programs.is_relative_to(var / "postgres-programs")
        postgres.leave(var)
        postgres.remove(var)


def test_programs_whose_path_the_shell_would_misread_are_refused(var: Path) -> None:
    var.mkdir()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(place.Unusable, match="别的文件夹"):
        patch.setattr(place, "installed", lambda: Path("/usr/$HOME"))
        patch.setattr(place, "_reaches", lambda account, path: True)
        place.find(var)


def test_a_long_path_gets_its_socket_in_a_private_folder_elsewhere(var: Path) -> None:
    deep = var / ("很长的路径" * 8)
    url = postgres.ensure(deep)
    at = postgres.find(deep)
    assert not at.socket.is_relative_to(deep)
    assert mode(at.socket) == 0o700
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    postgres.leave(deep)
    postgres.remove(deep)
    assert not at.socket.exists()


@only_root
def test_an_ordinary_account_runs_its_own_server_which_root_may_use_too(var: Path) -> None:
    python = next((p for p in (sys.executable, "/usr/bin/python3") if runs_for(nobody(), p)), None)
    if python is None:
        pytest.skip("the account nobody reaches no Python of this version")
    var.mkdir()
    os.chown(var, nobody().uid, nobody().gid)
    process = subprocess.Popen(
        [python, "-c", USER, str(var), "from nobody"],
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), "PATH": "/usr/bin:/bin"},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **nobody().become(),
    )
    server = psutil.Process(server_of(process))
    assert server.uids().real == nobody().uid
    assert words(postgres.ensure(var)) == ["from nobody"]
    end(process)
    assert postgres.running(var), "root still uses it"
    assert postgres.leave(var)


def runs_for(account: place.Account, python: str) -> bool:
    code = "import sys, psutil, psycopg; print(sys.version_info[:2])"
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    try:
        done = subprocess.run(
            [python, "-c", code], env=environment, capture_output=True, text=True, cwd="/", **account.become()
        )
    except OSError:
        return False
    return done.stdout.strip() == str(tuple(sys.version_info[:2]))


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_refused_with_a_remedy() -> None:
    with pytest.raises(place.Unusable, match="MASHANG_VAR"):
        postgres.ensure(Path("/proc/mashang"))


def test_stop_ends_the_server_whoever_uses_it(var: Path) -> None:
    process = user(var)
    server_of(process)
    assert postgres.stop(var)
    assert not postgres.stop(var)
    end(process)


def test_a_server_that_cannot_start_says_why(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.ensure(var)
    postgres.leave(var)
    monkeypatch.setattr(postgres, "START_SECONDS", 3.0)
    monkeypatch.setattr(postgres, "SETTINGS", postgres.SETTINGS | {"shared_buffers": "-5"})
    with pytest.raises(place.Unusable, match="shared_buffers"):
        postgres.ensure(var)


def test_stopping_ends_the_work_in_hand_in_good_order(var: Path) -> None:
    url = postgres.ensure(var)
    connection: psycopg.Connection[Any] = psycopg.connect(url)
    connection.execute("SELECT 1")
    assert postgres.stop(var)
    with pytest.raises(psycopg.errors.AdminShutdown):  # neither waited for nor broken off
        connection.execute("SELECT 1")
    connection.close()
