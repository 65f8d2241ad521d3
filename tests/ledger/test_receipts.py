"""A citizen's receipt: it proves offline what was done, and nothing that was changed afterwards."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import told
from mashang.ledger import keys, seals
from mashang.ledger.actions import adopt, erase, record
from mashang.ledger.queries import audit, check, consistency, has_receipt, history, news, public_keys, receipt, state
from mashang.ledger.rules import ERASED, Entry, growth, notes
from mashang.ledger.rules.growth import Growth
from mashang.ledger.rules.notes import LOG, WITNESS, Signer, keys_in
from mashang.ledger.rules.receipt import verify

from .conftest import NOW, sealed, unguarded

OFFICE = Actor("staff", 7, name="效能办")


def act(case: str, n: int = 0, **private: str) -> Entry:
    return Entry(case, "application.accepted", "staff:12", NOW, {"n": n, "结果": "受理"}, private)


@pytest.fixture
def villager(ledger: Path) -> dict[str, Any]:
    """The receipt of a case of three acts among others, with the villager's own data in it."""
    record([act(f"QZ-{n}", n) for n in range(300)])
    record([act("LY-7", 1, name="林某", phone="13900000000"), act("LY-7", 2)])
    record([act("LY-7", 3), act("QZ-301")])
    assert sealed(304)
    return receipt("LY-7", private=True)


@pytest.mark.row("G5")
def test_a_citizens_receipt_proves_each_act_with_the_published_key_alone(villager: dict[str, Any]) -> None:
    verdict = verify(json.dumps(villager), keys_in(public_keys()))
    assert verdict.ok, verdict.faults
    assert (verdict.case, verdict.size, verdict.log) == ("LY-7", 304, "mashang.local/ledger")
    assert verdict.sealed_at == "2026-03-02T17:30:00+08:00"
    assert [(a.leaf, a.facts["n"], a.proven) for a in verdict.acts] == [(300, 1, True), (301, 2, True), (302, 3, True)]
    assert verdict.acts[0].private == {"name": "林某", "phone": "13900000000"}
    assert (verdict.acts[0].verb, verdict.acts[0].by, verdict.acts[0].at) == ("application.accepted", "staff:12", NOW)
    assert check(json.dumps(villager)).ok


def test_a_receipt_for_others_holds_no_personal_data(villager: dict[str, Any]) -> None:
    public = receipt("LY-7")
    assert "林某" not in json.dumps(public, ensure_ascii=False) and "salt" not in json.dumps(public)
    assert check(json.dumps(public)).ok


