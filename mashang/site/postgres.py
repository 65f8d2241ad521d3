"""The embedded PostgreSQL: a private server under `var/`, there while somebody uses it and gone afterwards.

The wheel's binaries are called directly. Its own start routine trusts every account of the machine and, as root,
widens the rights of parent folders; here the socket lies in a folder of mode 700, TCP is off, and `peer` lets in the
account that runs the server and root, nobody else (docs/decisions/0003-embedded-postgresql.md).

Users are counted by shared locks, which the system takes back from a process that dies, so neither `kill -9` of a
command nor of the server leaves anything that has to be cleaned by hand.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
from psycopg import sql

from .place import DATABASE, KEEPER, NAME, Place, Unusable, find, forget, private

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "max_wal_size": "1GB",
    "wal_buffers": "16MB",
    "random_page_cost": "1.1",
    "log_min_duration_statement": "5s",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "Asia/Shanghai",
}
START_SECONDS, STOP_SECONDS, LOCK_SECONDS = 90.0, 30.0, 180.0
LOG_BYTES = 10_000_000
_using: dict[Path, tuple[int, IO[str]]] = {}


def ensure(var: Path, *, durable: bool = True) -> str:
    """The address of the server under `var`, made and started when it is not there; this process counts as a user
    until `leave` or its end. `durable=False` (tests) spares the disk: safe against any crash but the machine's."""
    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Unusable(f"无法建立 {var}（{fault.strerror}）：请设置 MASHANG_VAR 指向自己的文件夹。") from fault
    with _alone(var):
        place = find(var)
        _join(var)
        if not answers(place):
            _start(place, durable)
    return place.url


def leave(var: Path) -> bool:
    """This process needs the server no more; the last user stops it. True when it was stopped."""
    owner, held = _using.get(var, (0, None))
    if held is None or owner != os.getpid():
        return False
    with held, _alone(var):
        del _using[var]
        with suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _stop(find(var))
    return False


def stop(var: Path) -> bool:
    """Stop the server whoever uses it. False when none was running."""
    if not var.exists():
        return False
    with _alone(var):
        return _stop(find(var))


def remove(var: Path) -> None:
    """Stop the server and delete its data for good."""
    with _alone(var):
        place = find(var)
        _stop(place)
        forget(place)


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a database. By force only if somebody is left in it: by force a vacuum at work there may not be ended."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(statement)
    except psycopg.errors.ObjectInUse:
        connection.execute(statement + sql.SQL(" WITH (FORCE)"))


