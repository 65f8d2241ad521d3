"""`mashang admin`: the first administrator of a region, or one who cannot sign in any more."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said

from . import actions, queries

BY = Actor.system("command")


def admin(
    username: Annotated[str, typer.Argument(help="账号，如 chenjing")],
    name: Annotated[str, typer.Option("--name", help="姓名")] = "",
    region: Annotated[str, typer.Option("--region", help="管理的地区，行政区划代码，如 350824")] = "",
    unit: Annotated[str, typer.Option("--unit", help="所在单位全称，如 武平县人民政府；没有就设立")] = "",
    again: Annotated[bool, typer.Option("--again", help="账号已有：重设密码，停用两步验证")] = False,
) -> None:
    """任命系统管理员，或让进不来的账号重新登录。密码从终端或标准输入读。"""
    now = clock.now()
    if again:
        actions.let_in_again(username, _password(), by=BY, now=now)
        typer.echo(f"账号 {username} 的密码已重设，两步验证已停用。")
        return
    asked = {
        "name": (name, "--name 姓名"),
        "region": (region, "--region 行政区划代码"),
        "unit": (unit, "--unit 单位全称"),
    }
    if missing := [
        Fault("admin.missing", said("请写明 {what}。", what=what), field)
        for field, (value, what) in asked.items()
        if not value
    ]:
        raise Refused.of(missing)
    form = actions.NewAdministrator(username, name, region, unit, _password())
    actions.appoint_administrator(form, by=BY, now=now)
    typer.echo(f"已任命 {name}（{username}）为{queries.region(region).name}的系统管理员。")
    typer.echo("请登录网页 /accounts/sign-in，首次登录要启用两步验证；然后在“单位和人员”设立单位、任用人员。")


def _password() -> str:
    """Typed twice, unseen, or a line of what is piped in."""
    if sys.stdin.isatty():
        return str(typer.prompt("密码", hide_input=True, confirmation_prompt="再输一次"))
    return sys.stdin.readline().rstrip("\r\n")
