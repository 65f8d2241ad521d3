"""`mashang stop`: end the demo that runs and the embedded database."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import typer

from mashang.site import postgres
from mashang.site.paths import VAR
from mashang.site.running import demo_running


def stop() -> None:
    """停止正在运行的演示和自带数据库。"""
    if found := demo_running(VAR):
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while demo_running(VAR) and time.monotonic() < deadline:
            time.sleep(0.2)
        typer.echo("演示已停止 · demo stopped")
    stopped = postgres.stop(VAR)
    typer.echo("数据库已停止 · database stopped" if stopped else "数据库没有在运行 · database was not running")
