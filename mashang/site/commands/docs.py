"""`mashang docs`: write the generated documents, or only look whether they are up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from mashang.site.generated import stale
from mashang.site.paths import ROOT


def docs(
    check: Annotated[bool, typer.Option("--check", help="只检查，不写；过时则以非零退出")] = False,
) -> None:
    """重新生成由代码写成的文档。"""
    found = stale(ROOT)
    for path, text in found.items():
        typer.echo(f"{'过时 · out of date' if check else '已写 · written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(text, "utf-8")
    if check and found:
        typer.echo("请运行 make docs")
        raise typer.Exit(1)
