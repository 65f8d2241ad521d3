"""Speeds of the ledger, beside a plain insert and bare hashing in the same run.

    python -m benchmarks.ledger [--entries 1000000]

Works in a database of its own, which it makes on the server of DATABASE_URL (or the embedded one) and drops again.
Prints a line a figure, with its floor where one is promised, and ends with status 1 if one was missed. "Work" is the time
on a core of this process and of its database session together: it tells what one core does also while others are busy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time

from mashang.site.environment import prepare

prepare()

from django.conf import settings  # noqa: E402  Django must be ready before its settings are read
from django.db import connection, transaction  # noqa: E402

from mashang.kernel import clock, sql  # noqa: E402
from mashang.ledger.actions import record, recording, seal  # noqa: E402
from mashang.ledger.queries import audit, receipt, state  # noqa: E402
from mashang.ledger.rules import Entry  # noqa: E402

NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
NAME = "mashang_bench_ledger"
ACT_READ = """SELECT c.*, (SELECT jsonb_agg(s) FROM steps s WHERE s.case_id = c.id) AS steps,
 (SELECT b FROM plain p WHERE p.a = %s || %s) AS before FROM cases c WHERE c.id = %s"""
CHANGED = "UPDATE cases SET revision = revision + 1, due = now() WHERE id = %s"
STEPPED = "UPDATE steps SET state = 'open' WHERE id = %s"
MOVED = "UPDATE steps SET due = now() WHERE id = ANY (%s::bigint[])"
PLAIN = "INSERT INTO plain (a, b) VALUES (%s, %s)"
missed: list[str] = []


def show(what: str, value: float, unit: str, *, least: float = 0, most: float = 0) -> None:
    floor = f"  (at least {least:,.0f})" if least else f"  (at most {most:,.1f})" if most else ""
    if (least and value < least) or (most and value > most):
        missed.append(what)
        floor += "  MISSED"
    print(f"{what:<58} {value:>14,.2f} {unit}{floor}", flush=True)


@contextmanager
def own_database() -> Iterator[None]:
    """A database with the ledger's tables and two plain ones, and a folder for keys."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {NAME}")
    before, keys = connection.settings_dict["NAME"], settings.VAR
    connection.close()
    connection.settings_dict["NAME"] = NAME
    migration = import_module("mashang.ledger.migrations.0001_initial")
    try:
        with tempfile.TemporaryDirectory() as folder, connection.cursor() as cursor:
            settings.VAR = Path(folder)
            cursor.execute(migration.TABLES + migration.GUARDS)
            cursor.execute("CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text, b text)")
            cursor.execute("CREATE TABLE cases (id bigint PRIMARY KEY, state text, revision int, due timestamptz)")
            cursor.execute("CREATE TABLE steps (id bigint PRIMARY KEY, case_id bigint, state text, due timestamptz)")
            cursor.execute("CREATE INDEX ON plain (a)")
            cursor.execute("CREATE INDEX ON steps (case_id)")
            cursor.execute("INSERT INTO cases SELECT n, 'open', 1, now() FROM generate_series(1, 10000) n")
            cursor.execute("INSERT INTO steps SELECT n, n / 8, 'open', now() FROM generate_series(1, 80000) n")
            yield
    finally:
        connection.close()
        connection.settings_dict["NAME"], settings.VAR = before, keys
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def an_entry(n: int, *, private: bool = False) -> Entry:
    facts = {"state": "accepted", "step": "规划核实", "unit": n % 95, "label": "受理", "note": "材料齐全，予以受理。"}
    return Entry(
        f"LY-2026-{n:07d}", "approval.accept", f"staff:{n % 500}", NOW, facts, {"name": "林某"} if private else {}
    )


