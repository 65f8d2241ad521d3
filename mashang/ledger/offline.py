"""`mashang ledger verify | witness`: for people outside, with a file and the published key, without a database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mashang.kernel import clock
from mashang.kernel.outputs import outputs, refuse_clash
from mashang.kernel.refused import Refused

from . import files
from .rules import growth, notes, receipt
from .rules.growth import Growth
from .rules.notes import Key
from .rules.receipt import Verdict

KEYS = Path(os.environ.get("MASHANG_VAR") or "var") / "keys"
Key_ = Annotated[Path, typer.Option("--key", help="公布的公钥文件 · file of the published keys")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]
app = typer.Typer(add_completion=False, no_args_is_help=True, help="离线核验与见证 · verify and witness offline")


@contextmanager
def bad_input() -> Iterator[None]:
    """Refusals of what was given: the sentence on the error stream, exit status 2."""
    try:
        yield
    except Refused as no:
        for fault in no.faults:
            typer.secho(str(fault.text), fg="red", err=True)
        raise typer.Exit(2) from no


def text_of(path: Path, what: str) -> str:
    """A file's text without its mark, or of standard input for "-". Refuses what cannot be read as UTF-8."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return text.removeprefix("\ufeff")
    except FileNotFoundError as fault:
        raise Refused("file.missing", f"没有找到{what} {path}。") from fault
    except OSError as fault:
        raise Refused("file.unreadable", f"无法读取{what} {path}（{fault.strerror}）。") from fault
    except UnicodeDecodeError as fault:
        raise Refused("file.encoding", f"{what} {path} 不是 UTF-8 文本。") from fault


def keys_of(path: Path) -> list[Key]:
    """The published keys in a file. Refuses one that holds none, or that cannot be read."""
    keys = notes.keys_in(text_of(path, "公钥文件"))
    if not keys:
        raise Refused("key.none", f"公钥文件 {path} 中没有公钥。")
    return keys


def put(text: str, out: Path | None) -> None:
    """To a file, whole or not at all, else to standard output."""
    if out is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    with bad_input(), outputs([out]) as [file]:
        file.write(text.encode())


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="回执或一致性证明（JSON），- 为标准输入")],
    key: Key_ = KEYS / "ledger.pub",
    as_json: Json = False,
) -> None:
    """核验回执：不连网、不连数据库，只凭公布的公钥。有效为 0，无效为 1，文件不对为 2。"""
    with bad_input():
        text, keys = text_of(file, "回执"), keys_of(key)
        if receipt.format_of(text) == growth.FORMAT:
            return _verify_growth(Growth.parse(text), keys, as_json)
        verdict = receipt.verify(text, keys)
    if as_json:
        typer.echo(json.dumps(asdict(verdict) | {"ok": verdict.ok}, ensure_ascii=False, indent=1, default=str))
    else:
        _tell(verdict)
    raise typer.Exit(0 if verdict.ok else 1)


@app.command()
def witness(
    checkpoint: Annotated[Path, typer.Argument(help="检查点，或 consistency 给出的一致性证明")],
    key: Annotated[Path, typer.Option("--key", help="见证人自己的密钥文件，首次使用时生成")],
    log_key: Annotated[Path, typer.Option("--log-key", help="账本公布的公钥文件")],
    name: Annotated[str, typer.Option("--name", help="见证人的名称，首次使用时写入密钥")] = "mashang.local/witness",
    seen: Annotated[Path | None, typer.Option("--seen", help="上次见证的检查点，默认在密钥旁")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="写入文件")] = None,
) -> None:
    """在另一台机器上见证：确认账本只增不改，然后联署。改动过历史的账本不予联署，退出状态 1。"""
    memory, public = seen or key.with_name(key.name + ".seen"), key.with_name(key.name + ".pub")
    with bad_input():
        refuse_clash([out] if out else [], [checkpoint, key, log_key, memory, public])
        signer = files.signer_in(key, name, notes.WITNESS)
        asked, keys = Growth.parse(text_of(checkpoint, "检查点")), keys_of(log_key)
        known = text_of(memory, "上次的检查点") if memory.exists() else ""
    try:
        growth.check(asked, keys, known)
    except Refused as no:
        typer.secho(no.text, fg="red", err=True)
        raise typer.Exit(1) from no
    signed = asked.new + signer.sign(notes.Note.parse(asked.new).text, clock.now())
    with bad_input(), outputs([out] if out else []) as places:
        for file in places:
            file.write(signed.encode())
        files.write(memory, asked.new, replace=True)
        if not public.exists():
            files.write(public, f"{signer.key}\n")
    if out is None:
        put(signed, None)


def _verify_growth(asked: Growth, keys: list[Key], as_json: bool) -> None:
    try:
        growth.check(asked, keys, asked.old)
        old = growth.signed_by_log(notes.Note.parse(asked.old), keys)
        new = growth.signed_by_log(notes.Note.parse(asked.new), keys)
        ok, text = True, f"一致：账本从 {old.size} 条原样增长到 {new.size} 条。"
    except Refused as no:
        ok, text = False, no.text
    typer.echo(json.dumps({"ok": ok, "text": text}, ensure_ascii=False) if as_json else text)
    raise typer.Exit(0 if ok else 1)


def _tell(verdict: Verdict) -> None:
    if verdict.ok:
        typer.secho(f"有效：件号 {verdict.case} 的 {len(verdict.acts)} 项办理记录都在已封存的账本中。", fg="green")
    else:
        typer.secho(f"无效：件号 {verdict.case}。", fg="red")
        for fault in verdict.faults:
            typer.echo(f"  ✗ {fault.text}")
    typer.echo(
        f"账本 {verdict.origin}，封存 {verdict.size} 条，时间 {verdict.sealed_at or '未注明'}，签署 {verdict.log or '无'}"
    )
    for name, seconds in verdict.witnesses:
        seen = datetime.fromtimestamp(seconds, clock.ZONE)
        typer.echo(f"见证 {name}，{seen:%Y-%m-%d %H:%M:%S}")
    for act in verdict.acts:
        mark = "✓" if act.proven else "✗"
        private = "".join(f" {name}={value}" for name, value in act.private.items())
        typer.echo(f"  {mark} {act.at:%Y-%m-%d %H:%M} {act.verb} {act.by}{private}")


if __name__ == "__main__":
    app()
