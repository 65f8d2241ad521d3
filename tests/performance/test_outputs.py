"""Where `mashang score` writes: never over what it reads, never two tables into one file, devices as they are."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mashang.performance.commands import DATA, app


def score(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    for name in ("scheme.toml", "values.csv"):
        shutil.copy(DATA / "county-demo" / name, tmp_path / name)
    (tmp_path / "stages").mkdir()
    return tmp_path


def test_no_output_is_an_input_or_another_output(mine: Path) -> None:
    scheme, values, stages = mine / "scheme.toml", mine / "values.csv", mine / "stages"
    kept = scheme.read_bytes(), values.read_bytes()
    for words in (
        ("run", scheme, values, "--out", scheme),
        ("run", scheme, values, "--out", values),
        ("run", scheme, values, "--out", stages / "denominated.csv", "--stages", stages),
        ("run", scheme, values, "--out", stages / "inputs.json", "--stages", stages),
        ("run", scheme, values, "--out", mine / "stages"),
        ("sensitivity", scheme, values, "--replicates", 2, "--out", values),
    ):
        done = score(*words)
        assert done.exit_code == 2 and "没有写出任何文件" in done.stderr, done.output
    assert (scheme.read_bytes(), values.read_bytes()) == kept
    assert sorted(path.name for path in mine.rglob("*")) == ["scheme.toml", "stages", "values.csv"]


def test_a_computation_is_not_written_over_what_it_is_checked_with(mine: Path) -> None:
    scheme, values, stages = mine / "scheme.toml", mine / "values.csv", mine / "stages"
    assert score("run", scheme, values, "--out", mine / "s.csv", "--stages", stages).exit_code == 0
    for target in (stages / "inputs.json", mine / "s.csv"):
        before = target.read_bytes()
        assert score("recompute", stages / "inputs.json", "--scores", mine / "s.csv", "--out", target).exit_code == 2
        assert target.read_bytes() == before


def test_a_pipe_takes_the_scores(mine: Path) -> None:
    os.mkfifo(mine / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((mine / "pipe").read_bytes()))
    reader.start()
    done = score("run", mine / "scheme.toml", mine / "values.csv", "--out", mine / "pipe")
    reader.join(10)
    assert done.exit_code == 0 and read[0].count(b"\n") > 5


def test_figures_in_two_encodings_are_refused_by_row(mine: Path) -> None:
    heading, *lines = (mine / "values.csv").read_text("utf-8-sig").splitlines(keepends=True)
    raw = [heading.encode(), *(line.encode() for line in lines[:-1]), lines[-1].encode("gb18030")]
    (mine / "values.csv").write_bytes(b"".join(raw))
    done = score("run", mine / "scheme.toml", mine / "values.csv", "--out", mine / "s.csv")
    assert done.exit_code == 2 and f"第 {len(raw)} 行" in done.stderr and not (mine / "s.csv").exists()