def _set(path: str, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        *way, last = path.split("/")
        for step in way:
            data = data[int(step) if step.isdigit() else step]
        old = data[last if not last.isdigit() else int(last)]
        data[last if not last.isdigit() else int(last)] = value(old) if callable(value) else value

    return change


OTHER_HASH = "A" * 43 + "="
# what is changed in the receipt, and the code of the fault it gives
CHANGES = [
    ("case", "LY-8", "receipt.inclusion"),
    ("acts/0/body", lambda old: old.replace("受理", "不受理"), "receipt.inclusion"),
    ("acts/0/leaf", 301, "receipt.inclusion"),
    ("acts/0/leaf", 304, "receipt.inclusion"),
    ("acts/0/id", 1, "receipt.inclusion"),
    ("acts/0/xid", lambda old: old + 1, "receipt.inclusion"),
    ("acts/0/era", 2, "receipt.inclusion"),
    ("acts/0/proof/0", OTHER_HASH, "receipt.inclusion"),
    ("acts/0/proof", lambda old: old[1:], "receipt.inclusion"),
    ("acts/0/proof", lambda old: [*old, OTHER_HASH], "receipt.inclusion"),
    ("acts/0/private/name/value", "陈某", "receipt.private"),
    ("acts/0/private/name/salt", "00" * 16, "receipt.private"),
    ("acts/0/private/name/salt", "zz", "receipt.private"),
    ("acts/1/private", {"name": {"value": "林某", "salt": "00" * 16}}, "receipt.private"),
    ("checkpoint", lambda old: old.replace("2026-03-02", "2026-02-02"), "receipt.signature"),
    ("checkpoint", lambda old: old.replace("\n304\n", "\n305\n"), "receipt.signature"),
    ("checkpoint", lambda old: old.replace("— mashang.local/ledger", "— mashang.other/ledger"), "receipt.unsigned"),
    ("acts", [], "receipt.empty"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "value", "code"), CHANGES)
def test_any_change_to_a_receipt_is_seen(ledger: Path, path: str, value: object, code: str) -> None:
    record([act(f"QZ-{n}", n) for n in range(300)])
    record([act("LY-7", 1, name="林某"), act("LY-7", 2), act("LY-7", 3), act("QZ-301")])
    assert sealed(304)
    changed = copy.deepcopy(receipt("LY-7", private=True))
    if path == "acts/1/private":
        changed["acts"][1]["private"] = {}
    _set(path, value)(changed)
    assert code in {fault.code for fault in check(json.dumps(changed)).faults}


def test_a_receipt_under_another_logs_key_is_not_believed(villager: dict[str, Any]) -> None:
    stranger = Signer.fresh("mashang.local/ledger", LOG)
    verdict = verify(json.dumps(villager), [stranger.key])
    assert {fault.code for fault in verdict.faults} == {"receipt.unsigned"}


BAD = [
    "",
    "null",
    "[]",
    "{}",
    '{"format":"mashang-receipt/1"}',
    "[" * 100_000,
    '{"format":"mashang-receipt/1","case":"x","checkpoint":"x","acts":[]}',
    "x" * 8_000_001,
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_receipt_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused) as no:
        verify(text, [])
    assert no.value.text.endswith("。")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("acts/0", 7),
        ("acts/0/leaf", "1"),
        ("acts/0/leaf", True),
        ("acts/0/id", 2**70),
        ("acts/0/proof/0", 7),
        ("acts/0/proof/0", "###"),
        ("acts/0/body", "{"),
        ("acts/0/body", '{"at":"heute","by":"x","verb":"y","facts":{}}'),
        ("acts/0/body", '{"at":"2026-01-01","by":"x","verb":"y","facts":{},"withheld":[]}'),
        ("acts/0/private", []),
        ("acts/0/private/name", 5),
        ("checkpoint", "x"),
    ],
)
def test_a_receipt_of_the_wrong_form_is_refused(path: str, value: object) -> None:
    data = {
        "format": "mashang-receipt/1",
        "case": "LY-7",
        "checkpoint": f"log\n1\n{OTHER_HASH}\n\n— log AAAAAAAA\n",
        "acts": [
            {
                "leaf": 0,
                "era": 1,
                "xid": 5,
                "id": 9,
                "body": '{"at":"2026-01-01","by":"x","verb":"y","facts":{}}',
                "proof": [OTHER_HASH],
                "private": {"name": {"salt": "", "value": ""}},
            }
        ],
    }
    assert not verify(json.dumps(data), []).ok
    _set(path, value)(data)
    with pytest.raises(Refused):
        verify(json.dumps(data), [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["leaf", "era", "xid", "id", "body", "proof", "private"]) | st.text(), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON, max_size=3), JSON)
def test_no_receipt_breaks_the_verifier(acts: list[Any], case: Any) -> None:
    note = f"log\n1\n{OTHER_HASH}\n\n— log AAAAAAAA\n"
    try:
        verdict = verify(
            json.dumps({"format": "mashang-receipt/1", "case": case, "checkpoint": note, "acts": acts}), []
        )
    except Refused as no:
        assert no.text
    else:
        assert not verdict.ok


def test_nothing_is_proven_before_it_is_sealed(ledger: Path) -> None:
    with pytest.raises(NotFound):
        receipt("LY-7")
    record([act("LY-7")])
    with pytest.raises(Refused) as no:
        receipt("LY-7")
    assert no.value.code == "ledger.unsealed" and not has_receipt("LY-7")
    assert sealed(1) and has_receipt("LY-7") and not has_receipt("LY-8")
    record([act("LY-7")])
    assert (len(receipt("LY-7")["acts"]), receipt("LY-7")["waiting"]) == (1, 1)


