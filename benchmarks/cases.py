"""Cases over HTTP, with token, rights and rate limit, on the whole stack, beside a plain Django view in the same run.

    python -m benchmarks.cases [--seconds 8] [--only floor,create,act,wide,list] [--cases 1000000] [--workers 2] [--threads 2]

Server (`mashang serve`), database (fsync on) and load share the machine's cores. Works in a database of its own on the
server of DATABASE_URL (or the embedded one), dropped at the end (kept with --keep). Ends with status 1 if a figure was
missed. benchmarks/README.md says what is measured and how it was reached.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import django
import psycopg
from psycopg import sql as names
from psycopg.conninfo import make_conninfo
from stdnum.cn import ric

from benchmarks import load
from mashang.site import environment, postgres

NAME = "mashang_bench_http"
TOWN, UNIT = "350824105", "武平县人民政府"
LEAST = {"create": 900.0, "act": 600.0, "list": 1000.0}
P99 = 60.0
FLOOR = "CREATE TABLE IF NOT EXISTS floor_row (id bigserial PRIMARY KEY, name text NOT NULL, body jsonb NOT NULL)"
ANSWERS = {
    "member": "yes", "building": "new", "farmland": "no", "family_size": "4", "existing_plots": "none",
    "site": {"region": TOWN, "address": "新村 12 号旁（演示）"}, "plot_area": "118", "floors": "3", "building_area": "240",
    "neighbours_around": "东邻练家，西至村道（演示）", "height": "10", "drawing_choice": "standard", "drawing_number": "B-07",
}  # fmt: skip
MATERIALS = ("identity", "household", "house-form", "neighbours", "drawing")
# bulk-made: rows as a case has them, but without the steps, clocks and entries that an act would have made
MILLION = """
INSERT INTO cases_case (number, kind, title, about, state, outcome, lead_unit_id, region, units, persons, channel, opened_at,
  updated_at, due_at, held, late, supervised, revision, search)
SELECT 'B-' || n, 'application', '农村村民建房（建房审批）', '陈某某，240 ㎡', 'accepted', '', u.id, u.region, ARRAY[u.id],
  ARRAY[n], 'api', now() - interval '1 year' + n * interval '30 s', now() - interval '1 year' + n * interval '30 s', now(),
  false, false, false, 1, array_to_tsvector(ARRAY['农村', '建房', 'B-' || n])
FROM generate_series(1, %s) n JOIN (SELECT id, region_id AS region, row_number() OVER (ORDER BY id) - 1 AS place,
  count(*) OVER () AS many FROM org_unit) u ON u.place = n %% u.many"""
missed: list[str] = []


def show(what: str, found: load.Load, *, least: float = 0, floor: float = 0) -> None:
    """One line: rate with its goal, latencies, failures, and the share of the floor of the same run."""
    faults = [
        (least and found.rate < least, "too slow"),
        (least and found.p99 > P99, "p99"),
        (found.failed, "failures"),
    ]
    told = [word for bad, word in faults if bad]
    missed.extend(f"{what}: {word}" for word in told)
    share = f"  {found.rate / floor:5.2f} of floor" if floor else ""
    print(
        f"{what:<34} {found.rate:>8,.0f}/s  (goal {least:,.0f})  p50 {found.p50:5.1f}  p99 {found.p99:5.1f} ms"
        f"  failed {found.failed}{share}  {'MISSED: ' + ', '.join(told) if told else ''}",
        flush=True,
    )


@contextmanager
def own_database(keep: bool) -> Iterator[None]:
    """A fresh database (a kept one is used again); DATABASE_URL names it from now on, for us and the servers we start."""
    environment.prepare(start_django=False)
    server = os.environ["DATABASE_URL"]
    name = names.Identifier(NAME)
    with psycopg.connect(server, autocommit=True) as line:
        known = line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if not known:
            line.execute(names.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
    os.environ["DATABASE_URL"] = make_conninfo(server, dbname=NAME)
    os.environ["MASHANG_DEMO"] = "1"
    django.setup()
    import_module("mashang.site.procedures").load()
    import_module("mashang.site.commands.setup").make_ready()
    try:
        yield
    finally:
        import_module("django.db").connections.close_all()
        if not keep:
            with psycopg.connect(server, autocommit=True) as line:
                postgres.drop(line, NAME)


@contextmanager
def serving(*command: str) -> Iterator[int]:
    """Start a server, give its port when it answers, stop it afterwards."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", *(word.format(port=port) for word in command)])
    try:
        for _ in range(300):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


