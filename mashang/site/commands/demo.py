"""`mashang demo`: the whole platform with an invented county, until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from django.utils.module_loading import import_string
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from mashang.kernel.refused import Refused
from mashang.site import environment, postgres, seeds
from mashang.site.commands.setup import make_ready
from mashang.site.paths import VAR
from mashang.site.processes import Child, follow_parent, stop_all
from mashang.site.running import only_demo

READY_SECONDS = 180.0
FIRST_PAGE = "/"


def demo(
    port: Annotated[int, typer.Option(help="端口；0 表示任选一个空闲的")] = 8000,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
) -> None:
    """启动演示县：建库、装入虚构数据、启动网页和任务，按 Ctrl-C 停止。"""
    os.environ["MASHANG_DEMO"] = "1"
    port = free_port(host, port)
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"
    with only_demo(VAR, address), _until_told():
        environment.prepare()
        make_ready()
        import_string("mashang.site.procedures.load")()
        with bars() as progress:
            for path in seeds.DEMO:
                import_string(path)(progress)
        children = _children(host, port)
        try:
            for child in children:
                child.start()
            _wait_until_ready(children[0], host, port)
            _print_ready(address)
            while True:
                time.sleep(0.5)
                _tend(children)
        finally:
            _deaf()
            typer.echo("正在停止 · stopping")
            stop_all(children)


def seed_rest() -> None:
    """The part of the demo's past that is made while the platform already runs."""
    follow_parent()
    import_string("mashang.site.procedures.load")()
    with bars() as progress:
        for path in seeds.DEMO_REST:
            import_string(path)(progress)


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next free one of the twenty after it; any free one for 0."""
    for port in range(wanted, wanted + 20 if wanted else 1):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Refused("demo.port", f"{host} 的端口 {wanted} 到 {wanted + 19} 都被占用，请用 --port 指定另一个。")


@contextmanager
def bars() -> Iterator[seeds.Progress]:
    """A progress bar for each thing being made; on a screen that is no terminal, a line now and then."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, console=Console()) as shown:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done, total=of)

        yield progress


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _until_told() -> Iterator[None]:
    """Run what is inside until Ctrl-C or a polite kill, which is a good end and no failure."""

    def told(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for which in STOP_SIGNALS:
        signal.signal(which, told)
    with suppress(KeyboardInterrupt):
        yield


def _deaf() -> None:
    """Stopping takes a moment and must not be stopped itself."""
    for which in STOP_SIGNALS:
        signal.signal(which, signal.SIG_IGN)


def _children(host: str, port: int) -> list[Child]:
    logs = VAR / "log"
    logs.mkdir(exist_ok=True)
    children = [
        Child(["serve", "--host", host, "--port", str(port)], logs / "web.log"),
        Child(["worker"], logs / "worker.log"),
    ]
    if seeds.DEMO_REST:
        children.append(Child(["seed-rest"], logs / "seed.log", once=True))
    for child in children:
        child.log.unlink(missing_ok=True)
    return children


def _tend(children: list[Child]) -> None:
    for child in children:
        child.tend()
    if environment.embedded() and not postgres.running(VAR):
        postgres.ensure(VAR)


def _wait_until_ready(web: Child, host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not answers(host, port):
        if time.monotonic() > deadline:
            raise Refused(
                "demo.silent", f"网页服务 {READY_SECONDS:.0f} 秒内没有回应，请看 {web.log}：\n{_tail(web.log)}"
            )
        time.sleep(0.2)
        web.tend()


def answers(host: str, port: int) -> bool:
    """Whether the first page is there."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=10)
    with closing(connection):
        try:
            connection.request("GET", FIRST_PAGE, headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def _print_ready(address: str) -> None:
    console = Console()
    console.print(f"\n马上办演示已就绪 · ready: [bold]{address}[/bold]   （Ctrl-C 停止 · stops it）")
    for path in seeds.ACCOUNTS:
        for role, name, password in import_string(path)():
            console.print(f"  {role}：{name} / {password}")
