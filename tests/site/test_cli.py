"""The `mashang` command: quick to start, honest about what it finds."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typst
from typer.testing import CliRunner

from mashang.documents.rendering import fonts
from mashang.kernel.refused import Refused
from mashang.site import cli, environment, running
from mashang.site.commands import doctor, setup
from mashang.site.commands.demo import free_port

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(*arguments: str) -> set[str]:
    """The top-level packages in memory after the part of the command for these arguments was read."""
    code = f"""
import sys
from mashang.site import cli
cli.MOUNTS[{arguments[0]!r}].load({list(arguments[1:])!r})
print(*sorted({{name.partition('.')[0] for name in sys.modules}}))
"""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [("clock", "due", "2026-03-02", "20wd"), ("ledger", "verify", "receipt.json"), ("score", "run", "scheme.toml")],
)
def test_what_needs_no_database_starts_without_django(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments) & {"django", "psycopg", "procrastinate", "granian"}


def test_help_names_every_part_and_loads_none() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"])
    assert shown.exit_code == 0
    for name in cli.MOUNTS.keys() - {"seed"}:
        assert name in shown.stdout


def test_an_unknown_part_is_refused() -> None:
    assert CliRunner().invoke(cli.app, ["democ"]).exit_code == 2


def test_a_refusal_is_a_sentence_and_a_failure_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("no backup")
    command = [sys.executable, "-m", "mashang.site", "restore", str(tmp_path / "x.tar")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "备份文件" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("why", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_takes_nothing_is_named_in_a_sentence(monkeypatch: pytest.MonkeyPatch, why: int) -> None:
    def full(**_how: object) -> None:
        raise OSError(why, os.strerror(why), "/srv/var/keys")

    monkeypatch.setattr(environment, "prepare", full)
    done = CliRunner().invoke(cli.app, ["ledger", "seal"])
    assert (done.exit_code, "/srv/var/keys" in done.stderr) == (2, True)
    monkeypatch.setattr(setup, "prepare", full)
    done = CliRunner().invoke(cli.app, ["setup"])
    assert (done.exit_code, "MASHANG_VAR" in done.stderr) == (1, True)


def test_the_doctor_names_a_folder_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda *_asked: False)
    assert [finding.what for finding in doctor.examine() if not finding.ok] == ["文件夹 folder"]


@pytest.mark.django_db
def test_the_doctor_finds_nothing_wrong_here_but_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "vault").touch(0o600)
    monkeypatch.setattr(doctor, "KEYS", keys)
    assert [finding.what for finding in doctor.examine() if not finding.ok] == []
    (keys / "vault").chmod(0o644)
    monkeypatch.setattr(fonts, "book", lambda var: typst.Fonts(include_system_fonts=False))
    monkeypatch.setattr(doctor, "DISK_BYTES", 10**18)
    monkeypatch.setattr(doctor, "OLDEST_POSTGRES", 99)
    wrong = {finding.what.partition(" ")[0]: finding for finding in doctor.examine() if not finding.ok}
    assert wrong.keys() == {"密钥", "中文字体", "磁盘", "数据库"}
    assert "vault" in wrong["密钥"].text
    assert all(finding.remedy for finding in wrong.values())


def test_a_second_demo_from_the_same_folder_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    assert running.demo_running(tmp_path) is None
    with running.only_demo(tmp_path, "http://127.0.0.1:8000/"):
        found = running.demo_running(tmp_path)
        assert found == running.Running(os.getpid(), "http://127.0.0.1:8000/")
        with pytest.raises(Refused, match="http://127.0.0.1:8000/"), running.only_demo(tmp_path, "http://other/"):
            pass
    assert running.demo_running(tmp_path) is None


def test_a_busy_port_gives_way_to_the_next() -> None:
    first = free_port("127.0.0.1", 0)
    assert free_port("127.0.0.1", first) == first


@pytest.mark.slow
@pytest.mark.parametrize("word", ["seal", "audit"])  # 1 would say that the ledger was altered
@pytest.mark.parametrize(
    "named", [{}, {"DATABASE_URL": "postgresql:///nowhere?host=/nonexistent"}], ids=["empty", "unreachable"]
)
def test_a_command_on_a_database_that_is_not_ready_says_so(tmp_path: Path, named: dict[str, str], word: str) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "MASHANG_VAR")}
    command = [sys.executable, "-m", "mashang.site", "ledger", word]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=kept | {"MASHANG_VAR": str(tmp_path / "var")} | named
    )
    assert done.returncode == 2
    assert "数据库" in done.stderr
    assert "Traceback" not in done.stderr
