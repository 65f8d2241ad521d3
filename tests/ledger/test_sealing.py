"""Sealing: complete, in order, once, and safe with other writers and sealers at work."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from mashang.kernel.refused import Refused
from mashang.ledger import seals
from mashang.ledger.actions import record, seal
from mashang.ledger.queries import history, state
from mashang.ledger.rules import Entry
from mashang.ledger.rules.entry import Row
from mashang.ledger.rules.merkle import Tree, leaf_hash
from mashang.ledger.rules.notes import Checkpoint, Key, Note

from .conftest import NOW, sealed, unguarded

pytestmark = pytest.mark.slow


def acts(count: int, case: str = "LY-1") -> list[Entry]:
    return [Entry(case, "step.done", "staff:1", NOW, {"n": n}) for n in range(count)]


def other() -> psycopg.Connection[tuple[object, ...]]:
    """Another session on the same database."""
    settings = connection.settings_dict
    return psycopg.connect(dbname=settings["NAME"], user=settings["USER"], host=settings["HOST"], port=settings["PORT"])


def stored_order() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT era, xid::text::bigint, id, subject, body FROM ledger_entry ORDER BY era, xid, id")
        return [Row(*row) for row in cursor.fetchall()]


def root_of(rows: list[Row]) -> bytes:
    tree = Tree()
    for row in rows:
        tree.add([leaf_hash(row.leaf)])
    return tree.root(tree.size)


def test_sealing_signs_the_root_of_exactly_what_was_recorded(ledger: Path) -> None:
    record(acts(3))
    record([Entry("泉-2", "step.done", "staff:1", NOW, {"注": "门牌 §"}, {"name": "甲"})])
    assert sealed(4)
    head = seals.head()
    assert head is not None
    checkpoint = Checkpoint.parse(Note.parse(head.note).text)
    assert (checkpoint.size, checkpoint.root) == (4, root_of(stored_order()))
    assert checkpoint.extra["sealed"] == "2026-03-02T17:30:00+08:00"
    key = Key.parse((ledger / "ledger.pub").read_text())
    assert Note.parse(head.note).signed_by([key]) == ([key], [])
    assert [entry.sealed for entry in history("LY-1")] == [True] * 3


def test_nothing_new_signs_nothing(ledger: Path) -> None:
    assert seal(NOW) == 0
    record(acts(1))
    assert sealed(1)
    assert seal(NOW) == 0
    assert state().waiting == 0


def test_the_key_is_made_once_and_only_its_owner_may_read_it(ledger: Path) -> None:
    record(acts(1))
    assert sealed(1)
    made = (ledger / "ledger.key").read_text()
    assert (ledger / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert ledger.stat().st_mode & 0o777 == 0o700
    record(acts(1))
    assert sealed(1)
    assert (ledger / "ledger.key").read_text() == made


def test_a_lost_key_is_not_replaced_in_silence(ledger: Path) -> None:
    record(acts(1))
    assert sealed(1)
    (ledger / "ledger.key").unlink()
    record(acts(1))
    with pytest.raises(Refused) as no:
        sealed(1)
    assert no.value.code == "ledger.key-lost"
    assert state().waiting == 1


def test_a_transaction_that_commits_late_is_sealed_later_and_nothing_moves(ledger: Path) -> None:
    with other() as late:
        late.execute("INSERT INTO ledger_entry (era, subject, body) VALUES (1, 'late', '{}')")
        record(acts(2, "after"))  # committed at once, but its number is above the open transaction's
        assert seal(NOW) == 0
        late.commit()
    assert sealed(3)
    assert [row.case for row in stored_order()] == ["late", "after", "after"]


def test_entries_above_the_horizon_wait_and_those_below_are_sealed(ledger: Path) -> None:
    record(acts(2, "before"))
    with other() as late:
        late.execute("INSERT INTO ledger_entry (era, subject, body) VALUES (1, 'late', '{}')")
        record(acts(2, "after"))
        assert sealed(2)
        assert state().waiting == 2
        late.rollback()
    assert sealed(2)


def test_only_one_seals_at_a_time(ledger: Path) -> None:
    record(acts(1))
    with other() as busy:
        busy.execute("SELECT pg_advisory_xact_lock(hashtextextended('mashang.ledger.seal', 0))")
        assert seal(NOW) == 0
    assert sealed(1)


def test_a_sealing_that_dies_leaves_nothing_behind(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(acts(300))
    monkeypatch.setattr("mashang.ledger.keys.signer", lambda first: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sealed(300)
    monkeypatch.undo()
    assert (state().size, state().waiting) == (0, 300)
    assert sealed(300)


def test_sealing_may_not_hide_inside_another_transaction(ledger: Path) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        seal(NOW)


def test_a_damaged_tree_is_not_signed_over(ledger: Path) -> None:
    record(acts(300))
    assert sealed(300)
    unguarded("UPDATE ledger_tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 0 AND n = 1")
    record(acts(1))
    with pytest.raises(Refused) as no:
        sealed(1)
    assert no.value.code == "ledger.damaged"


def test_many_writers_and_sealers_at_once_seal_every_entry_once_and_in_one_order(ledger: Path) -> None:
    """Writers hold their transactions open for various times, some give up; two sealers seal all the while."""
    done = threading.Event()
    committed: list[int] = []
    sizes: list[tuple[int, bytes]] = []
    faults: list[BaseException] = []

    def write(number: int) -> None:
        with other() as session:
            for turn in range(400):
                if turn >= 40 and len({size for size, _ in list(sizes)}) > 5:
                    break
                count = 1 + (number + turn) % 3
                for n in range(count):
                    body = json.dumps({"writer": number, "turn": turn, "n": n})
                    session.execute(
                        "INSERT INTO ledger_entry (era, subject, body) VALUES (1, %s, %s)", [f"w{number}", body]
                    )
                if (number * 7 + turn) % 5 == 0:
                    session.execute("SELECT pg_sleep(0.02)")
                if turn % 9 == 8:
                    session.rollback()
                else:
                    session.commit()
                    committed.append(count)

    def keep_sealing() -> None:
        while not done.is_set():
            seal(NOW)
            head = seals.head()
            if head:
                sizes.append((head.size, head.checkpoint.root))
        connection.close()

    def caught(work: object, *args: object) -> None:
        try:
            work(*args)  # type: ignore[operator]
        except BaseException as fault:
            faults.append(fault)

    sealers = [threading.Thread(target=caught, args=(keep_sealing,)) for _ in range(2)]
    writers = [threading.Thread(target=caught, args=(write, number)) for number in range(6)]
    for thread in (*sealers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert not faults
    assert sealed(state().waiting)
    rows = stored_order()
    head = seals.head()
    assert head is not None and head.size == len(rows) == sum(committed)
    assert len({size for size, _ in sizes}) > 5, "the sealers must have worked while others wrote"
    for size, root in {*sizes, (head.size, head.checkpoint.root)}:
        assert root == root_of(rows[:size])


def test_after_a_restore_on_another_server_a_new_era_follows_the_old(ledger: Path) -> None:
    """The old server had counted to 9 billion; this one starts from a low number."""
    record(acts(3, "old"))
    unguarded("UPDATE ledger_entry SET xid = '9000000000'")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_entry VALUES (1, '9000000007', 99, 'old', '{}')")
    record(acts(2, "new"))
    assert sealed(6)
    assert [(row.era, row.case) for row in stored_order()[-2:]] == [(1, "old")] * 2
    record(acts(2, "newer"))
    assert sealed(2)
    assert [(row.era, row.case) for row in stored_order()[-2:]] == [(2, "newer")] * 2
    head = seals.head()
    assert head is not None and head.checkpoint.root == root_of(stored_order())


def test_after_a_restore_entries_below_the_old_horizon_begin_the_new_era_themselves(ledger: Path) -> None:
    record(acts(3, "old"))
    assert sealed(3)
    unguarded("UPDATE ledger_seal SET horizon = '9000000000'")
    record(acts(2, "new"))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_entry VALUES (1, '9000000007', 99, 'old', '{}')")
    assert [(row.era, row.case) for row in stored_order()[-3:]] == [(1, "old"), (2, "new"), (2, "new")]
    assert sealed(3)
    record(acts(1, "newer"))
    assert sealed(1)
    head = seals.head()
    assert head is not None and head.horizon[0] == 2
    assert head.checkpoint.root == root_of(stored_order())
