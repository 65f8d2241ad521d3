"""`kill -9` at the worst moment: what was acknowledged stays, what was not is not there by half, nothing happens twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from mashang.cases import actions, queries, sweeps
from mashang.cases.models import Case, Document, Expiry, Notice, Request
from mashang.kernel import clock
from mashang.ledger import queries as ledger
from mashang.site import postgres
from mashang.supervision import sweeps as supervision
from tests.flows.story import ANSWERS, TOWN, Story, applicant, upload, verbs_of, who
from tests.trouble.hands import Others, at_once
from tests.waiting import soon

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
LATE = BEGAN + timedelta(days=9)

ACT = """
import json
number, step, where, verb, data = sys.argv[1:]
now = clock.local(clock.datetime.fromisoformat("2026-03-02T10:00"))
finish = door._finish
def stopping(*given, **more):
    if where == "before writing":
        stop_here(where)
    done = finish(*given, **more)
    if where == "before the commit":
        sql.run("SELECT 1").fetchone()
        stop_here(where)
    return done
door._finish = stopping
answer = actions.act(number, verb, json.loads(data), by=who("window"), now=now, step=int(step), key="press")
stop_here("committed")
print(answer.number)
"""
BEGIN = """
import json
where = sys.argv[2]
now = clock.local(clock.datetime.fromisoformat("2026-03-02T09:10"))
finish = door._finish
def stopping(*given, **more):
    done = finish(*given, **more)
    if where == "before the commit":
        stop_here(where)
    return done
door._finish = stopping
actions.begin("application", "hand_in", json.loads(sys.argv[1]), by=who("window"), now=now, key="press")
stop_here("committed")
"""


def rows(number: str) -> tuple[object, ...]:
    """All that an act could have changed."""
    case = Case.objects.get(number=number)
    steps = list(case.steps.order_by("id").values_list())
    clocks = [(c.id, c.state, c.due_at) for c in queries.clocks_of(queries.case_for(who("window"), number))]
    return (
        case.revision,
        case.state,
        steps,
        clocks,
        len(ledger.history(number)),
        Notice.objects.count(),
        Request.objects.count(),
    )


WITHDRAW = ("withdraw", '{"reason": "家里暂不建房"}')
"""It stops all clocks after the rest is written, so that its commit goes by itself; that of most acts goes with the writing."""


@pytest.mark.parametrize(
    ("where", "verb", "data"),
    [("before writing", "accept", "{}"), ("before writing", *WITHDRAW), ("before the commit", *WITHDRAW)],
)
def test_an_act_killed_before_its_commit_leaves_nothing_and_holds_up_nobody(
    story: Story, others: Others, where: str, verb: str, data: str
):
    before, intake = rows(story.number), story.step("intake").pk
    step = intake if verb == "accept" else 0
    other = others.start(ACT, story.number, str(step), where, verb, data)
    assert other.hears() == where
    other.kill()
    assert rows(story.number) == before
    press = partial(
        actions.act, story.number, verb, json.loads(data), by=who("window"), now=BEGAN, step=step, key="press"
    )
    [answer] = at_once([press])
    assert not answer.again
    assert verbs_of(story.number) == ["hand_in", verb]


def test_an_act_killed_while_the_server_writes_and_commits_is_whole_or_not_there_and_done_once(
    story: Story, others: Others
):
    step = story.step("intake").pk
    other = others.start(ACT, story.number, str(step), "before writing", "accept", "{}")
    assert other.hears() == "before writing"
    with psycopg.connect(**connection.get_connection_params()) as held:
        held.execute("SELECT FROM cases_step WHERE id = %s FOR UPDATE", [step])
        other.go_on()
        assert soon(lambda: waiting() == 1)
        other.kill()
    assert soon(lambda: waiting(still="state <> 'idle'") == 0)
    press = partial(actions.act, story.number, "accept", {}, by=who("window"), now=BEGAN, step=step, key="press")
    [answer] = at_once([press])
    after = rows(story.number)
    assert (answer.state, answer.revision) == ("accepted", 2) and after[:2] == (2, "accepted")
    assert press().again and rows(story.number) == after
    assert verbs_of(story.number) == ["hand_in", "accept"]


def waiting(still: str = "wait_event_type = 'Lock'") -> int:
    """How many other sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        others = "datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND {still}")
        return int(cursor.fetchone()[0])


