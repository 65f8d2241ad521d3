"""The `mashang ledger` command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from . import actions, keys, offline, queries
from .offline import Json, bad_input, put

app = typer.Typer(add_completion=False, no_args_is_help=True, help="存证账本：封存、证明、核验、审计 · the ledger")
app.command()(offline.verify)
app.command()(offline.witness)
Out = Annotated[Path | None, typer.Option("--out", help="写入文件")]
_SHOWN = 50


@app.command()
def seal(as_json: Json = False) -> None:
    """封存已提交的记录，签署检查点。"""
    with bad_input():
        count = actions.seal(clock.now())
        state = queries.state()
    if as_json:
        typer.echo(json.dumps({"sealed": count, "size": state.size, "waiting": state.waiting}))
    else:
        typer.echo(f"新封存 {count} 条，共 {state.size} 条，尚待封存 {state.waiting} 条。")


@app.command()
def prove(
    number: Annotated[str, typer.Argument(help="件号")],
    out: Out = None,
    private: Annotated[bool, typer.Option("--private", help="连同个人信息（只可交给本人）")] = False,
) -> None:
    """出具一件的回执（JSON）。"""
    with bad_input():
        receipt = queries.receipt(number, private=private)
    put(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n", out)


@app.command()
def audit(as_json: Json = False) -> None:
    """从头重算全部记录，指出任何被改动的地方。有问题时退出状态为 1。"""
    with bad_input():
        report = queries.audit()
    findings = [{k: getattr(f, k) for k in ("code", "text", "case", "entry", "leaf")} for f in report.findings]
    if as_json:
        counts = {k: getattr(report, k) for k in ("entries", "sealed", "private", "checkpoints")}
        typer.echo(json.dumps({"ok": report.ok, **counts, "findings": findings}, ensure_ascii=False))
    else:
        typer.echo(
            f"审计 {report.entries} 条记录（已封存 {report.sealed} 条）、{report.private} 项个人信息、"
            f"{report.checkpoints} 个检查点。"
        )
        for finding in findings[:_SHOWN]:
            typer.secho(f"  ✗ {finding['text']}", fg="red")
        if len(findings) > _SHOWN:
            typer.echo(f"  ……另有 {len(findings) - _SHOWN} 处，请用 --json 查看。")
        typer.secho(
            "没有发现改动。" if report.ok else f"发现 {len(findings)} 处问题。", fg="green" if report.ok else "red"
        )
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def key(
    new: Annotated[bool, typer.Option("--new", help="启用新的签名密钥；旧公钥继续有效")] = False,
) -> None:
    """显示应当公布的公钥（账本与见证人），一行一个。"""
    with bad_input():
        if new:
            keys.renew()
        elif not keys.published():
            keys.signer(first=queries.state().size == 0)
    put(queries.public_keys(), None)


@app.command()
def checkpoint(out: Out = None) -> None:
    """显示最近的检查点，连同已收录的联署。"""
    with bad_input():
        note = queries.state().checkpoint
        if not note:
            raise Refused("ledger.unsealed", "账本还没有封存过，请先运行 mashang ledger seal。")
    put(note, out)


@app.command()
def consistency(
    old: Annotated[int, typer.Argument(help="较早检查点的条数")],
    new: Annotated[int | None, typer.Argument(help="较晚检查点的条数，默认为最近的")] = None,
    out: Out = None,
) -> None:
    """证明账本从较早的检查点原样增长而来（JSON），供见证人核对。"""
    with bad_input():
        proof = queries.consistency(old, new)
    put(json.dumps(proof, ensure_ascii=False, indent=1) + "\n", out)


@app.command()
def adopt(
    note: Annotated[Path, typer.Argument(help="见证人联署过的检查点")],
    witness_key: Annotated[Path, typer.Option("--witness-key", help="见证人公布的公钥文件")],
) -> None:
    """收录见证人的联署，此后的回执会带上它。"""
    with bad_input():
        text = offline.text_of(note, "检查点")
        witnesses = offline.keys_of(witness_key)
        sizes = [actions.adopt(text, k, by=Actor.system("ledger"), now=clock.now()) for k in witnesses]
    typer.echo(f"已收录对 {sizes[0]} 条处检查点的联署。")
