"""`mashang text`: files in, files out. Needs neither Django nor a database. Exit status 2 with every fault named; an
output file is whole or not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from mashang.kernel.outputs import outputs
from mashang.kernel.refused import Fault, Refused

from .files import csv_bytes, json_bytes, read_table
from .rules import work
from .rules.tables import Table, read_time, texts_of, thin_classes

app = typer.Typer(
    name="text",
    help="文本：分类、查重、热点、答复检查、个人信息遮盖。",
    no_args_is_help=True,
    add_completion=False,
)
WRONG = 2  # exit status for input that cannot be worked with

Source = Annotated[Path, typer.Argument(metavar="IN.csv", help="CSV（UTF-8 或 GB 18030，第一行是列名，中英文都可以）")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="mashang text train 产生的模型")]
Out = Annotated[Path, typer.Option("--out", help="写入的文件")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]


@contextmanager
def _refusing(as_json: bool = False) -> Iterator[None]:
    """Every fault on a line of its own, in machine form too when JSON was asked for; then exit status 2."""
    try:
        yield
    except Refused as no:
        for fault in no.faults:
            typer.secho(str(fault.text), fg="red", err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [_machine(fault) for fault in no.faults]}, ensure_ascii=False))
        sys.exit(WRONG)


def _machine(fault: Fault) -> dict[str, Any]:
    row, _, column = fault.field.partition(":")
    place: dict[str, Any] = {"row": int(row), "column": column} if row.isdigit() else {"field": fault.field}
    return {"code": fault.code, "message": str(fault.text), **place}


def _rules(name: str) -> Any:
    """A module of rules, loaded by the command that needs it: numpy and scipy take longer to load than to print help."""
    return import_module(f"mashang.text.rules.{name}")


def _shown(value: Any, as_json: bool, lines: Iterator[str]) -> None:
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
    else:
        for line in lines:
            typer.echo(line)


# -- sorting


Labelled = tuple[list[str], list[str], list[str] | None]


def _labelled(source: Path, group: str = "", least: int = 2) -> Labelled:
    """Texts, labels and groups of a file. Refuses with all faults."""
    table, labelled = _read_labelled(source, group, least)
    table.refuse()
    return labelled


def _read_labelled(source: Path, group: str = "", least: int = 2) -> tuple[Table, Labelled]:
    table = read_table(source, ("label", group) if group else ("label",), least)
    texts, labels = texts_of(table), table.filled("label")
    return table, (texts, labels, table.filled(group) if group and table.has(group) else None)


def _refuse_untaught(table: Table, labels: list[str]) -> None:
    """Faults of the cells and of the classes at once; of the classes only where every row could be read."""
    if any(labels) and not any(fault.code in ("table.row", "table.quotes") for fault in table.faults):
        table.faults += thin_classes(filter(None, labels))
    table.refuse()


@app.command()
def train(
    source: Source,
    out: Out,
    conflicts: Annotated[Path | None, typer.Option(help="近似文本类别不一的清单写到这个 CSV")] = None,
    as_json: AsJson = False,
) -> None:
    """从已标类别的文本（列 label 类别，和 text 文本或 title 标题、body 正文）学习分类，写出模型。"""
    targets = [out, conflicts] if conflicts else [out]
    with _refusing(as_json), outputs(targets, [source], folders=True) as files:
        table, (texts, labels, _) = _read_labelled(source)
        _refuse_untaught(table, labels)
        learning = import_module("mashang.text.training")
        corpus = learning.read(texts, labels)
        model = learning.train(corpus, {"texts": str(len(texts))})
        files[0].write(model.save())
        if conflicts:
            files[1].write(_conflict_table(_conflicts(corpus.conflicts, table)))
    told = {
        "texts": len(texts),
        "labels": list(model.labels),
        "conflicts": _conflicts(corpus.conflicts, table),
        "model": str(out),
    }
    _shown(told, as_json, _train_lines(told))


def _train_lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"已学习 {told['texts']} 条文本、{len(told['labels'])} 个类别，模型写入 {told['model']}。"
    if told["conflicts"]:
        yield f"有 {len(told['conflicts'])} 组近似文本类别不一，已降低其分量，请核对："
        for conflict in told["conflicts"]:
            yield "  第 " + "、".join(f"{row} 行（{label}）" for row, label in conflict)


def _conflicts(found: list[Any], table: Table) -> list[list[tuple[int, str]]]:
    """Rows as a spreadsheet numbers them."""
    return [[(table.numbers[row], label) for row, label in zip(one.rows, one.labels, strict=True)] for one in found]


def _conflict_table(conflicts: list[list[tuple[int, str]]]) -> bytes:
    rows = [(number, row, label) for number, one in enumerate(conflicts, 1) for row, label in one]
    return csv_bytes(("conflict", "row", "label"), rows)


@app.command()
def classify(model: ModelFile, source: Source, out: Out, as_json: AsJson = False) -> None:
    """给每条文本加上类别、把握和理由（起决定作用的词）。"""
    with _refusing(as_json), outputs([out], [model, source]) as [file]:
        sorter = work.load_model(model)
        table = read_table(source)
        texts = work.sortable(table)
        verdicts = sorter.verdicts(texts)
        file.write(csv_bytes(*work.sorted_rows(table, verdicts)))
    counts = {label: sum(v.label == label for v in verdicts) for label in sorter.labels}
    summary = {"texts": len(texts), "labels": counts, "out": str(out)}
    lines = [f"已分类 {len(texts)} 条，写入 {out}。", *(f"  {label} {count}" for label, count in counts.items())]
    _shown(summary, as_json, iter(lines))


@app.command()
def evaluate(model: ModelFile, source: Source, as_json: AsJson = False) -> None:
    """用已标类别的文本检验模型：F1、混淆、只分派最有把握的一部分时的准确率、把握是否可靠。"""
    with _refusing(as_json):
        sorter = work.load_model(model)
        texts, labels, _ = _labelled(source, least=1)
        parts = sorter.parts(texts)
        names = [*sorter.labels, *sorted(set(labels) - set(sorter.labels))]
        numpy = import_module("numpy")
        true = numpy.array([names.index(label) for label in labels])
        found = _rules("evaluation").report(
            names, true, sorter.summed(parts).argmax(axis=1), sorter.confidence(parts), sorter.sureness(parts)
        )
    _shown(found, as_json, _report_lines(found))


@app.command("cross-validate")
def cross_validate(
    source: Source,
    folds: Annotated[int, typer.Option(help="折数")] = 5,
    group: Annotated[str, typer.Option(help="分组列：同组的不拆到两边；不给则由近似文本成组")] = "",
    as_json: AsJson = False,
) -> None:
    """分折交叉检验：每一折都用没有见过的文本检验。"""
    with _refusing(as_json):
        table, (texts, labels, groups) = _read_labelled(source, group)
        if folds < 2:
            table.faults.append(Fault("train.folds", f"折数 {folds} 不合适：至少是 2。", "folds"))
        _refuse_untaught(table, labels)
        learning = import_module("mashang.text.training")
        corpus = learning.read(texts, labels, groups)
        found = learning.cross_validate(corpus, folds)
        found["conflicts"] = _conflicts(corpus.conflicts, table)
    _shown(found, as_json, _report_lines(found))


def _report_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"共 {found['count']} 条：宏平均 F1 {found['macro_f1']:.4f}，微平均 F1 {found['micro_f1']:.4f}，把握的平均偏差 {found['calibration_error']:.4f}"
    for row in found["classes"]:
        yield f"  {row['label']}：准确 {row['precision']:.3f}，召回 {row['recall']:.3f}，F1 {row['f1']:.3f}，{row['support']} 条"
    for row in found["routed"]:
        yield f"  只分派最有把握的 {row['share']:.0%}：准确率 {row['accuracy']:.4f}（把握不低于 {row['threshold']:.3f}）"
    for row in found["reliability"]:
        yield f"  把握 {row['from']:.2f}–{row['to']:.2f}：{row['count']} 条，平均把握 {row['confidence']:.3f}，实际 {row['accuracy']:.3f}"
    if found.get("conflicts"):
        yield f"  近似文本类别不一的有 {len(found['conflicts'])} 组，用 train --conflicts 写出清单。"


# -- comparing


@app.command()
def similar(
    source: Source,
    out: Out,
    threshold: Annotated[float, typer.Option(min=0.5, max=1, help="三字组的杰卡德相似度下限")] = 0.8,
    as_json: AsJson = False,
) -> None:
    """找出近似重复的文本，每对一行：first、second（行号）、share；有 id（编号）列时另加 first_id、second_id。"""
    with _refusing(as_json), outputs([out], [source]) as [file]:
        table = read_table(source)
        texts = texts_of(table)
        table.refuse()
        pairs = work.alike(texts, threshold)
        file.write(csv_bytes(*work.pair_rows(table, pairs)))
    told = {"texts": len(texts), "pairs": len(pairs.first), "out": str(out)}
    _shown(told, as_json, iter([f"{len(texts)} 条文本中有 {len(pairs.first)} 对近似重复，写入 {out}。"]))


@app.command()
def hot(
    source: Source,
    out: Out,
    at: Annotated[str, typer.Option(help="以哪一天算当前热度，默认最后一条来信")] = "",
    as_json: AsJson = False,
) -> None:
    """按事、地、时归并来信（列 id 编号、at 时间、title 标题、body 正文，可有 likes 点赞数），写出各组的标题、地点、期间和热度。"""
    with _refusing(as_json), outputs([out], [source]) as [file]:
        table = read_table(source, ("id", "at", "title", "body"), 2)
        messages = work.messages(table)
        found = work.grouped(messages, _moment(at))
        file.write(json_bytes(hot_json(found, len(messages))))
    lines = (
        f"  热度 {g.heat:7.2f}  {len(g.messages):4d} 条  {g.first:%Y-%m-%d}–{g.last:%Y-%m-%d}  {g.title}"
        for g in found.groups[:20]
    )
    told = {"messages": len(messages), "groups": len(found.groups), "out": str(out)}
    head = f"{len(messages)} 条来信归为 {len(found.groups)} 组，写入 {out}。最热的："
    _shown(told, as_json, iter([head, *lines]))


def _moment(text: str) -> datetime | None:
    found = read_time(text) if text else None
    if text and found is None:
        raise Refused("hot.at", f"“{text}”不是时间，请写成 2026-03-02。", "at")
    return found


def hot_json(found: Any, messages: int) -> dict[str, Any]:
    """The grouping as JSON values: groups hottest first, numbered from 1, each with its messages in order of time."""
    return {
        "messages": messages,
        "grouped": sum(len(group.messages) for group in found.groups),
        "heat_formula": "Σ(1+ln(1+likes)) / (1+days/90)",
        "current_formula": "Σ(1+ln(1+likes))·0.5^(age/30)",
        "groups": [
            {
                "group": number,
                "title": group.title,
                "places": list(group.places),
                "from": group.first.isoformat(),
                "to": group.last.isoformat(),
                "count": len(group.messages),
                "likes": group.likes,
                "heat": group.heat,
                "current": group.current,
                "rising": group.rising,
                "messages": [message.id for message in group.messages],
            }
            for number, group in enumerate(found.groups, 1)
        ],
    }


# -- answers


@app.command("check-replies")
def check_replies(source: Source, out: Out, as_json: AsJson = False) -> None:
    """检查答复（列 title 标题、body 正文、reply 答复、at 留言时间、replied_at 答复时间）：各项 0–1 分、依据的原文、把关意见 hold 或 pass 及理由。"""
    with _refusing(as_json), outputs([out], [source]) as [file]:
        table = read_table(source, ("title", "body", "reply", "at", "replied_at"))
        exchanges = work.exchanges(table, import_module("mashang.clocks.shipped").calendar())
        checks = work.checked(exchanges, table.numbers)
        file.write(csv_bytes(*work.checked_rows(table, exchanges, checks)))
    within = work.within(exchanges)
    held = sum(check.verdict == "hold" for check in checks)
    told = {
        "replies": len(checks),
        "held": held,
        "within_working_days": {str(k): round(v, 4) for k, v in within.items()},
    }
    spoken = "，".join(f"{days} 个工作日内 {share:.1%}" for days, share in within.items())
    _shown(told, as_json, iter([f"检查了 {len(checks)} 件答复，{held} 件建议把关；答复时限：{spoken}。写入 {out}。"]))


# -- personal data


@app.command()
def mask(source: Source, out: Out, as_json: AsJson = False) -> None:
    """遮盖每一格里的个人信息：电话、身份证号、银行卡号、车牌、电子邮箱。"""
    with _refusing(as_json), outputs([out], [source]) as [file]:
        table = read_table(source, meant=False)
        table.refuse()
        personal = _rules("personal")
        found = sum(len(personal.find_personal(cell)) for row in table.rows for cell in row)
        file.write(csv_bytes(table.heading, ([personal.mask_personal(cell) for cell in row] for row in table.rows)))
    told = {"rows": len(table), "found": found, "out": str(out)}
    _shown(told, as_json, iter([f"{len(table)} 行里遮盖了 {found} 处个人信息，写入 {out}。"]))
