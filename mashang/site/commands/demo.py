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
from typing import Annotated

import typer
from rich.console import Console

from mashang.kernel.refused import Refused
from mashang.site import environment, postgres, seeds
from mashang.site.paths import TOLD, VAR
from mashang.site.processes import Child, stop_all
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
    os.environ.setdefault("MASHANG_URL", f"http://localhost:{port}")  # what certificates and messages name
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"
    with only_demo(VAR, address), _until_told():
        environment.prepare(start_django=False)
        _first()
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


def _first() -> None:
    """Tables, reference data and the first of the county, in a process that then gives its memory back."""
    tell = [word for path in seeds.ACCOUNTS for word in ("--tell", path)]
    child = Child(["seed", "--setup", *tell, *seeds.DEMO], None, once=True)
    child.start()
    try:
        if child.wait():
            raise Refused("demo.seed", "演示数据没有生成完，原因见上面的输出；改正后再次启动会接着生成。")
    finally:
        stop_all([child])


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
        Child(["serve", "--host", host, "--port", str(port), "--workers", "1", "--threads", "4"], logs / "web.log"),
        Child(["worker"], logs / "worker.log"),
    ]
    if seeds.DEMO_REST:
        children.append(Child(["seed", "--quietly", *seeds.DEMO_REST], logs / "seed.log", once=True))
    for child in children:
        if child.log:
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


def _tail(log: Path | None) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log and log.exists() else ""


def _print_ready(address: str) -> None:
    console = Console()
    console.print(f"\n马上办演示已就绪 · ready: [bold]{address}[/bold]   （Ctrl-C 停止 · stops it）")
    if TOLD.exists():
        console.print(TOLD.read_text("utf-8"), end="")
    if seeds.DEMO_REST:
        console.print(f"其余演示数据正在后台生成，进度见 {VAR / 'log' / 'seed.log'} · the rest is being made")