def test_every_entry_of_several_sealings_has_a_proof(ledger: Path) -> None:
    for count in (1, 255, 1, 300, 7):
        record([act(f"LY-{n % 10}", n) for n in range(count)])
        assert sealed(count)
    leaves = []
    for n in range(10):
        made = receipt(f"LY-{n}")
        assert check(json.dumps(made)).ok
        leaves += [a["leaf"] for a in made["acts"]]
    assert sorted(leaves) == list(range(564))


def test_erasing_takes_the_value_and_leaves_the_proofs(villager: dict[str, Any]) -> None:
    assert erase("LY-7", by=OFFICE, now=NOW, ground="申请人撤回同意（个人信息保护法第四十七条）", names=["phone"]) == 1
    first, *_, last = history("LY-7")
    assert first.private == {"name": "林某", "phone": ERASED} and first.erased == ("phone",)
    assert (last.verb, last.by) == ("private.erased", "staff:7")
    assert last.facts["entries"] == {str(first.id): ["phone"]}
    assert check(json.dumps(villager)).ok, "the receipt that the villager holds stays valid"
    assert sealed(1)
    after = receipt("LY-7", private=True)
    assert check(json.dumps(after)).ok and "13900000000" not in json.dumps(after)
    assert audit().ok
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_private")
        assert cursor.fetchone()[0] == 1


def test_nothing_is_erased_twice_or_without_a_ground(villager: dict[str, Any]) -> None:
    with pytest.raises(Refused) as no:
        erase("LY-7", by=OFFICE, now=NOW, ground=" ")
    assert no.value.code == "ledger.ground"
    assert erase("LY-7", by=OFFICE, now=NOW, ground="依申请") == 2
    with pytest.raises(Refused) as no:
        erase("LY-7", by=OFFICE, now=NOW, ground="依申请")
    assert no.value.code == "ledger.nothing"


def test_the_database_erases_only_what_the_erasure_names(villager: dict[str, Any]) -> None:
    erase("LY-7", by=OFFICE, now=NOW, ground="依申请", names=["phone"])
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="erased only together"):
        cursor.execute("DELETE FROM ledger_private")


def test_the_feed_passes_over_nothing_and_repeats_nothing(ledger: Path) -> None:
    record([act("LY-1", n) for n in range(5)])
    record([Entry("LY-2", "case.late", "system:sweep", NOW)])
    assert sealed(6)  # the horizon has passed them
    first, place, more = news((0, 0, 0), 4)
    rest, end, _ = news(place, 1000)
    assert more and [e.facts.get("n") for _, e in first + rest] == [0, 1, 2, 3, 4, None]
    assert news(end, 1000) == ([], end, False)
    assert [e.case for _, e in rest if e.verb == "case.late"] == ["LY-2"]


def test_a_witness_on_another_machine_cosigns_and_the_receipt_carries_it(ledger: Path) -> None:
    record([act("LY-1")])
    assert sealed(1)
    office = Signer.fresh("office.longyan/w1", WITNESS)
    seen = state().checkpoint
    assert growth.check(Growth.parse(seen), keys.published(), "").size == 1
    record([act("LY-1")] * 20)
    assert sealed(20)
    proof = json.dumps(consistency(1))
    asked = Growth.parse(proof)
    assert growth.check(asked, keys.published(), seen).size == 21
    note = asked.new + office.sign(notes.Note.parse(asked.new).text, NOW)
    assert adopt(note, office.key, by=OFFICE, now=NOW) == 21
    record([act("LY-2")])
    assert sealed(2)  # the co-signature is an entry too
    verdict = check(json.dumps(receipt("LY-1")))
    assert verdict.ok and verdict.witnesses == (("office.longyan/w1", int(NOW.timestamp())),)
    assert verdict.size == 21, "a receipt prefers the checkpoint that an outsider saw"
    newer = check(json.dumps(receipt("LY-2")))
    assert (newer.ok, newer.size, newer.witnesses) == (True, 23, ())
    assert audit().ok