def answers(place: Place) -> bool:
    """Whether the server lets us in now."""
    try:
        psycopg.connect(place.url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def running(var: Path) -> bool:
    """Whether the server that belongs to `var` is up or coming up."""
    return postmaster(find(var)) is not None


def postmaster(place: Place) -> psutil.Process | None:
    """The server's process; None when it is not running, whatever a killed server left lying about."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        ours = lines[1] == str(place.data) and process.status() != psutil.STATUS_ZOMBIE
        return process if ours and "postgres" in process.name() else None
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None


def last_words(place: Place, lines: int = 12) -> str:
    """The end of the server's log."""
    with suppress(FileNotFoundError):
        return "\n".join(place.log.read_text(errors="replace").splitlines()[-lines:])
    return ""


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    """One process at a time looks after the server; the lock goes with the process that holds it."""
    deadline = time.monotonic() + LOCK_SECONDS
    if not os.access(var, os.W_OK):
        raise Unusable(f"{var} 不能写入：请用它所属的账号运行，或设置 MASHANG_VAR 指向可写的文件夹。")
    with _lock_file(var / "postgres.lock") as lock:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise Unusable(f"另一条命令占用 {var / 'postgres.lock'} 已超过 {LOCK_SECONDS:.0f} 秒，请检查后重试。")
            time.sleep(0.05)
        yield


def _lock_file(path: Path) -> IO[str]:
    """Open for locking; not even readable for other accounts, which could hold the lock for ever otherwise."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w")


def _join(var: Path) -> None:
    if _using.get(var, (0, None))[0] == os.getpid():
        return
    held = _lock_file(var / "postgres.users")
    fcntl.flock(held, fcntl.LOCK_SH)
    _using[var] = (os.getpid(), held)
    atexit.register(leave, var)


def _start(place: Place, durable: bool) -> None:
    if not (place.data / "PG_VERSION").exists():
        _create(place)
    deadline, spawned = time.monotonic() + START_SECONDS, 0.0
    while not answers(place):
        if time.monotonic() > deadline:
            raise Unusable(f"自带的 PostgreSQL 没有启动，日志 {place.log} 的末尾是：\n{last_words(place)}")
        if postmaster(place) is None and time.monotonic() - spawned > 1:
            _clear_stale(place)
            _spawn(place, durable)
            spawned = time.monotonic()
        time.sleep(0.05)


def _create(place: Place) -> None:
    """A new cluster, with our role and database in it before it gets its name: it is there whole or not at all."""
    fresh = place.data.with_name("data.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    options = ["-D", str(fresh), "-U", KEEPER, "-A", "peer", "-E", "UTF8", "--locale-provider=builtin"]
    options.append("--builtin-locale=C.UTF-8")
    made = _run(place, "initdb", *options, "--locale=C.UTF-8")
    if made.returncode:  # a system without that locale
        shutil.rmtree(fresh, ignore_errors=True)
        made = _run(place, "initdb", *options, "--locale=C")
    if made.returncode:
        raise Unusable(f"initdb 未能建立 {fresh}：\n{made.stdout}")
    statements = f"CREATE ROLE {NAME} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {NAME} TEMPLATE template0;\n"
    made = _run(place, "postgres", "--single", "-D", str(fresh), "template1", stdin=statements)
    if made.returncode or "ERROR" in made.stdout:
        raise Unusable(f"未能在 {fresh} 建立角色和数据库：\n{made.stdout}")
    fresh.rename(place.data)


def _run(place: Place, program: str, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [place.program(program), *args],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        **place.account.become(),
    )


def _clear_stale(place: Place) -> None:
    """PostgreSQL itself clears the pid file of a server that died, except where the number still answers: taken by
    another program, or a corpse nobody buried. Then it is for us, once no process works in the data folder."""
    pidfile = place.data / "postmaster.pid"
    if not pidfile.exists():
        return
    deadline = time.monotonic() + STOP_SECONDS
    while _at_work(place) and time.monotonic() < deadline:
        time.sleep(0.1)
    if not _at_work(place):
        pidfile.unlink()


def _at_work(place: Place) -> bool:
    """Whether a process of ours still works in the data folder (every server process changes into it)."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == place.account.uid and process.cwd() == str(place.data):
                return True
    return False


def _spawn(place: Place, durable: bool) -> None:
    hba, ident = place.rules()
    private(place.data / "pg_hba.conf", hba, place.account)
    private(place.data / "pg_ident.conf", ident, place.account)
    if place.log.exists() and place.log.stat().st_size > LOG_BYTES:
        place.log.replace(place.log.with_suffix(".old"))
    settings = SETTINGS | {"unix_socket_directories": '"' + str(place.socket).replace('"', '""') + '"'}
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [place.program("postgres"), "-D", str(place.data), *options]
    # the shell leaves at once, so that the server belongs to no command and no Ctrl-C reaches it
    subprocess.run(
        ["/bin/sh", "-c", 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 &', "sh", str(place.log), *command],
        check=True,
        cwd="/",
        start_new_session=True,
        umask=0o077,
        **place.account.become(),
    )


def _stop(place: Place) -> bool:
    process = postmaster(place)
    if process is None:
        return False
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at last by force
        with suppress(psutil.NoSuchProcess):
            process.send_signal(how)
        deadline = time.monotonic() + STOP_SECONDS
        while postmaster(place) is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if postmaster(place) is None:
            return True
    raise Unusable(f"自带的 PostgreSQL（进程 {process.pid}）停不下来。")
