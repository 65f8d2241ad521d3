"""`mashang score` on files: what it writes, what it says, and that nothing is written when something is wrong."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mashang.performance.commands import app

from .builders import ROOT, SHIPPED

ASEM = str(SHIPPED / "asem" / "values.csv")
COUNTY = str(SHIPPED / "county-demo" / "values.csv")


def score(*args: str | Path, status: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, [str(a) for a in args])
    assert done.exit_code == status, done.output
    return done.stdout, done.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_run_writes_score_and_rank_at_every_node_and_all_stages(tmp_path: Path) -> None:
    score("run", "asem", ASEM, "--out", tmp_path / "scores.csv", "--stages", tmp_path / "stages")
    found = {(r["unit"], r["node"]): r for r in rows(tmp_path / "scores.csv")}
    assert len(found) == 51 * 60
    assert found["CHE", "Index"] | {"score": "", "inputs": ""} == {
        "unit": "CHE", "node": "Index", "name": "Sustainable Connectivity Index", "score": "", "rank": "1", "of": "51",
        "shown": "68.38", "grade": "", "inputs": "",
    } | {"name": found["CHE", "Index"]["name"]}  # fmt: skip
    assert float(found["CHE", "Index"]["score"]) == pytest.approx(68.38, abs=0.005)
    names = {p.name for p in (tmp_path / "stages").iterdir()}
    stages = {"denominated.csv", "imputed.csv", "treated.csv", "normalised.csv", "aggregated.csv"}
    assert names == stages | {"inputs.json"}
    assert len(rows(tmp_path / "stages" / "treated.csv")) == 51


def test_scores_are_recomputed_from_the_frozen_inputs_and_a_changed_digit_is_found(tmp_path: Path) -> None:
    score("run", "county-demo", COUNTY, "--out", tmp_path / "scores.csv", "--stages", tmp_path)
    out, _ = score("recompute", tmp_path / "inputs.json", "--scores", tmp_path / "scores.csv")
    digest = rows(tmp_path / "scores.csv")[0]["inputs"]
    assert digest in out
    text = (tmp_path / "scores.csv").read_text("utf-8")
    (tmp_path / "scores.csv").write_text(text.replace("78.29833333333332", "78.29833333333331"), "utf-8")
    score("recompute", tmp_path / "inputs.json", "--scores", tmp_path / "scores.csv", status=2)


def test_cells_that_cannot_be_read_hide_no_other_fault(tmp_path: Path) -> None:
    """But for what hangs on them: of p all that could be read is one value, and nobody knows of the rest."""
    (tmp_path / "scheme.toml").write_text(
        '[scheme]\ncode = "one"\n[nodes]\nt = {}\n[indicators]\n'
        + "".join(f'{name} = {{ parent = "t", method = "min-max" }}\n' for name in "pqr"),
        "utf-8",
    )
    (tmp_path / "values.csv").write_text("unit,p,q,r\na,one,1,5\nb,7,,5\nc,7,3,5\n", "utf-8")
    _, told = score("check", tmp_path / "scheme.toml", tmp_path / "values.csv", status=2)
    assert [line.rpartition("[")[2].rstrip("]") for line in told.splitlines()[:-1]] == [
        "values.not-a-number", "values.missing", "values.one-value",
    ]  # fmt: skip
    assert "第 3 行（b）缺“q”" in told and "指标“r”" in told
    (tmp_path / "values.csv").write_text("unit,p,q,r\na,1,1,5\nb,7,,5\nd,7,3,5\nc,7,3\n", "utf-8")
    _, told = score("check", tmp_path / "scheme.toml", tmp_path / "values.csv", status=2)
    assert "[values.width]" in told and "[values.missing]" in told and "[values.one-value]" not in told


def test_what_does_not_recompute_writes_nothing(tmp_path: Path) -> None:
    score("run", "county-demo", COUNTY, "--out", tmp_path / "scores.csv", "--stages", tmp_path)
    text = (tmp_path / "scores.csv").read_text("utf-8")
    (tmp_path / "scores.csv").write_text(text.replace("78.29833333333332", "78.29833333333331"), "utf-8")
    again = tmp_path / "again.csv"
    score("recompute", tmp_path / "inputs.json", "--scores", tmp_path / "scores.csv", "--out", again, status=2)
    assert not again.exists()
    (tmp_path / "scores.csv").write_text(text, "utf-8")
    score("recompute", tmp_path / "inputs.json", "--scores", tmp_path / "scores.csv", "--out", again)
    assert sorted(again.read_text("utf-8").splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: json.dumps((body := json.loads(raw)) | {"units": [*body["units"], "甲"]}).encode(),
        lambda raw: json.dumps((body := json.loads(raw)) | {"numbers": [*body["numbers"]]}).encode(),
        lambda raw: json.dumps(json.loads(raw) | {"texts": {}}).encode(),
        lambda raw: json.dumps((body := json.loads(raw)) | {"units": [[]] * len(body["units"])}).encode(),
        lambda raw: raw.replace(b'"awards":[', b'"awards":[NaN,', 1),
        lambda raw: b"[" * 100_000,
    ],
    ids=["a unit more", "no columns", "no groups", "units that are no text", "no number", "without end"],
)  # fmt: skip
def test_inputs_that_somebody_changed_are_refused_in_a_sentence(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    score("run", "county-demo", COUNTY, "--out", tmp_path / "scores.csv", "--stages", tmp_path)
    (tmp_path / "inputs.json").write_bytes(change((tmp_path / "inputs.json").read_bytes()))
    _, told = score("recompute", tmp_path / "inputs.json", status=2)
    assert "[frozen.form]" in told


def test_inputs_in_another_encoding_are_refused_in_a_sentence(tmp_path: Path) -> None:
    score("run", "county-demo", COUNTY, "--out", tmp_path / "scores.csv", "--stages", tmp_path)
    (tmp_path / "inputs.json").write_bytes((tmp_path / "inputs.json").read_text("utf-8").encode("gb18030"))
    _, told = score("recompute", tmp_path / "inputs.json", status=2)
    assert "[file.encoding]" in told


def test_a_table_of_scores_in_another_encoding_is_refused_in_a_sentence(tmp_path: Path) -> None:
    score("run", "county-demo", COUNTY, "--out", tmp_path / "scores.csv", "--stages", tmp_path)
    other = tmp_path / "other.csv"
    other.write_bytes((tmp_path / "scores.csv").read_bytes().decode().encode("gb18030"))
    _, told = score("recompute", tmp_path / "inputs.json", "--scores", other, status=2)
    assert f"{other}: " in told and "[file.encoding]" in told


def test_the_scores_do_not_go_into_a_file_of_the_stages(tmp_path: Path) -> None:
    _, told = score("run", "county-demo", COUNTY, "--out", tmp_path / "treated.csv", "--stages", tmp_path, status=2)
    assert "[file.same]" in told
    assert not list(tmp_path.iterdir())


def test_an_indicator_that_nothing_can_stand_in_for_is_not_left_out(tmp_path: Path) -> None:
    scheme = tmp_path / "scheme.toml"
    scheme.write_text(
        '[scheme]\ncode = "one"\n[nodes]\nt = {}\n[indicators]\nx = { parent = "t", method = "as-is" }\n'
        "[sensitivity]\nleave_out = true\n",
        "utf-8",
    )
    (tmp_path / "values.csv").write_text("unit,x\na,1\nb,2\n", "utf-8")
    out, _ = score("sensitivity", scheme, tmp_path / "values.csv", "--replicates", "20")
    assert [line.split(",")[2:] for line in out.splitlines()[1:]] == [["2"] * 4, ["1"] * 4]


def test_a_seed_is_not_negative() -> None:
    assert "--seed" in score("sensitivity", "asem", ASEM, "--seed", "-1", status=2)[1]


def test_wide_scores_have_one_row_a_unit(tmp_path: Path) -> None:
    score("run", "hdi", SHIPPED / "hdi" / "values.csv", "--out", tmp_path / "scores.csv", "--wide")
    found = rows(tmp_path / "scores.csv")
    assert len(found) == 8
    assert found[0]["HDI.rank"] == "1"


def test_explain_opens_a_unit_down_to_its_figures() -> None:
    out, _ = score("explain", "county-demo", COUNTY, "--unit", "住建局")
    assert "绩效总分（total）  78.30" in out
    assert "督查扣分（supervised）  1.50  计入 -1.50" in out
    out, _ = score("explain", "county-demo", COUNTY, "--unit", "住建局", "--json")
    lines = json.loads(out)["lines"]
    assert lines[0]["score"] == pytest.approx(78.29833333333332)
    assert next(line for line in lines if line["id"] == "on_time")["figures"]["raw"] == 93.1
    score("explain", "county-demo", COUNTY, "--unit", "没有的局", status=2)


def test_explain_bears_a_rater_whose_column_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        """[scheme]
code = "c"
[nodes]
total = {}
[indicators]
m = { parent = "total", missing = "redistribute", method = { kind = "expert-mean", inputs = ["r1", "r2", "r3"], drop = 0 } }
""",
        encoding="utf-8",
    )
    (tmp_path / "v.csv").write_text("unit,r1,r2\na,80,90\nb,70,60\n", encoding="utf-8")
    out, _ = score("explain", tmp_path / "s.toml", tmp_path / "v.csv", "--unit", "a", "--json")
    figures = json.loads(out)["lines"][1]["figures"]
    assert (figures["r1"], figures["r2"], figures["r3"]) == (80, 90, None)


@pytest.mark.slow
def test_sensitivity_gives_rank_intervals_and_effects(tmp_path: Path) -> None:
    _, told = score("sensitivity", "asem", ASEM, "--replicates", "60", "--out", tmp_path / "ranks.csv")
    assert "normalise" in told
    assert rows(tmp_path / "ranks.csv")[0].keys() == {"unit", "score", "rank", "rank_5", "rank_50", "rank_95"}
    out, _ = score("sensitivity", "asem", ASEM, "--replicates", "60", "--json")
    assert {e["factor"] for e in json.loads(out)["effects"]} >= {"weights", "normalise", "leave_out"}


def test_check_says_that_all_is_well_or_names_every_fault(tmp_path: Path) -> None:
    assert "没有问题" in score("check", "egdi", SHIPPED / "egdi" / "values.csv")[0]
    broken = (SHIPPED / "hdi" / "scheme.toml").read_text("utf-8")
    broken = (
        broken.replace('"geometric"', '"geometrical"')
        .replace("high = 85", "high = 8")
        .replace('parent = "education"', 'parent = "educatoin"')
    )
    (tmp_path / "scheme.toml").write_text(broken, "utf-8")
    _, told = score("check", tmp_path / "scheme.toml", status=2)
    for code in ("scheme.choice", "scheme.pair", "scheme.unknown-parent", "scheme.empty-node"):
        assert f"[{code}]" in told


@pytest.mark.parametrize(
    ("why", "values", "codes"),
    [
        ("faults of the file", "unit,x\na,１,\n", ["values.width"]),
        ("one value for all", None, ["values.one-value"]),
        ("no such file", "", []),
    ],
)
def test_nothing_is_written_when_something_is_wrong(
    tmp_path: Path, why: str, values: str | None, codes: list[str]
) -> None:
    source = tmp_path / "values.csv"
    if values is None:
        text = Path(ASEM).read_text("utf-8").splitlines()
        at = text[0].split(",").index("Lang")
        text = [text[0], *(",".join([*r.split(",")[:at], "7", *r.split(",")[at + 1 :]]) for r in text[1:])]
        source.write_text("\n".join(text), "utf-8")
    elif values:
        source.write_text(values, "utf-8")
    _, told = score("run", "asem", source, "--out", tmp_path / "out" / "s.csv", "--stages", tmp_path / "st", status=2)
    assert all(f"[{code}]" in told for code in codes)
    assert {p.name for p in tmp_path.iterdir()} <= {"values.csv"}


def test_an_output_that_cannot_be_written_leaves_no_half(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    score(
        "run",
        "hdi",
        SHIPPED / "hdi" / "values.csv",
        "--out",
        tmp_path / "s.csv",
        "--stages",
        tmp_path / "file",
        status=2,
    )
    assert {p.name for p in tmp_path.iterdir()} == {"file"}


def test_an_example_is_copied_out_and_runs(tmp_path: Path) -> None:
    score("example", "asem", tmp_path / "mine")
    score("run", tmp_path / "mine" / "scheme.toml", tmp_path / "mine" / "values.csv", "--out", tmp_path / "s.csv")
    score("example", "nothing", tmp_path, status=2)


def test_the_command_needs_neither_django_nor_a_database() -> None:
    code = "import sys, mashang.performance.commands; print(sorted(m for m in sys.modules if m.split('.')[0] in ('django', 'psycopg', 'pandas', 'scipy', 'openpyxl')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
