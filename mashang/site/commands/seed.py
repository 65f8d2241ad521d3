"""`mashang seed`: makes demo data, in a process of its own whose memory is free again when it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from django.db import connection
from django.utils.module_loading import import_string
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from mashang.site.commands.setup import make_ready
from mashang.site.environment import prepare
from mashang.site.paths import BEING_MADE, TOLD
from mashang.site.processes import follow_parent
from mashang.site.seeds import Progress

LINES = 10
"""How many lines a thing being made takes on a screen that is no terminal."""


def seed(
    paths: Annotated[list[str] | None, typer.Argument(help="要运行的函数")] = None,
    setup: Annotated[bool, typer.Option("--setup", help="先建表并装入基础数据")] = False,
    quietly: Annotated[bool, typer.Option("--quietly", help="让别的进程先用处理器")] = False,
    tell: Annotated[list[str] | None, typer.Option(help="列出演示账号的函数")] = None,
) -> None:
    """生成演示数据；中断后再次运行会接着生成。"""
    follow_parent()
    if quietly:
        os.nice(10)
    prepare()
    if setup:
        make_ready()
    import_string("mashang.site.procedures.load")()
    with connection.cursor() as cursor:  # after a power cut it goes on from the last act that the disk kept
        cursor.execute("SET synchronous_commit TO off")
    with bars() as progress, _marked(quietly):
        for path in paths or ():
            import_string(path)(progress)
    if tell:
        told = [account for path in tell for account in import_string(path)()]
        TOLD.write_text("".join(f"  {role}：{name} / {password}\n" for role, name, password in told), "utf-8")


@contextmanager
def _marked(on: bool) -> Iterator[None]:
    """While it lasts, the pages say that more is being made."""
    if not on:
        yield
        return
    BEING_MADE.touch()
    try:
        yield
    finally:
        BEING_MADE.unlink(missing_ok=True)


@contextmanager
def bars() -> Iterator[Progress]:
    """A progress bar for each thing being made; on a screen that is no terminal, a line now and then."""
    console = Console()
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, console=console) as shown:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done, total=of)

        yield progress


def _lines(console: Console) -> Progress:
    said: dict[str, int] = {}

    def progress(what: str, done: int, of: int) -> None:
        part = done * LINES // max(of, 1)
        if said.get(what) != part:
            said[what] = part
            console.print(f"{what} {done}/{of}")

    return progress
