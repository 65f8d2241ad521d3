"""The commands, on this machine and on the witness's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mashang.ledger import offline
from mashang.ledger.actions import record
from mashang.ledger.commands import app
from mashang.ledger.queries import state
from mashang.ledger.rules import Entry

from .conftest import NOW, sealed, unguarded

pytestmark = pytest.mark.slow


def run(*arguments: object, on: object = app) -> Result:
    return CliRunner().invoke(on, [str(a) for a in arguments])  # type: ignore[arg-type]


@pytest.fixture
def log(ledger: Path) -> Path:
    record([Entry("LY-1", "application.accepted", "staff:12", NOW, {"n": n}, {"name": "林某"}) for n in range(3)])
    assert sealed(3)
    return ledger


def test_sealing_says_how_much_it_sealed(ledger: Path) -> None:
    done = run("seal", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"sealed": 0, "size": 0, "waiting": 0})
    assert "共 0 条" in run("seal").stdout


def test_a_receipt_goes_from_the_county_to_the_citizen_and_is_checked_there(log: Path, tmp_path: Path) -> None:
    assert run("prove", "LY-1", "--private", "--out", tmp_path / "r.json").exit_code == 0
    (tmp_path / "published").write_text(run("key").stdout)
    done = run("verify", tmp_path / "r.json", "--key", tmp_path / "published", on=offline.app)
    assert done.exit_code == 0 and "有效：件号 LY-1 的 3 项" in done.stdout and "name=林某" in done.stdout
    told = json.loads(run("verify", tmp_path / "r.json", "--key", tmp_path / "published", "--json").stdout)
    assert told["ok"] and told["case"] == "LY-1" and len(told["acts"]) == 3


def test_a_changed_receipt_ends_with_status_1_and_a_wrong_file_with_2(log: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(run("prove", "LY-1").stdout.replace('"LY-1"', '"LY-2"'))
    key = log / "ledger.pub"
    changed = run("verify", tmp_path / "r.json", "--key", key)
    assert changed.exit_code == 1 and "无效" in changed.stdout and "被改动过" in changed.stdout
    (tmp_path / "empty").write_text("")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for arguments in (
        (tmp_path / "missing", key),
        (tmp_path / "empty", key),
        (tmp_path / "bytes", key),
        (tmp_path, key),
        (tmp_path / "r.json", tmp_path / "missing"),
        (tmp_path / "r.json", tmp_path / "empty"),
    ):
        done = run("verify", arguments[0], "--key", arguments[1])
        assert done.exit_code == 2 and done.stderr.strip().endswith("。"), done.output


def test_an_unknown_number_is_bad_input(log: Path) -> None:
    done = run("prove", "NO-1")
    assert done.exit_code == 2 and "没有找到" in done.stderr


def test_an_audit_ends_with_status_1_when_it_finds_something(log: Path) -> None:
    done = run("audit")
    assert done.exit_code == 0 and "没有发现改动" in done.stdout
    unguarded("UPDATE ledger_entry SET subject = 'LY-9' WHERE id = 2")
    found = run("audit")
    assert found.exit_code == 1 and "LY-9" in found.stdout
    told = json.loads(run("audit", "--json").stdout)
    assert not told["ok"] and told["findings"][0]["entry"] == 2


def test_a_witness_cosigns_on_its_own_machine_and_the_county_takes_it_in(log: Path, tmp_path: Path) -> None:
    key, published = tmp_path / "w" / "witness.key", log / "ledger.pub"
    witness = ("--key", key, "--log-key", published, "--name", "office/w1")
    run("checkpoint", "--out", tmp_path / "c1")
    first = run("witness", tmp_path / "c1", *witness, "--out", tmp_path / "s1", on=offline.app)
    assert first.exit_code == 0, first.output
    assert key.stat().st_mode & 0o777 == 0o600
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    run("checkpoint", "--out", tmp_path / "c2")
    bare = run("witness", tmp_path / "c2", *witness, on=offline.app)
    assert bare.exit_code == 1 and "consistency 3" in bare.stderr
    run("consistency", 3, "--out", tmp_path / "p")
    assert run("verify", tmp_path / "p", "--key", published).exit_code == 0
    second = run("witness", tmp_path / "p", *witness, "--out", tmp_path / "s2", on=offline.app)
    assert second.exit_code == 0, second.output
    taken = run("adopt", tmp_path / "s2", "--witness-key", f"{key}.pub")
    assert taken.exit_code == 0 and "4 条" in taken.stdout
    run("prove", "LY-1", "--out", tmp_path / "r.json")
    (tmp_path / "all").write_text(run("key").stdout)
    assert "见证 office/w1" in run("verify", tmp_path / "r.json", "--key", tmp_path / "all").stdout
    old = run("witness", tmp_path / "c1", *witness, on=offline.app)
    assert old.exit_code == 1 and "变短" in old.stderr


def test_a_forged_proof_of_growth_ends_with_status_1(log: Path, tmp_path: Path) -> None:
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    proof = json.loads(run("consistency", 3).stdout)
    (tmp_path / "p").write_text(json.dumps(proof | {"proof": proof["proof"][::-1]}))
    done = run("verify", tmp_path / "p", "--key", log / "ledger.pub", "--json")
    assert done.exit_code == 1 and not json.loads(done.stdout)["ok"]
    assert run("consistency", 2).exit_code == 2


def test_the_logs_key_cannot_witness_itself(log: Path, tmp_path: Path) -> None:
    run("checkpoint", "--out", tmp_path / "c")
    done = run("witness", tmp_path / "c", "--key", log / "ledger.key", "--log-key", log / "ledger.pub")
    assert done.exit_code == 2 and "不能互换" in done.stderr


def test_a_new_key_is_published_beside_the_old_one(log: Path) -> None:
    old = run("key").stdout
    both = run("key", "--new").stdout
    assert both.startswith(old) and len(both.splitlines()) == 2
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    assert run("audit").exit_code == 0


def test_the_key_may_be_shown_before_anything_is_sealed(ledger: Path) -> None:
    shown = run("key").stdout
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    assert run("key").stdout == shown
    assert run("checkpoint").stdout == state().checkpoint


def test_there_is_no_checkpoint_of_an_empty_ledger(ledger: Path) -> None:
    assert run("checkpoint").exit_code == 2


def test_the_key_may_come_from_the_environment(ledger: Path, settings) -> None:
    run("key")
    secret = (ledger / "ledger.key").read_text()
    (ledger / "ledger.key").unlink()
    (ledger / "ledger.pub").unlink()
    settings.LEDGER_KEY = secret
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    assert not (ledger / "ledger.key").exists()
    assert run("audit").exit_code == 0
    assert run("key", "--new").exit_code == 2


def test_what_is_written_is_whole_and_never_over_an_input(log: Path, tmp_path: Path) -> None:
    record([Entry("LY-1", "application.granted", "staff:12", NOW)])
    assert sealed(1)
    (tmp_path / "kept").write_text("old")
    for words in (("prove", "LY-1"), ("checkpoint",), ("consistency", 3)):
        for target in (tmp_path / "no" / "a", tmp_path):
            done = run(*words, "--out", target)
            assert done.exit_code == 2 and "写不了" in done.stderr, done.output
        assert run(*words, "--out", tmp_path / "kept").exit_code == 0
        assert (tmp_path / "kept").read_text() == run(*words).stdout
    key, checkpoint = tmp_path / "w" / "witness.key", tmp_path / "c"
    run("checkpoint", "--out", checkpoint)
    witness = ("witness", checkpoint, "--key", key, "--log-key", log / "ledger.pub")
    assert run(*witness, "--out", tmp_path / "s").exit_code == 0
    for target in (checkpoint, key, f"{key}.seen", f"{key}.pub", log / "ledger.pub"):
        before = Path(target).read_bytes()
        assert run(*witness, "--out", target).exit_code == 2
        assert Path(target).read_bytes() == before
    (tmp_path / "w" / "witness.key.seen").unlink()
    assert run(*witness, "--out", tmp_path / "no" / "s").exit_code == 2
    assert not (tmp_path / "w" / "witness.key.seen").exists()  # nothing was given out, so nothing was seen


def test_a_receipt_is_asked_for_by_number(log: Path) -> None:
    record([Entry("", "ledger.tidied", "system:ledger", NOW)])
    assert sealed(1)
    done = run("prove", "")
    assert done.exit_code == 2 and "核对编号" in done.stderr


@pytest.mark.parametrize("number", ["\\ud800", "LY-\\udfff"])
def test_half_a_character_is_no_receipt(log: Path, tmp_path: Path, number: str) -> None:
    (tmp_path / "r.json").write_text(run("prove", "LY-1").stdout.replace('"LY-1"', f'"{number}"'))
    done = run("verify", tmp_path / "r.json", "--key", log / "ledger.pub")
    assert done.exit_code == 2 and "JSON" in done.stderr


def test_a_receipt_may_carry_the_mark_of_an_editor(log: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("\ufeff" + run("prove", "LY-1").stdout)
    (tmp_path / "key").write_text("\ufeff" + (log / "ledger.pub").read_text())
    assert run("verify", tmp_path / "r.json", "--key", tmp_path / "key").exit_code == 0


def test_an_act_named_twice_is_no_second_act(log: Path, tmp_path: Path) -> None:
    receipt = json.loads(run("prove", "LY-1").stdout)
    receipt["acts"].append(receipt["acts"][0])
    (tmp_path / "r.json").write_text(json.dumps(receipt))
    done = run("verify", tmp_path / "r.json", "--key", log / "ledger.pub", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], len(told["acts"])) == (1, False, 3)
    assert [fault["code"] for fault in told["faults"]] == ["receipt.twice"]
