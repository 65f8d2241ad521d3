"""The `mashang` command. Each part is loaded only when it is called, so that `mashang clock due` starts in an instant,
without Django and without a database."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mashang.kernel.refused import Refused


@dataclass(frozen=True, slots=True)
class Mount:
    """A part of the command: `target` is "module:function" or "module:Typer app". With `django`, keys, database and
    Django are made ready first, unless the subcommand asked for stands in `bare`, with the app that needs none of it.
    With `tables`, a database that has not been set up is refused."""

    help: str
    target: str
    django: bool = False
    bare: dict[str, str] = field(default_factory=dict)
    tables: bool = False

    def load(self, rest: Sequence[str]) -> Any:
        """The command for the arguments that follow its name."""
        subcommand = next((word for word in rest if not word.startswith("-")), "")
        target = self.bare.get(subcommand, self.target)
        if self.django and subcommand not in self.bare:
            environment, asked = import_module("mashang.site.environment"), "--help" not in rest and bool(rest)
            environment.prepare(database=asked)
            if asked and self.tables:
                environment.require_tables()
        module, _, name = target.partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return get_command(found)
        single = typer.Typer(add_completion=False)
        single.command(context_settings=getattr(found, "context_settings", None))(found)
        return get_command(single)


CLOCK, OFFLINE = "mashang.clocks.commands:app", "mashang.ledger.offline:app"
COMMANDS = "mashang.site.commands."
UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT})
UNREADY = 2  # exit status where a command could not begin: 1 is what `ledger audit` says of an altered ledger
MOUNTS = {
    "demo": Mount("启动演示县 · Start the demo county", COMMANDS + "demo:demo"),
    "serve": Mount("启动网页服务 · Serve the pages and the API", COMMANDS + "serve:serve"),
    "worker": Mount("执行到期任务 · Run jobs and what falls due", COMMANDS + "worker:worker"),
    "setup": Mount("建表并装入基础数据 · Migrate and load reference data", COMMANDS + "setup:setup"),
    "admin": Mount("任命系统管理员 · Appoint an administrator", "mashang.org.commands:admin", django=True, tables=True),
    "doctor": Mount("检查运行环境 · Check what Mashang needs", COMMANDS + "doctor:doctor"),
    "backup": Mount("备份到一个文件 · Back up into one file", COMMANDS + "backup:backup"),
    "restore": Mount("从备份文件恢复 · Restore from a backup", COMMANDS + "backup:restore"),
    "stop": Mount("停止演示和自带数据库 · Stop demo and embedded database", COMMANDS + "stop:stop"),
    "manage": Mount("Django 管理命令 · Django's own commands", COMMANDS + "manage:manage", django=True),
    "clock": Mount(
        "期限计算 · Due dates", CLOCK, django=True, bare={"due": CLOCK, "rules": CLOCK, "": CLOCK}, tables=True
    ),
    "ledger": Mount(
        "存证账本 · The ledger",
        "mashang.ledger.commands:app",
        django=True,
        bare={"verify": OFFLINE, "witness": OFFLINE},
        tables=True,
    ),
    "score": Mount("绩效计分 · Scores", "mashang.performance.commands:app"),
    "text": Mount("文本：分类、查重、热点、答复检查 · Chinese text", "mashang.text.commands:app"),
    "docs": Mount("重写由代码生成的文档 · Generated documents", COMMANDS + "docs:docs", django=True),
    "seed": Mount("生成演示数据 · Make demo data", COMMANDS + "seed:seed"),
}


class Lazy(TyperGroup):
    """Knows the names and sentences of its parts; imports the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(MOUNTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        mount = MOUNTS.get(cmd_name)
        return mount and TyperCommand(cmd_name, help=mount.help, hidden=cmd_name == "seed")

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        try:
            return name, MOUNTS[name].load(rest) if name else command, rest
        except Refused as no:
            _refuse(no, UNREADY)
        except OSError as fault:
            _refuse(_unwritable(fault), UNREADY)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as no:
            _refuse(no, 1)
        except OSError as fault:
            _refuse(_unwritable(fault), 1)


def _unwritable(fault: OSError) -> Refused:
    """What to say of a disk that takes nothing; any other fault is ours and shows itself whole."""
    if fault.errno not in UNWRITABLE:
        raise fault
    text = (
        f"写不了“{fault.filename or '文件'}”：{fault.strerror}。请检查权限和磁盘，或用 MASHANG_VAR 指定另一个文件夹。"
    )
    return Refused("file.out", text)


def _refuse(no: Refused, status: int) -> NoReturn:
    for fault in no.faults:
        typer.secho(str(fault.text), fg="red", err=True)
    sys.exit(status)


app = typer.Typer(cls=Lazy, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def mashang() -> None:
    """马上办：机关效能建设网上综合平台 · One platform for administrative effectiveness."""