class County:
    """The demo county, a calling system admitted to it, and the requests it sends."""

    def __init__(self) -> None:
        self.org = import_module("mashang.org.queries")
        self.by_rule = import_module("mashang.kernel.actor").Actor.system("benchmark")
        self.now = import_module("mashang.kernel.clock").now
        seeds = import_module("mashang.org.seeds")
        import_module("mashang.clocks.actions").seed_catalogue(now=seeds.SINCE)
        seeds.seed_units(lambda *_: None)
        import_module("mashang.catalogue.actions").import_shipped(by=self.by_rule, now=seeds.SINCE)
        admin = import_module("mashang.org.actions")
        form = admin.NewClient(
            "基准测试", frozenset({"cases:read", "cases:write"}), self.org.unit_named(UNIT).id, per_minute=1_000_000
        )
        self.client, self.token = admin.make_token(form, by=self.by_rule, now=self.now())
        self.actor = self.org.client_for(self.token, self.now()).actor
        self.made = int(time.time()) * 1000 % 19_000_000  # further on than a kept database has met

    def application(self, materials: dict[str, int] | None = None) -> dict[str, Any]:
        """The village house for an applicant whom nobody has met before; everybody is invented."""
        self.made += 1
        days, place = divmod(self.made, 999)
        born = date(1950, 1, 1) + timedelta(days=days % 20_000)
        number = f"350824{born:%Y%m%d}{place:03d}"
        number += ric.calc_check_digit(number + "0")
        applicant = {"name": "练某某（演示）", "id_number": number, "phone": f"138{self.made % 10**8:08d}"}
        answers = {**ANSWERS, "applicant": applicant}
        return {
            "entry": "rural-house",
            "part": "approval",
            "region": TOWN,
            "answers": answers,
            "materials": materials or {},
        }

    def creates(self, many: int) -> list[bytes]:
        bodies = (self.application() for _ in range(many))
        return [
            load.raw("POST", "/api/v1/cases", self.token, body, f"c{self.made}-{i}") for i, body in enumerate(bodies)
        ]

    def ready(self, many: int) -> list[str]:
        """Cases handed in through the door, with their materials, which are rows without a file behind them."""
        Document = import_module("mashang.cases.models").Document
        actions = import_module("mashang.cases.actions")
        blank = {
            "owner": self.actor.ref,
            "name": "材料.pdf",
            "media_type": "application/pdf",
            "size": 1,
            "digest": "0" * 64,
        }
        rows = Document.objects.bulk_create(Document(**blank, at=self.now()) for _ in range(many * len(MATERIALS)))
        kept = iter(rows)
        numbers = []
        for _ in range(many):
            body = self.application({code: next(kept).pk for code in MATERIALS}) | {"channel": "api"}
            numbers.append(actions.begin("application", "hand_in", body, by=self.actor, now=self.now()).number)
        return numbers

    def acts(self, numbers: list[str], action: str, data: dict[str, Any], *steps: str) -> list[bytes]:
        """Press the action on these steps of each case."""
        Step = import_module("mashang.cases.models").Step
        quote = import_module("urllib.parse").quote
        found = {
            (n, c): i
            for n, c, i in Step.objects.filter(case__number__in=numbers).values_list("case__number", "code", "id")
        }
        return [
            load.raw(
                "POST", f"/api/v1/cases/{quote(n)}/actions/{action}", self.token, {"step": found[n, s], "data": data}, f"s{found[n, s]}"
            )
            for s in steps
            for n in numbers
        ]  # fmt: skip


def creating(county: County, port: int, seconds: int, floor: float) -> None:
    """New applicants, new cases; afterwards every answer has its case."""
    Case = import_module("mashang.cases.models").Case
    load.run(port, county.creates(3000), 3)  # each worker reads calendars and definitions first
    before = Case.objects.count()
    found = load.run(port, county.creates(int(seconds * 3500)), seconds)
    show("create a case", found, least=LEAST["create"], floor=floor)
    stored = Case.objects.count() - before
    if stored < found.requests - found.failed:
        missed.append("create: an answer without its case")
    print(f"{'':<34} answers {found.requests:,}, cases stored {stored:,}")


