"""`mashang clock`: due dates from the shipped calendar. Needs no database, and no Django unless something is loaded."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from mashang.kernel.refused import Fault, Refused

from . import shipped
from .rules import Calendar, ClockRule, Due, Limit, Line, explain, write_rule
from .rules.written import read_pause, read_start

app = typer.Typer(
    name="clock", help="期限计算：到期日、逐日说明、批量计算、时钟目录。", no_args_is_help=True, add_completion=False
)
WRONG = 2  # exit status for input that cannot be computed

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]


@app.command()
def due(
    start: Annotated[str, typer.Argument(help="起算时间，如 2026-02-13 或 2026-02-13T09:10")] = "",
    limit: Annotated[str, typer.Argument(help="时限：20wd 工作日，30nd 自然日，4wh 工作小时，24h 小时")] = "",
    pause: Annotated[list[str] | None, typer.Option(help="中止期间 起/止（含两端），可多次给出")] = None,
    hours: Annotated[str, typer.Option(help="办公时间，如 08:00-12:00,14:30-17:30")] = "",
    explained: Annotated[bool, typer.Option("--explain", help="逐日说明怎么数出来的")] = False,
    as_json: Json = False,
    batch: Annotated[
        Path | None, typer.Option(help="成批计算：含 start（开始）、limit（时限）、pauses（暂停）列的 CSV")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="成批计算的结果文件")] = None,
) -> None:
    """从 START 起 LIMIT 到哪一天（或哪一刻）届满。"""
    try:
        if batch or out:
            given = {"起算时间": start, "--pause": pause, "--explain": explained}
            _batch(hours, batch, out, [name for name, value in given.items() if value], as_json)
        else:
            _one(hours, start, limit, pause or [], explained, as_json)
    except Refused as no:
        _complain(no.faults, as_json)


@app.command()
def rules(as_json: Json = False) -> None:
    """随附的时钟目录：每个时钟的时限、可中止的事由、延长、后果、依据、是否已核实。"""
    catalogue = sorted(shipped.rules().values(), key=lambda rule: rule.code)
    if as_json:
        typer.echo(json.dumps([shown_rule(rule) for rule in catalogue], ensure_ascii=False, indent=1))
        return
    for rule in catalogue:
        length = rule.limit.label if rule.limit else "按本件确定"
        checked = "已核实" if rule.verified else "待核实"
        typer.echo(f"{rule.code:<9} {rule.label}  {rule.trigger}起 {length}  逾期：{rule.effect_label}")
        typer.echo(f"{'':<9} 依据：{rule.source}（{checked}）")


@app.command()
def load(
    notice: Annotated[Path, typer.Argument(help="放假通知 JSON（year、papers、days）")],
    as_json: Json = False,
) -> None:
    """装入放假通知的新版本，重新计算所有正在走的时钟（需要数据库）。"""
    try:
        loading = import_module("mashang.clocks.loading")  # the database only where it is needed: `due` starts at once
        done = loading.load(_read_json(notice))
    except Refused as no:
        _complain(no.faults, as_json)
        return
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False))
        return
    for doubt in done["doubts"]:
        typer.secho(f"请核对：{doubt}", fg="yellow", err=True)
    typer.echo(f"已装入。检查了 {done['looked']} 个正在走的时钟，{done['moved']} 个到期时间有变动，已留存新旧时间。")


def shown_rule(rule: ClockRule) -> dict[str, Any]:
    """A rule as JSON values, the way the catalogue page shows it."""
    return {**write_rule(rule), "version": rule.version}


def _one(hours: str, start: str, limit: str, pauses: Sequence[str], explained: bool, as_json: bool) -> None:
    faults: list[Fault] = []
    calendar: Calendar | None = _tried(faults, shipped.calendar, hours)
    begun = _tried(faults, read_start, start)
    length = _tried(faults, Limit.parse, limit)
    spans = [span for text in pauses if (span := _tried(faults, read_pause, text))]
    if faults or calendar is None or begun is None or length is None:
        raise Refused.of(faults)
    found = calendar.due(begun, length, spans)
    lines = explain(calendar, begun, length, spans) if explained else []
    shown = written(found, length)
    if as_json:
        answer = {
            "start": start,
            "limit": limit,
            "pauses": list(pauses),
            "due": shown,
            "provisional": found.provisional,
        }
        if explained:
            answer["explain"] = [line._asdict() | {"day": str(line.day)} for line in lines]
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for line in lines:
        typer.echo(sentence(line, length))
    typer.echo(shown + ("（暂定：超出已公布的放假安排）" if found.provisional else ""))


def written(found: Due, limit: Limit) -> str:
    """A date for day limits, the minute for hour limits."""
    return found.at.strftime("%Y-%m-%dT%H:%M") if limit.by_hours else found.day.isoformat()


def sentence(line: Line, limit: Limit) -> str:
    """One day of the count for reading."""
    used = f"第{line.number}日" if not limit.by_hours else f"累计{line.number // 3600}小时{line.number // 60 % 60}分"
    return f"{line.day}  {used if line.counted else '——'}  {line.why}  〔{line.article}〕"


def _batch(hours: str, source: Path | None, target: Path | None, beside: Sequence[str], as_json: bool) -> None:
    faults: list[Fault] = []
    calendar: Calendar | None = _tried(faults, shipped.calendar, hours)
    if source is None or target is None:
        faults.append(Fault("batch.files", "成批计算请同时给出 --batch 输入文件和 --out 输出文件。", "batch"))
    if beside:
        text = f"成批计算不能同时给出{'、'.join(beside)}，请写在文件的列里或去掉。"
        faults.append(Fault("batch.files", text, "batch"))
    if faults or calendar is None or source is None or target is None:
        raise Refused.of(faults)
    done = import_module("mashang.clocks.batchfile").compute(calendar, source, target)  # numpy only where it is needed
    answer = {"rows": done.rows, "provisional": done.provisional, "out": str(target)}
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"已计算 {done.rows} 行，写入 {target}。")
    if done.provisional and not as_json:
        typer.echo(f"其中 {done.provisional} 行暂定：超出已公布的放假安排。", err=True)


def _tried(faults: list[Fault], read: Any, text: str) -> Any:
    try:
        return read(text)
    except Refused as no:
        faults.extend(no.faults)
        return None


def _read_json(path: Path) -> Any:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise Refused("notice.file", f"读不了文件“{path}”：须是 UTF-8 的 JSON 文件。", "notice") from None
    if not isinstance(found, dict):
        raise Refused("notice.file", f"文件“{path}”不是放假通知：须有 year、days。", "notice")
    return found


def _complain(faults: Sequence[Fault], as_json: bool) -> None:
    """Every fault, one a line; in machine form too when JSON was asked for. Ends with exit status 2."""
    for fault in faults:
        typer.secho(str(fault.text), fg="red", err=True)
    if as_json:
        typer.echo(json.dumps({"errors": [_machine(fault) for fault in faults]}, ensure_ascii=False))
    sys.exit(WRONG)


def _machine(fault: Fault) -> dict[str, Any]:
    row, _, column = fault.field.rpartition(":")
    place: dict[str, Any] = {"row": int(row), "column": column} if row else {"field": fault.field}
    return {"code": fault.code, "message": str(fault.text), **place}