def interleaved(works: dict[str, Callable[[int], None]], rounds: int) -> dict[str, float]:
    """Median seconds a call of each work, taking turns call by call, so that noise meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for n in range(rounds):
        for name, work in works.items():
            begun = perf_counter()
            work(n)
            times[name].append(perf_counter() - begun)
    return {name: statistics.median(values[rounds // 10 :]) for name, values in times.items()}


def appends(rounds: int) -> None:
    """One entry in a transaction of its own beside a plain row; and what an entry adds to an act."""

    def plain(n: int) -> None:
        with transaction.atomic():
            sql.run(PLAIN, [f"LY-{n}", "x" * 250])

    def one(n: int, private: bool = False) -> None:
        with transaction.atomic():
            record([an_entry(n, private=private)])

    def act(n: int, *entries: Entry) -> None:
        """The statements that the door sends: the case locked, case, steps and clocks read, everything written."""
        case = n % 9_999 + 1
        with transaction.atomic():
            sql.run("SELECT id FROM cases WHERE id = %s FOR UPDATE", [case]).fetchone()
            sql.run(ACT_READ, ["staff:1", f"key-{n}", case]).fetchall()
            sql.run("SELECT * FROM steps WHERE case_id = %s AND state = 'open'", [case]).fetchall()
            parts: list[sql.Part] = [
                ("changed", CHANGED, [case]),
                ("stepped", STEPPED, [case * 8]),
                ("told", PLAIN, [f"LY-{n}", "有新的办理进展"]),
                ("answered", PLAIN, ["staff:1", f"answer-{n}"]),
                ("moved", MOVED, [[case * 8 + 1, case * 8 + 2]]),
            ]
            sql.together([*parts, *recording(entries)] if entries else parts)

    with connection.cursor() as cursor:  # the wait for the disk would hide what an entry costs
        cursor.execute("SET synchronous_commit = off")
    times = interleaved(
        {
            "plain": plain,
            "one": one,
            "private": lambda n: one(n, private=True),
            "act": act,
            "act + entry": lambda n: act(n, an_entry(n)),
        },
        rounds,
    )
    show("plain one-row insert, one commit each (asynchronous)", 1 / times["plain"], "/s")
    show("record() of one entry, one commit each", 1 / times["one"], "/s")
    show("  against the plain insert", times["one"] / times["plain"], "x")
    show("record() with a private fact, one commit each", 1 / times["private"], "/s")
    show("an act of 5 statements and a commit (asynchronous)", 1e6 * times["act"], "us")
    show("an entry adds to it", 100 * (times["act + entry"] / times["act"] - 1), "%", most=15)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    begun = perf_counter()
    for first in range(0, 20_000, 500):
        with transaction.atomic():
            record([an_entry(first + n) for n in range(500)])
    show("record() in commits of 500", 20_000 / (perf_counter() - begun), "/s")


def fill(entries: int) -> None:
    """Entries up to the number wanted, 12 a case; a twentieth with a private fact, made by record()."""
    for first in range(0, entries // 20, 1000):
        with transaction.atomic():
            record([an_entry(first + n, private=True) for n in range(min(1000, entries // 20 - first))])
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ledger_entry (era, subject, body) SELECT 1, 'QZ-2026-' || lpad((n / 12)::text, 7, '0'),
            '{"at":"2026-03-02T09:10:00+08:00","by":"staff:' || n %% 500 || '","facts":{"label":"受理","note":"材料齐全，予以'
            || '受理。","state":"accepted","step":"规划核实","unit":' || n %% 95 || '},"verb":"approval.accept"}'
            FROM generate_series(1, %s - (SELECT count(*) FROM ledger_entry)) n""",
            [entries],
        )
        cursor.execute("VACUUM ANALYZE ledger_entry, ledger_private")


def server_seconds() -> float:
    """CPU seconds of this session's server process, where the system tells."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        path = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sealing() -> None:
    waiting = state().waiting
    begun = perf_counter()
    done = 0
    while done < waiting:
        done += seal(NOW)
    took = perf_counter() - begun
    show(f"seal {waiting:,} entries", waiting / took, "/s", least=20_000)
    times = []
    for n in range(30):
        record([an_entry(n)])
        begun = perf_counter()
        if seal(NOW + timedelta(minutes=n)):
            times.append(perf_counter() - begun)
    show("seal one entry more", 1000 * statistics.median(times), "ms")


def auditing() -> None:
    best: tuple[float, float, float] = (1e9, 0, 0)
    for _ in range(3):
        begun, client, server = perf_counter(), process_time(), server_seconds()
        report = audit()
        best = min(best, (perf_counter() - begun, process_time() - client, server_seconds() - server))
        if not report.ok:
            sys.exit(f"the audit found {report.findings[0]}")
    per = 1_000_000 / report.entries
    work = (best[1] + best[2]) * per
    show(f"audit {report.entries:,} entries, {report.private:,} private facts, by the clock", best[0], "s")
    show("  a million on one core: work of process and session", work, "s", most=3)
    show("  of which the database session", best[2] * per, "s")
    leaf = b"\x00" * 280
    begun = process_time()
    for _ in range(200_000):
        sha256(leaf).digest()
    bare = (process_time() - begun) * 5
    show("bare SHA-256 of a million such leaves", bare, "s")
    show("  the audit against it", work / bare, "x")


def proving(entries: int) -> None:
    for what, numbers in (
        ("receipt of one act", [f"LY-2026-{n:07d}" for n in range(20_000, entries // 20, 97)][:200]),
        ("receipt of a case of 12 acts", [f"QZ-2026-{n:07d}" for n in range(10, entries // 13, 331)][:200]),
    ):
        times = []
        client, server = process_time(), server_seconds()
        for number in numbers:
            begun = perf_counter()
            receipt(number)
            times.append(1000 * (perf_counter() - begun))
        work = 1000 * (process_time() - client + server_seconds() - server) / len(times)
        show(f"{what}, by the clock, median", statistics.median(times), "ms")
        show("  work of process and session", work, "ms", most=5)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=1000)
    chosen = options.parse_args()
    with own_database():
        appends(chosen.rounds)
        fill(chosen.entries)
        sealing()
        proving(chosen.entries)
        auditing()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
