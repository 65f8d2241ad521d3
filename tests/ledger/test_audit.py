"""An audit finds a change of any stored byte, says what it is and where, and finds nothing when nothing was changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest
from django.db import connection

from mashang.kernel.actor import Actor
from mashang.ledger import keys, seals
from mashang.ledger.actions import erase, record
from mashang.ledger.queries import Report, audit
from mashang.ledger.rules import Entry
from mashang.ledger.rules.merkle import Tree, leaf_hash
from mashang.ledger.rules.notes import LOG, Checkpoint, Signer, signed

from .conftest import NOW, TABLES, sealed, unguarded
from .test_sealing import stored_order

pytestmark = pytest.mark.slow

OFFICE = Actor("staff", 7, name="效能办")


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


@pytest.fixture
def log(ledger: Path) -> Path:
    """Three checkpoints over 700 entries of 100 cases, some with private facts, one of them erased; two entries wait."""
    for first, last in ((0, 300), (300, 301), (301, 699)):
        record(
            [
                Entry(f"LY-{n % 100}", "step.done", "staff:1", NOW, {"n": n}, {"name": f"甲{n}"} if n % 50 == 7 else {})
                for n in range(first, last)
            ]
        )
        if first == 301:
            erase("LY-57", by=OFFICE, now=NOW, ground="申请人依法要求删除", names=["name"])
            assert sealed(last - first + 1)
        else:
            assert sealed(last - first)
    record([Entry("LY-W", "step.done", "staff:1", NOW, {}, {"name": "乙"})] * 2)
    return ledger


def test_an_untouched_ledger_has_no_findings(log: Path) -> None:
    report = audit()
    assert report.ok, report.findings
    # 14 private facts among 699 entries, of which LY-57 had 7; and the two that wait
    assert (report.entries, report.sealed, report.checkpoints, report.private) == (702, 700, 3, 14 - 7 + 2)


def test_an_empty_ledger_has_no_findings(ledger: Path) -> None:
    assert audit().ok


# what someone with all rights does in the database, and how the audit names it: (statement, codes, case or "")
ENTRY = "(SELECT id FROM ledger_entry WHERE body LIKE '%\"n\":{}}}%')"
TAMPERINGS = [
    # a word in the act itself
    (f"UPDATE ledger_entry SET body = replace(body, 'done', 'gone') WHERE id = {ENTRY.format(123)}", {"entry.altered"}, "LY-23"),
    # one character of the case it belongs to
    (f"UPDATE ledger_entry SET subject = 'LY-24' WHERE id = {ENTRY.format(123)}", {"entry.altered"}, "LY-24"),
    # its number, transaction and era
    (f"UPDATE ledger_entry SET id = id + 100000 WHERE id = {ENTRY.format(123)}", {"entry.missing", "entry.extra"}, "LY-23"),
    (f"UPDATE ledger_entry SET xid = (xid::text::bigint - 1)::text::xid8 WHERE id = {ENTRY.format(0)}", {"entry.altered"}, "LY-0"),
    (f"UPDATE ledger_entry SET era = era + 1 WHERE id = {ENTRY.format(698)}", {"entry.missing"}, ""),
    (f"UPDATE ledger_entry SET era = -1 WHERE id = {ENTRY.format(0)}", {"entry.altered"}, "LY-0"),
    # an entry taken out, the first, one in the middle, the last sealed
    (f"DELETE FROM ledger_entry WHERE id = {ENTRY.format(0)}", {"entry.missing"}, ""),
    (f"DELETE FROM ledger_entry WHERE id = {ENTRY.format(255)}", {"entry.missing"}, ""),
    ("DELETE FROM ledger_entry WHERE body LIKE '%private.erased%'", {"entry.missing", "private.missing"}, ""),
    # one put in afterwards, in the past
    ("INSERT INTO ledger_entry SELECT era, xid, 999999, 'LY-NEW', body FROM ledger_entry WHERE id = 123", {"entry.extra"}, "LY-NEW"),
    ("INSERT INTO ledger_entry SELECT -5, xid, 999999, 'LY-NEW', body FROM ledger_entry WHERE id = 123", {"entry.extra"}, "LY-NEW"),
    # an entry says what another one says
    (
        f"UPDATE ledger_entry e SET body = o.body FROM ledger_entry o WHERE o.id = {ENTRY.format(400)} AND e.id = {ENTRY.format(10)}",
        {"entry.altered"},
        "LY-10",
    ),
    # private facts: the value, its name, its owner, gone, another one's, one too many
    ("UPDATE ledger_private SET sealed = set_byte(sealed, 19, get_byte(sealed, 19) # 1) WHERE name = 'name' AND entry_id = 8", {"private.altered"}, ""),
    ("UPDATE ledger_private SET name = 'nome' WHERE entry_id = 8", {"private.missing", "private.extra"}, ""),
    ("UPDATE ledger_private SET entry_id = 9 WHERE entry_id = 8", {"private.missing", "private.extra"}, ""),
    ("DELETE FROM ledger_private WHERE entry_id = 8", {"private.missing"}, ""),
    ("UPDATE ledger_private p SET sealed = o.sealed FROM ledger_private o WHERE p.entry_id = 8 AND o.entry_id > 600", {"private.altered"}, ""),
    ("INSERT INTO ledger_private VALUES (9, 'name', '\\x01')", {"private.extra"}, ""),
    ("DELETE FROM ledger_private WHERE entry_id = (SELECT max(id) FROM ledger_entry)", {"private.missing"}, ""),
    # an erased fact put back
    (
        f"INSERT INTO ledger_private SELECT {ENTRY.format(57)}, 'name', sealed FROM ledger_private WHERE entry_id = 8",
        {"private.altered"},
        "",
    ),
    # the tree
    ("UPDATE ledger_tile SET hashes = set_byte(hashes, 32, get_byte(hashes, 32) # 1) WHERE (level, n) = (0, 1)", {"tile.altered"}, ""),
    ("UPDATE ledger_tile SET hashes = substring(hashes FROM 1 FOR 64) WHERE (level, n) = (0, 2)", {"tile.altered"}, ""),
    ("UPDATE ledger_tile SET hashes = hashes || hashes WHERE (level, n) = (1, 0)", {"tile.altered"}, ""),
    ("UPDATE ledger_tile SET n = 9 WHERE (level, n) = (0, 1)", {"tile.missing", "tile.extra"}, ""),
    ("UPDATE ledger_tile SET level = -7 WHERE (level, n) = (1, 0)", {"tile.missing", "tile.extra"}, ""),
    ("DELETE FROM ledger_tile WHERE (level, n) = (0, 0)", {"tile.missing"}, ""),
    ("INSERT INTO ledger_tile SELECT 2, 0, hashes FROM ledger_tile WHERE (level, n) = (1, 0)", {"tile.extra"}, ""),
    # marks
    ("UPDATE ledger_mark SET leaf = 257 WHERE leaf = 256", {"mark.altered"}, ""),
    ("UPDATE ledger_mark SET era = 2 WHERE leaf = 256", {"mark.altered"}, ""),
    ("UPDATE ledger_mark SET xid = (xid::text::bigint - 1)::text::xid8 WHERE leaf = 256", {"mark.altered"}, ""),
    ("UPDATE ledger_mark SET entry_id = entry_id + 1 WHERE leaf = 256", {"mark.altered"}, ""),
    ("DELETE FROM ledger_mark WHERE leaf = 512", {"mark.altered"}, ""),
    # checkpoints: their columns, text, signature, a line added, the middle one gone, the first gone
    ("UPDATE ledger_seal SET size = 299 WHERE size = 300", {"checkpoint.columns"}, ""),
    ("UPDATE ledger_seal SET era = 2 WHERE size = 700", {"checkpoint.columns"}, ""),
    ("UPDATE ledger_seal SET horizon = (horizon::text::bigint + 1)::text::xid8 WHERE size = 700", {"checkpoint.columns"}, ""),
    ("UPDATE ledger_seal SET checkpoint = replace(checkpoint, '2026-03-02', '2026-03-01') WHERE size = 300", {"checkpoint.signature"}, ""),
    ("UPDATE ledger_seal SET checkpoint = replace(checkpoint, E'\\n300\\n', E'\\n200\\n') WHERE size = 300", {"checkpoint.signature"}, ""),
    ("UPDATE ledger_seal SET checkpoint = replace(checkpoint, '2026-03-02', '2026-03-01') WHERE size = 700", {"checkpoint.signature", "anchor.missing"}, ""),
    ("UPDATE ledger_seal SET checkpoint = checkpoint || '— x AAAAAAAA' || E'\\n' WHERE size = 301", {"checkpoint.signature"}, ""),
    ("UPDATE ledger_seal SET checkpoint = checkpoint || '— x AAAAAAAA' || E'\\n' WHERE size = 700", {"checkpoint.signature", "anchor.missing"}, ""),
    ("UPDATE ledger_seal SET checkpoint = replace(checkpoint, '2026-03-02', '2026-03-01')", {"checkpoint.signature", "anchor.missing"}, ""),
    ("UPDATE ledger_seal SET checkpoint = 'x' WHERE size = 301", {"checkpoint.signature"}, ""),
    ("DELETE FROM ledger_seal WHERE size = 301", {"checkpoint.missing"}, ""),
    ("DELETE FROM ledger_seal WHERE size = 300", {"checkpoint.missing"}, ""),
    ("DELETE FROM ledger_seal WHERE size = 700", {"tile.extra", "tile.altered", "mark.altered", "anchor.missing"}, ""),
]  # fmt: skip


@pytest.mark.row("G5")
def test_every_tampering_is_found_and_named(log: Path) -> None:
    """One after the other on one ledger, each undone before the next."""
    wrong = []
    _keep()
    for statement, expected, case in TAMPERINGS:
        report, touched = _with(statement)
        cases = {finding.case for finding in report.findings}
        if not touched:
            wrong.append((statement, "changed nothing"))
        elif not expected <= codes(report) or (case and case not in cases) or (codes(report) - expected):
            wrong.append((statement, expected, report.findings[:5]))
    assert not wrong, "\n".join(map(str, wrong))
    assert audit().ok, "every tampering was undone"


COLUMNS = [
    ("ledger_entry", "subject", "id", "(era, xid) < (SELECT era, horizon FROM ledger_seal ORDER BY size DESC LIMIT 1)"),
    ("ledger_entry", "body", "id", "(era, xid) < (SELECT era, horizon FROM ledger_seal ORDER BY size DESC LIMIT 1)"),
    ("ledger_private", "name", "entry_id", "true"),
    ("ledger_private", "sealed", "entry_id", "true"),
    ("ledger_tile", "hashes", "level * 1000 + n", "true"),
    ("ledger_seal", "checkpoint", "size", "true"),
]  # fmt: skip


def test_any_one_bit_of_any_stored_text_is_missed_when_it_turns(log: Path) -> None:
    chance = Random(6962)
    _keep()
    for table, column, key, which in COLUMNS * 6:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {which} ORDER BY 1")
            row, value = chance.choice(cursor.fetchall())
        if isinstance(value, str):
            place = chance.randrange(len(value))
            other = "'" + (value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]).replace("'", "''") + "'"
        else:
            data = bytearray(value)
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            other = f"'\\x{data.hex()}'"
        report, touched = _with(f"UPDATE {table} SET {column} = {other} WHERE {key} = {row}")
        assert touched and not report.ok, (table, column, row, other)


NAMES = TABLES.split(", ")


def _keep() -> None:
    with connection.cursor() as cursor:
        for name in NAMES:
            cursor.execute(f"CREATE TEMP TABLE kept_{name} AS TABLE {name}")


def _with(statement: str) -> tuple[Report, int]:
    """The audit while the statement has effect, and how many rows that touched."""
    unguarded(statement)
    changed = " UNION ALL ".join(
        f"(SELECT 1 FROM (TABLE {a} EXCEPT TABLE {b}) AS x)"
        for name in NAMES
        for a, b in ((name, f"kept_{name}"), (f"kept_{name}", name))
    )
    with connection.cursor() as cursor:
        cursor.execute(changed)
        touched = len(cursor.fetchall())
    report = audit()
    unguarded(*(f"DELETE FROM {name}" for name in NAMES), *(f"INSERT INTO {name} TABLE kept_{name}" for name in NAMES))
    return report, touched


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "{}",
        '{"withheld":{"name":1},"verb":1}',
        '{"withheld":[1]}',
        '{"verb":"private.erased","facts":{"entries":{"a":"b"}}}',
    ],
)
def test_an_entry_made_unreadable_is_named_and_breaks_nothing(log: Path, body: str) -> None:
    unguarded(f"UPDATE ledger_entry SET body = '{body}' WHERE id IN (50, (SELECT max(id) FROM ledger_entry))")
    report = audit()
    assert ("entry.altered", 50) in {(f.code, f.entry) for f in report.findings}


def test_entries_and_tree_changed_together_are_found_by_the_signature(log: Path) -> None:
    """Whoever owns the database but not the key can make everything fit, except the signed root."""
    unguarded(f"UPDATE ledger_entry SET body = replace(body, 'done', 'gone') WHERE id = {ENTRY.format(350)}")
    tree, horizon = Tree(), seals.head().horizon  # type: ignore[union-attr]
    for row in stored_order():
        if (row.era, row.xid) < horizon:
            tree.add([leaf_hash(row.leaf)])
    for tile in [*tree.partial(), *tree.full]:
        text = tile.hashes.hex()
        unguarded(f"UPDATE ledger_tile SET hashes = '\\x{text}' WHERE (level, n) = ({tile.level}, {tile.n})")
    report = audit()
    assert codes(report) == {"log.rewritten"}
    assert "302 至 700" in report.findings[0].text


def test_a_checkpoint_signed_with_another_key_is_found(log: Path) -> None:
    last = seals.head()
    assert last is not None
    forger = Signer.fresh(last.checkpoint.origin, LOG)
    checkpoint = Checkpoint(last.checkpoint.origin, last.size, b"f" * 32, last.checkpoint.extra)
    forged = signed(checkpoint.text, [forger.sign(checkpoint.text)])
    unguarded(f"UPDATE ledger_seal SET checkpoint = '{forged}' WHERE size = {last.size}")
    assert "checkpoint.signature" in codes(audit())


def test_a_ledger_set_back_as_a_whole_is_found_by_what_this_machine_remembers(ledger: Path) -> None:
    record([Entry("LY-1", "step.done", "staff:1", NOW)])
    assert sealed(1)
    with connection.cursor() as cursor:
        for name in ("ledger_entry", "ledger_tile", "ledger_mark", "ledger_seal"):
            cursor.execute(f"CREATE TEMP TABLE old_{name} AS TABLE {name}")
    record([Entry("LY-1", "step.undone", "staff:1", NOW)])
    assert sealed(1)
    unguarded(
        *(f"DELETE FROM {n}" for n in ("ledger_entry", "ledger_tile", "ledger_mark", "ledger_seal")),
        *(
            f"INSERT INTO {n} SELECT * FROM old_{n}"
            for n in ("ledger_entry", "ledger_tile", "ledger_mark", "ledger_seal")
        ),
    )
    assert codes(audit()) == {"anchor.missing"}
    record([Entry("LY-1", "step.redone", "staff:1", NOW)])
    assert sealed(1)
    assert codes(audit()) == {"anchor.missing"}, "sealing on does not wipe the evidence away"
    keys.anchor_path().unlink()
    assert audit().ok


def test_the_old_key_still_vouches_for_what_it_signed(log: Path) -> None:
    keys.renew()
    assert sealed(2)
    report = audit()
    assert report.ok and report.sealed == 702


def test_an_audit_sees_one_moment_while_others_write_and_seal(ledger: Path) -> None:
    done, faults = Event(), list[BaseException]()

    def busy(work: Callable[[], object]) -> None:
        try:
            while not done.is_set():
                work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [
        Thread(target=busy, args=(lambda: record([Entry("LY-1", "step.done", "staff:1", NOW, {}, {"n": "甲"})] * 3),)),
        Thread(target=busy, args=(lambda: sealed(3),)),
    ]
    for thread in threads:
        thread.start()
    reports = [audit() for _ in range(25)]
    while reports[-1].sealed == reports[0].sealed and len(reports) < 5000:  # the others may be slow to begin
        reports.append(audit())
    done.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert all(report.ok for report in reports), [r.findings[:2] for r in reports if not r.ok]
    assert reports[-1].sealed > reports[0].sealed