def acting(county: County, port: int, seconds: int, floor: float) -> None:
    """Accept, then two units' opinions."""
    Case = import_module("mashang.cases.models").Case
    numbers = county.ready(int(seconds * 1000) + 500)
    load.run(port, county.acts(numbers[:500], "accept", {}, "intake"), 2)
    numbers = numbers[500:]
    accepts = load.run(port, county.acts(numbers, "accept", {}, "intake"), seconds)
    show("act: accept", accepts, least=LEAST["act"], floor=floor)
    done = list(Case.objects.filter(number__in=numbers, state="accepted").values_list("number", flat=True))
    opinion = {"passed": True, "opinion": "符合规划和用地要求"}
    reviews = load.run(port, county.acts(done, "review", opinion, "qualification", "planning"), seconds)
    show("act: review", reviews, least=LEAST["act"], floor=floor)


def listing(county: County, port: int, seconds: int, cases: int) -> None:
    """A hundred of a million: the first page, and pages half a million deep, in both directions."""
    connection = import_module("django.db").connection
    pages = import_module("mashang.cases.queries.pages")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        if (missing := cases - cursor.fetchone()[0]) > 0:
            began = time.perf_counter()
            cursor.execute(MILLION, [missing])
            print(f"{'':<34} {missing:,} cases bulk-made in {time.perf_counter() - began:.0f} s")
        cursor.execute("VACUUM (ANALYZE) cases_case")
        cursor.execute(
            "SELECT updated_at, id FROM cases_case ORDER BY updated_at DESC, id DESC OFFSET %s LIMIT 1", [cases // 2]
        )
        at, id_ = cursor.fetchone()
    after = pages.cursor(at, id_)
    since = import_module("urllib.parse").quote(at.isoformat())
    for what, query in (
        ("list 100, first page", "limit=100"),
        (f"list 100, {cases // 2:,} deep", f"limit=100&after={after}"),
        (f"list 100, since, {cases // 2:,} deep", f"limit=100&updated_since={since}"),
    ):
        request = load.raw("GET", f"/api/v1/cases?{query}", county.token)
        show(what, load.run(port, [request], seconds, again=True), least=LEAST["list"])


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("--seconds", type=int, default=8)
    reader.add_argument("--only", default="floor,create,act,wide,list")
    reader.add_argument("--cases", type=int, default=1_000_000)
    reader.add_argument("--workers", default="2")
    reader.add_argument("--threads", default="2")
    reader.add_argument("--keep", action="store_true")
    asked = reader.parse_args()
    parts, size = asked.only.split(","), (asked.workers, asked.threads)
    with tempfile.TemporaryDirectory() as folder, own_database(asked.keep):
        os.environ["MASHANG_VAR"] = os.environ.get("MASHANG_VAR", folder)
        county, floor = County(), 0.0
        if "floor" in parts:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
                line.execute(FLOOR)
            more = ["--no-ws", "--http", "1", "--interface", "wsgi"]
            sizes = ["--port", "{port}", "--workers", size[0], "--blocking-threads", size[1], *more]
            with serving("granian", *sizes, "benchmarks.floor:application") as port:
                found = load.run(port, county.creates(100), asked.seconds, again=True)
            show("floor: plain view, one INSERT", found)
            floor = found.rate
        with serving("mashang.site", "serve", "--port", "{port}", "--workers", size[0], "--threads", size[1]) as port:
            warm = [load.raw("GET", "/api/v1/cases?limit=1", county.token)]
            load.run(port, warm, 1, again=True)
            if "create" in parts:
                creating(county, port, asked.seconds, floor)
            if "act" in parts:
                acting(county, port, asked.seconds, floor)
            if "list" in parts:
                listing(county, port, asked.seconds, asked.cases)
        if "wide" in parts:
            import_module("benchmarks.wide").run(county.actor, missed)
    print("missed: " + "; ".join(missed) if missed else "all reached")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