def test_an_act_killed_after_its_commit_is_there_and_the_same_press_again_does_nothing_more(
    story: Story, others: Others
):
    step = story.step("intake").pk
    other = others.start(ACT, story.number, str(step), "", "accept", "{}")
    assert other.hears() == "committed"
    other.kill()
    after = rows(story.number)
    answer = actions.act(story.number, "accept", {}, by=who("window"), now=BEGAN, step=step, key="press")
    assert (answer.again, answer.state, answer.revision) == (True, "accepted", 2)
    assert rows(story.number) == after
    assert verbs_of(story.number) == ["hand_in", "accept"]


@pytest.mark.parametrize("where", ["before the commit", "committed"])
def test_an_application_whose_taker_was_killed_is_one_application_after_the_retry(others: Others, where: str):
    by = who("window")
    materials = {code: upload(by) for code in ("identity", "household", "house-form", "neighbours", "drawing")}
    data = {
        "entry": "rural-house", "part": "approval", "region": TOWN, "materials": materials,
        "answers": {**ANSWERS, "applicant": applicant(5)},
    }  # fmt: skip
    other = others.start(BEGIN, json.dumps(data), where)
    assert other.hears() == where
    other.kill()
    assert Case.objects.count() == (where == "committed")
    answer = actions.begin("application", "hand_in", data, by=by, now=BEGAN, key="press")
    assert answer.again is (where == "committed")
    assert Case.objects.count() == 1
    assert verbs_of(answer.number) == ["hand_in"]
    assert Document.objects.filter(case__number=answer.number).count() == len(materials)


FIRE = """
from mashang.clocks.actions import sweeping
sweeps.sweep = lambda now, limit: [found := sweeping.sweep(now, limit), stop_here("fired")][0]
sweeps.fire(clock.local(clock.datetime.fromisoformat(sys.argv[1])))
"""
EXPIRE = """
act = sweeps.act
def acting(*given, **more):
    answer = act(*given, **more)
    stop_here("acted")
    return answer
sweeps.act = acting
sweeps.expire(clock.local(clock.datetime.fromisoformat(sys.argv[1])))
"""
SEND = """
from django.conf import settings
from mashang.cases.actions import notices
to_folder = notices.to_folder
def sender(notice, address):
    to_folder(notice, address)
    print("sent", notice.pk, flush=True)
    sys.stdin.readline()
notices.to_folder = sender
sweeps.send(clock.local(clock.datetime.fromisoformat(sys.argv[1])))
"""


def test_a_worker_killed_while_it_fires_leaves_the_clocks_to_the_next_one(story: Story, others: Others):
    other = others.start(FIRE, LATE.isoformat())
    assert other.hears() == "fired"
    other.kill()
    assert Expiry.objects.count() == 0
    assert sweeps.fire(LATE) == 1
    assert sweeps.expire(LATE) == 1
    assert verbs_of(story.number) == ["hand_in", "deem_accepted"]


def test_a_worker_killed_after_it_acted_on_an_expiry_does_not_act_twice(story: Story, others: Others):
    sweeps.fire(LATE)
    other = others.start(EXPIRE, LATE.isoformat())
    assert other.hears() == "acted"
    other.kill()
    assert Expiry.objects.filter(done_at=None).count() == 1
    assert sweeps.expire(LATE) == 1
    assert verbs_of(story.number) == ["hand_in", "deem_accepted"]
    assert Expiry.objects.get().outcome == "deem_accepted"


def test_a_sender_killed_after_it_sent_sends_at_most_twice_and_the_notice_says_so(
    story: Story, others: Others, folder: Path
):
    [notice] = Notice.objects.filter(channel="sms")
    other = others.start(SEND, BEGAN.isoformat())
    assert other.hears() == f"sent {notice.pk}"
    other.kill()
    assert len(list((folder / "outbox").glob("*.json"))) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("queued", 1)
    assert "可能已经送达" in notice.fault
    assert sweeps.send(BEGAN) == 0, "not at once again: the first may have arrived"
    assert sweeps.send(BEGAN + timedelta(hours=1)) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("sent", 2)
    assert "可能送达两次" in notice.fault