def test_a_witness_refuses_a_log_whose_past_was_changed(ledger: Path) -> None:
    record([act("LY-1", n) for n in range(10)])
    assert sealed(10)
    seen = state().checkpoint
    unguarded("UPDATE ledger_entry SET body = replace(body, '受理', '不受理')")
    unguarded("DELETE FROM ledger_tile", "DELETE FROM ledger_seal", "DELETE FROM ledger_mark")
    assert sealed(10)
    record([act("LY-1")])
    assert sealed(1)
    published = keys.published()
    for asked, code in (
        (Growth("", seals.at_size(10).note, ()), "growth.fork"),  # type: ignore[union-attr]
        (Growth.parse(json.dumps(consistency(10))), "growth.fork"),
        (Growth("", state().checkpoint, ()), "growth.proof"),
    ):
        with pytest.raises(Refused) as no:
            growth.check(asked, published, seen)
        assert no.value.code == code
    with pytest.raises(Refused) as no:
        growth.check(Growth("", seen, ()), published, state().checkpoint)
    assert no.value.code == "growth.shrunk"
    assert no.value.text == "账本变短了：以前见过 11 条，这份检查点只有 10 条。"
    with translation.override("en"):
        english = told(no.value.text, translation.gettext)
    assert english == "The ledger has become shorter: 11 entries were seen before, and this checkpoint has only 10."


def test_only_our_own_checkpoint_signed_by_that_witness_is_taken_in(ledger: Path) -> None:
    record([act("LY-1")])
    assert sealed(1)
    office, other = Signer.fresh("office/w1", WITNESS), Signer.fresh("office/w2", WITNESS)
    note = state().checkpoint
    text = notes.Note.parse(note).text
    foreign = text.replace("mashang.local", "elsewhere")
    for offered, key, code in (
        (note, office.key, "witness.signature"),
        (note + office.sign(text, NOW), other.key, "witness.signature"),
        (notes.signed(foreign, [office.sign(foreign, NOW)]), office.key, "witness.foreign"),
        (note + office.sign(text, NOW), keys.published()[0], "witness.key"),
    ):
        with pytest.raises(Refused) as no:
            adopt(offered, key, by=OFFICE, now=NOW)
        assert no.value.code == code


def test_consistency_is_proven_between_any_two_checkpoints(ledger: Path) -> None:
    sizes = []
    for count in (1, 6, 249, 1, 300):
        record([act("LY-1", n) for n in range(count)])
        assert sealed(count)
        sizes.append(state().size)
    for old in sizes:
        for new in (size for size in sizes if size >= old):
            asked = Growth.parse(json.dumps(consistency(old, new)))
            assert growth.check(asked, keys.published(), asked.old).size == new
    for old, new in ((2, None), (7, 1), (0, None)):
        with pytest.raises(Refused):
            consistency(old, new)


def test_a_receipt_takes_few_statements_however_long_the_case(ledger: Path) -> None:
    record([act("LY-1", n) for n in range(600)])
    assert sealed(600)
    with sql.statements() as sent:
        assert len(receipt("LY-1")["acts"]) == 600
    assert len(sent) <= 5


def test_the_verifier_loads_neither_django_nor_a_database_driver(villager: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_text(json.dumps(villager))
    (tmp_path / "key").write_text(public_keys())
    code = (
        "import sys; from mashang.ledger.offline import app\n"
        "try: app(['verify', 'receipt.json', '--key', 'key'])\n"
        "except SystemExit as end: print(end.code, sorted({'django', 'psycopg'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr


def test_an_outsider_checks_a_receipt_with_the_program_in_the_docs(ledger: Path, tmp_path: Path) -> None:
    """The 40 lines share no code with ours: they follow RFC 9162 on their own."""
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    (tmp_path / "check.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    for count in (1, 6, 300):
        record([act("LY-7", n, name="林某") for n in range(count)])
        assert sealed(count)
    (tmp_path / "key").write_text(public_keys())
    good = receipt("LY-7", private=True)
    bad = copy.deepcopy(good)
    bad["acts"][200]["private"]["name"]["value"] = "陈某"
    for made, status in ((good, 0), (good | {"case": "LY-8"}, 1), (bad, 1)):
        (tmp_path / "receipt").write_text(json.dumps(made))
        done = subprocess.run(
            [sys.executable, "check.py", "receipt", "key"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr
    assert len((tmp_path / "check.py").read_text().splitlines()) <= 45
