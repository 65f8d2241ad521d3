"""`mashang serve`: the web server."""

from __future__ import annotations

from typing import Annotated

import typer
from granian import Granian
from granian.constants import HTTPModes, Interfaces

from mashang.site.environment import prepare
from mashang.site.processes import follow_parent, work_in_turns


def serve(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="进程数")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="每个进程的线程数，也是它的数据库连接数")] = 2,
) -> None:
    """启动网页服务。一个线程用一个数据库连接；忙不过来的请求排队，不会开出更多连接。"""
    follow_parent()
    prepare(start_django=False)
    work_in_turns()
    Granian(
        "mashang.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=15,
    ).serve()