class Killed(BaseException):
    """What ends a process in the middle, as far as its code can tell."""


def raising(fault: type[BaseException]) -> Callable[..., None]:
    def act(*given: object, **more: object) -> None:
        raise fault

    return act


def test_a_worker_killed_between_a_matter_and_its_mark_on_the_case_opens_no_second_matter(story: Story, monkeypatch):
    late = BEGAN + timedelta(days=60)
    with clock.at(BEGAN):
        story.do("window", "accept", {}, "intake")
    sweeps.fire(late)
    sweeps.expire(late)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(supervision.actions, "act", raising(Killed))
        supervision.supervise(late)
    assert supervision.supervise(late) == 1
    assert supervision.supervise(late) == 0
    assert Case.objects.filter(kind="supervision").count() == 1
    assert verbs_of(story.number).count("supervised") == 1


CALLER = """
from django.core.management import call_command
from datetime import date, datetime
from mashang.clocks import actions as clocks
from mashang.kernel.actor import Actor, Grant
from mashang.org.models import Region, Unit
from django.db import connection, DatabaseError
import time
from tests.cases import errand
NOW = clock.local(datetime(2026, 3, 2, 9, 10))
call_command("migrate", verbosity=0)
clocks.seed_catalogue(now=NOW)
Region.objects.create(code="350824", name="武平县", short_name="武平", level="county")
unit = Unit.objects.create(name="局", short_name="局", kind="department", region_id="350824", valid_from=date(2020, 1, 1))
by = Actor("staff", 11, 11, "某", unit.id, (Grant("public"), Grant("clerk", frozenset({unit.id}))))
print("ready", flush=True)
failed = 0
for number in range(int(sys.argv[1])):
    data = {"what": f"第 {number} 件", "unit": unit.id}
    while True:
        try:
            answer = actions.begin("errand", "hand_in", data, by=by, now=NOW, key=f"k{number}")
            break
        except DatabaseError:
            failed += 1
            connection.close()
            time.sleep(0.05)
    print(answer.number, flush=True)
print("failed", failed, flush=True)
"""


def test_the_database_killed_during_acts_comes_back_with_every_acknowledged_case_once(others: Others, tmp_path: Path):
    var = tmp_path / "apart"
    url = postgres.ensure(var, durable=False)
    try:
        caller = others.start(CALLER, "300", DATABASE_URL=url, MASHANG_VAR=str(var))
        assert caller.hears() == "ready"
        acknowledged = [caller.hears() for _ in range(40)]
        server = postgres.postmaster(postgres.find(var))
        assert server is not None
        server.kill()
        server.wait(20)
        assert postgres.ensure(var, durable=False) == url
        while (line := caller.hears()) and not line.startswith("failed"):
            acknowledged.append(line)
        assert int(line.split()[1]) > 0, "the kill hit between two acts"
        with psycopg.connect(url) as there:
            kept = [n for (n,) in there.execute("SELECT number FROM cases_case ORDER BY id").fetchall()]
            acts = "SELECT count(*), count(DISTINCT subject) FROM ledger_entry WHERE subject <> 'clocks/calendar'"
            entries = there.execute(acts).fetchone()  # beside the calendar's own, of when it was laid out
        assert sorted(kept) == sorted(acknowledged)
        assert len(acknowledged) == 300
        assert entries == (300, 300)
    finally:
        others.end()
        postgres.remove(var)
        postgres.leave(var)


def test_a_connection_cut_in_the_middle_of_an_act_is_a_fault_and_the_retry_works(story: Story):
    step = story.step("intake").pk

    def cut() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as keeper:
                keeper.execute("SELECT pg_terminate_backend(%s)", [cursor.fetchone()[0]])
        with pytest.raises(Exception, match="terminat|closed|lost"):
            actions.act(story.number, "accept", {}, by=who("window"), now=BEGAN, step=step, key="press")
        connection.close()
        return actions.act(story.number, "accept", {}, by=who("window"), now=BEGAN, step=step, key="press").state

    assert at_once([cut]) == ["accepted"]
    assert verbs_of(story.number) == ["hand_in", "accept"]
