"""`mashang score`: schemes on files, without database. Exit status 2 with every fault named; files are whole or not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mashang.kernel.outputs import outputs, refuse_clash
from mashang.kernel.refused import Refused
from mashang.performance.rules import output
from mashang.performance.rules.engine import evaluate
from mashang.performance.rules.explain import as_text, explain
from mashang.performance.rules.frozen import fingerprint, freeze, thaw
from mashang.performance.rules.parse import load
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.sensitivity import Study, study
from mashang.performance.rules.table import Table, read_table

app = typer.Typer(help="绩效计分：方案检查、计分、解释、敏感性分析、复算。", no_args_is_help=True)
DATA = Path(__file__).parent / "data"

SchemeFile = Annotated[Path, typer.Argument(help="方案文件（TOML），或随附样例的名称：asem、hdi、egdi、county-demo")]
ValuesFile = Annotated[
    Path, typer.Argument(help="数据：CSV 或 Excel，宽表（一列一个指标）或长表（unit、indicator、value）")
]
OutFile = Annotated[Path | None, typer.Option("--out", help="写入的文件；不写则打印到屏幕")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]


@contextmanager
def _refusing(name: Path | str) -> Iterator[None]:
    """Turn a refusal into one line a fault on stderr and exit status 2."""
    try:
        yield
    except Refused as no:
        for fault in no.faults:
            place = (
                f"{fault.field}: " if fault.field and fault.field not in fault.text and "行" not in fault.field else ""
            )
            typer.echo(f"{name}: {place}{fault.text} [{fault.code}]", err=True)
        typer.echo(f"共 {len(no.faults)} 处问题，没有写出任何文件。", err=True)
        raise typer.Exit(2) from no
    except OSError as error:
        typer.echo(f"{error.filename or name}: 无法读写：{error.strerror}。", err=True)
        raise typer.Exit(2) from error


def _scheme(path: Path) -> Scheme:
    shipped = DATA / path.name / "scheme.toml"
    with _refusing(path):
        return load(shipped if not path.exists() and len(path.parts) == 1 and shipped.exists() else path)


def _table(path: Path, scheme: Scheme) -> Table:
    with _refusing(path):
        table = read_table(path, scheme)
    for notice in table.notices:
        typer.echo(f"{path}: {notice}", err=True)
    return table


def _write(files: Sequence[tuple[Path, str]], inputs: Iterable[Path] = ()) -> None:
    """All files or none, and none over an input or another one."""
    with outputs([path for path, _ in files], inputs, folders=True) as written:
        for file, (_, text) in zip(written, files, strict=True):
            file.write(text.encode())


def _put(out: Path | None, text: str, inputs: Iterable[Path]) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        _write([(out, text)], inputs)


@app.command()
def check(
    scheme_file: SchemeFile, values_file: Annotated[Path | None, typer.Argument(help="一并检查的数据")] = None
) -> None:
    """检查方案（和数据），一次列出全部问题。"""
    scheme = _scheme(scheme_file)
    if values_file is not None:
        table = _table(values_file, scheme)
        with _refusing(values_file):
            evaluate(scheme, table)
    typer.echo(f"没有问题：{scheme.name or scheme.code}，{len(scheme.nodes)} 个节点，{len(scheme.indicators)} 个指标。")


@app.command()
def run(
    scheme_file: SchemeFile,
    values_file: ValuesFile,
    out: Annotated[Path, typer.Option("--out", help="得分表（CSV）")],
    stages: Annotated[Path | None, typer.Option("--stages", help="写出每一步中间结果和封存输入的目录")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="每个单位一行，各节点并列")] = False,
) -> None:
    """计分：每个单位在方案树每个节点上的得分和名次。"""
    with _refusing(out):
        refuse_clash([out], [scheme_file, values_file])
    scheme = _scheme(scheme_file)
    table = _table(values_file, scheme)
    with _refusing(values_file):
        result = evaluate(scheme, table)
        files = [(out, output.as_csv((output.scores_wide if wide else output.scores_long)(result)))]
        frozen = freeze(scheme, table)
        if stages is not None:
            files += [(stages / f"{name}.csv", output.as_csv(rows)) for name, rows in output.stages(result).items()]
            files.append((stages / "inputs.json", frozen))
        _write(files, [scheme_file, values_file])
    typer.echo(
        f"{len(table)} 行，{len(scheme.nodes) + len(scheme.indicators)} 个节点；输入封存码 {fingerprint(frozen)}",
        err=True,
    )


@app.command("explain")
def explain_(
    scheme_file: SchemeFile,
    values_file: ValuesFile,
    unit: Annotated[str, typer.Option("--unit", help="哪个单位")],
    period: Annotated[str, typer.Option("--period", help="哪一期，数据不分期时不写")] = "",
    as_json: AsJson = False,
) -> None:
    """解释一个单位的得分：从总分逐层到原始数值。"""
    scheme = _scheme(scheme_file)
    table = _table(values_file, scheme)
    rows = [n for n, u in enumerate(table.units) if u == unit and period in ("", table.periods[n])]
    with _refusing(values_file):
        if not rows:
            raise Refused("explain.no-unit", f"数据里没有单位“{unit} {period}”。".replace(" ”", "”"), "--unit")
        result = evaluate(scheme, table)
        for row in rows:
            lines = explain(result, row)
            if as_json:
                slots = [{name: _plain(getattr(line, name)) for name in line.__slots__} for line in lines]
                typer.echo(json.dumps({"unit": unit, "period": table.periods[row], "lines": slots}, ensure_ascii=False))
            else:
                head = f"{unit} {table.periods[row]}".strip()
                grade = f"  等次 {result.grades[row]}" if result.grades[row] else ""
                typer.echo(f"{head}{grade}\n{as_text(lines, scheme.decimals)}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return None if isinstance(value, float) and value != value else value


@app.command()
def sensitivity(
    scheme_file: SchemeFile,
    values_file: ValuesFile,
    replicates: Annotated[int, typer.Option(min=2, max=100_000, help="重复次数")] = 1000,
    seed: Annotated[int, typer.Option(help="随机种子：同一种子结果相同")] = 1,
    out: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """敏感性：权重浮动、方法互换、逐个去掉指标；名次区间和各因素的 Sobol 效应。"""
    inputs = [scheme_file, values_file]
    with _refusing(out or ""):
        refuse_clash([out] if out else [], inputs)
    scheme = _scheme(scheme_file)
    table = _table(values_file, scheme)
    with _refusing(scheme_file):
        done = study(scheme, table, replicates=replicates, seed=seed)
        _put(out, _study_json(done) if as_json else output.as_csv(output.study_rows(done)), inputs)
    typer.echo(f"重复 {replicates} 次，名次平均变动 {done.shift:.2f} 位。", err=True)
    for e in done.effects:
        text = f"  {e.factor}：单独 {e.first:.3f}±{e.first_error:.3f}，连同交互 {e.total:.3f}±{e.total_error:.3f}"
        typer.echo(text, err=True)


def _study_json(done: Study) -> str:
    head, *rows = output.study_rows(done)
    body = {
        "replicates": done.replicates,
        "shift": done.shift,
        "units": [dict(zip(map(str, head), row, strict=True)) for row in rows],
        "effects": [{name: getattr(e, name) for name in e.__slots__} for e in done.effects],
        "left_out": {leaf: {"mean_shift": mean, "largest_shift": most} for leaf, (mean, most) in done.left_out.items()},
    }
    return json.dumps(body, ensure_ascii=False) + "\n"


@app.command()
def recompute(
    inputs_file: Annotated[Path, typer.Argument(help="封存的输入（inputs.json）")],
    scores: Annotated[Path | None, typer.Option("--scores", help="要核对的得分表，逐位比较")] = None,
    out: OutFile = None,
) -> None:
    """复算：由封存的输入重新计分，打印封存码；给出得分表时逐位核对。"""
    with _refusing(inputs_file):
        text = inputs_file.read_text(encoding="utf-8")
        scheme, table = thaw(text)
        again = output.as_csv(output.scores_long(evaluate(scheme, table)))
        if out is not None:
            _write([(out, again)], [inputs_file, *([scores] if scores else [])])
        if scores is not None and sorted(again.splitlines()) != sorted(scores.read_text(encoding="utf-8").splitlines()):
            raise Refused("recompute.differs", "复算结果与给出的得分表不一致。", str(scores))
    typer.echo(f"输入封存码 {fingerprint(text)}" + ("；逐位一致。" if scores else ""))


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="asem、hdi、egdi 或 county-demo")],
    folder: Annotated[Path, typer.Argument(help="复制到哪个目录")],
) -> None:
    """把随附的样例（方案和数据）复制出来。"""
    source = DATA / name
    with _refusing(name):
        if not (source / "scheme.toml").exists():
            known = "、".join(sorted(p.name for p in DATA.iterdir()))
            raise Refused("example.unknown", f"没有样例“{name}”，可用：{known}。", "name")
        _write([(folder / file.name, file.read_text(encoding="utf-8")) for file in sorted(source.iterdir())])
    typer.echo(f"已复制到 {folder}。")
