"""The proof: checkpoints, consistency between any two, and the whole ledger computed again by the worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from mashang.audit import actions, queries, sweeps
from mashang.audit.models import Check, Line
from mashang.audit.rules import Filter
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden
from mashang.ledger import queries as ledger
from mashang.ledger.actions import record
from mashang.ledger.rules import Entry
from mashang.ledger.rules.growth import Growth
from mashang.ledger.rules.growth import check as grew
from mashang.ledger.rules.notes import keys_in
from mashang.org import actions as org_actions
from mashang.org import queries as org
from tests.flows.story import hand_in_house, who
from tests.ledger.conftest import unguarded
from tests.sealing import seal_all

from .conftest import NOW, follow

pytestmark = pytest.mark.slow
Signs = Callable[[str], Client]


@pytest.fixture
def sealed(county: None) -> list[int]:
    """Two checkpoints; gives their sizes."""
    first = seal_all(NOW)
    record([Entry("LY-1", "step.done", "staff:1", NOW, {"n": n}) for n in range(300)])
    return [first, first + seal_all(NOW + timedelta(minutes=1), first)]


def checked(browser: Client) -> str:
    """Ask for a check, let the worker do it, and read what it came to."""
    assert browser.post(reverse("desk:audit_proof")).status_code == 302
    assert sweeps.check(NOW) == 1
    last = Check.objects.order_by("-id").first()
    return browser.get(reverse("desk:audit_check", args=[last.pk])).content.decode()


def test_the_page_shows_checkpoints_and_what_waits(sealed: list[int], sign_in: Signs) -> None:
    auditor = sign_in("auditor")
    page = auditor.get(reverse("desk:audit_proof")).content.decode()
    root = ledger.checkpoints()[0].root
    assert root in page and "全部记录都已封存" in page and "mashang.local/ledger" in page
    assert [c.leaves for c in ledger.checkpoints()] == sealed[::-1]
    record([Entry("LY-2", "step.done", "staff:1", NOW)])
    with clock.at(NOW):
        page = auditor.get(reverse("desk:audit_proof")).content.decode()
    assert "1 条，最早的记于 今天 10:00" in page


def test_two_checkpoints_are_compared_and_the_proof_is_taken_away(sealed: list[int], sign_in: Signs) -> None:
    auditor, path = sign_in("auditor"), reverse("desk:audit_compare")
    old, new = sealed
    page = auditor.get(path, {"old": old, "new": new}).content.decode()
    assert f"账本从 {old} 条原样增长到 {new} 条" in page
    text = auditor.get(path, {"old": old, "new": new, "file": 1}).content.decode()
    keys = keys_in(auditor.get(reverse("desk:audit_keys")).content.decode())
    note = auditor.get(reverse("desk:audit_checkpoint", args=[old])).content.decode()
    assert grew(Growth.parse(text), keys, note).size == new  # as a witness outside checks it
    for query, said in (
        ({"old": "", "new": "x"}, "请填写检查点的条数"), ({"old": old, "new": new + 1}, "没有这一条数的检查点"),
        ({"old": new, "new": old}, "先后顺序不对"),
    ):  # fmt: skip
        answer = auditor.get(path, query)
        assert answer.status_code == 422 and said in answer.content.decode()
    assert auditor.get(reverse("desk:audit_checkpoint", args=[new + 1])).status_code == 404


def test_a_log_that_was_rewritten_is_not_called_consistent(sealed: list[int], sign_in: Signs) -> None:
    old, new = sealed
    unguarded(
        f"UPDATE ledger_seal SET checkpoint = (SELECT checkpoint FROM ledger_seal WHERE size = {new}) WHERE size = {old}"
    )
    answer = sign_in("auditor").get(reverse("desk:audit_compare"), {"old": old, "new": new})
    assert answer.status_code == 422 and "不一致" in answer.content.decode()


@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        ("UPDATE ledger_seal SET checkpoint = 'x' WHERE size = {old}", "已损坏，无法读取"),
        ("UPDATE ledger_seal SET checkpoint = replace(checkpoint, 'sealed 2', 'sealed x') WHERE size = {old}", "已损坏，无法读取"),
        ("UPDATE ledger_entry SET body = 'x' WHERE subject = 'LY-2'", "1 条，最早的一条已损坏"),
        ("UPDATE ledger_entry SET body = replace(body, '\"at\"', '\"et\"') WHERE subject = 'LY-2'", "1 条，最早的一条已损坏"),
        ("UPDATE ledger_entry SET body = 'x' WHERE subject = 'checkpoint'", "最早的记于"),
    ],
)  # fmt: skip
def test_the_page_stands_when_a_row_is_damaged(sealed: list[int], sign_in: Signs, damage: str, shown: str) -> None:
    """It is needed most just then: the damaged row says so, and the whole can be checked."""
    record(
        [Entry("checkpoint", "checkpoint.cosigned", "system:w", NOW, {"size": sealed[1], "line": "", "witness": "w"})]
    )
    seal_all(NOW + timedelta(minutes=2), sealed[1])
    record([Entry("LY-2", "step.done", "staff:1", NOW)])
    unguarded(damage.format(old=sealed[0]))
    answer = sign_in("auditor").get(reverse("desk:audit_proof"))
    page = answer.content.decode()
    assert answer.status_code == 200 and shown in page and "核对全部台账</button>" in page
    assert (page.count("已损坏") == 0) is (shown == "最早的记于")


def test_an_untouched_ledger_is_found_whole(sealed: list[int], sign_in: Signs) -> None:
    page = checked(sign_in("auditor"))
    assert "没有发现改动" in page and "问题</h2>" not in page
    verbs = [(e.verb, e.by) for e in ledger.history("audit/check")]
    assert verbs == [("ledger.check_asked", f"staff:{who('auditor').id}"), ("ledger.checked", "system:audit")]


def test_each_fault_is_named_and_one_on_a_case_out_of_sight_is_counted(
    sealed: list[int], sign_in: Signs, auditors: Callable
) -> None:
    with clock.at(NOW):
        story = hand_in_house("citizen")
    seal_all(NOW + timedelta(minutes=2), sealed[1])
    unguarded("UPDATE ledger_entry SET body = replace(body, 'staff:', 'staff:9') WHERE subject = 'LY-1' AND body LIKE '%\"n\":7}%'",
              f"UPDATE ledger_entry SET body = replace(body, '\"state\"', '\"stale\"') WHERE subject = '{story.number}'")  # fmt: skip
    auditor = sign_in("auditor")
    page = checked(auditor)
    assert f"件号 {story.number}" in page and "与封存时不符，内容被改动过" in page
    last = Check.objects.order_by("-id").first()
    elsewhere = sign_in(auditors("zhangpu-auditor", region="350623"))
    path = reverse("desk:audit_check", args=[last.pk])
    shown = elsewhere.get(path).content.decode()
    assert story.number not in shown and "涉及您审计范围以外的件" in shown
    english = auditor.get(path, headers={"Accept-Language": "en"}).content.decode()
    assert "与封存时不符" not in english and story.number in english


def test_a_list_that_was_tampered_with_is_found_and_made_again(sealed: list[int], sign_in: Signs) -> None:
    follow()
    hidden, changed = Line.objects.order_by("id")[3:5]
    Line.objects.filter(pk=hidden.pk).delete()
    Line.objects.filter(pk=changed.pk).update(by="staff:1", verb="nothing.happened")
    assert queries.list_faults() == [hidden.pk, changed.pk]
    page = checked(sign_in("auditor"))
    assert f"审计名录中记录 {hidden.pk} 与台账不符" in page and f"记录 {changed.pk} 与台账不符" in page
    follow()
    assert queries.list_faults() == [] and Line.objects.get(pk=changed.pk).verb == changed.verb


@pytest.mark.parametrize(
    "change", [{"units": [], "region": ""}, {"units": [1]}, {"region": "350623"}, {"kind": "redress"}, {"number": ""}]
)
def test_a_line_that_was_hidden_from_an_auditor_is_found(sealed: list[int], sign_in: Signs, change: dict) -> None:
    """Whom it concerns decides who sees it."""
    with clock.at(NOW):
        story = hand_in_house("citizen")
    follow()
    assert queries.list_faults() == []
    line = Line.objects.filter(number=story.number).first()
    Line.objects.filter(pk=line.pk).update(**change)
    assert queries.list_faults() == [line.pk]
    assert f"审计名录中记录 {line.pk} 与台账不符" in checked(sign_in("auditor"))
    follow()
    again = Line.objects.get(pk=line.pk)
    assert (again.units, again.region, again.number) == (line.units, line.region, line.number)


def test_a_case_that_goes_on_and_a_colleague_who_moves_are_no_faults(sealed: list[int]) -> None:
    with clock.at(NOW):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
    follow()
    with clock.at(NOW):
        land = org.unit_named("武平县十方镇自然资源所").id
        story.do("land", "hand_over", {"unit": land, "reason": "属十方镇职责范围"}, "land")
    assert queries.behind() and queries.list_faults() == []  # the list takes it up with the next sweep
    mover, there = who("window").id, org.unit_named("漳浦县自然资源局").id
    record(
        [Entry(f"org/staff:{mover}", "staff.transferred", "system:test", NOW, {"staff": mover, "unit": 1})]
    )  # as at first
    follow()
    before = set(Line.objects.filter(subject=f"org/staff:{mover}").values_list("pk", "region"))
    assert before
    org_actions.transfer(mover, there, by=Actor.system("test"), now=NOW)
    follow()
    assert queries.list_faults() == []
    Line.objects.all().delete()
    follow()  # made again, what was done in the old unit stays there
    assert before <= set(Line.objects.filter(subject=f"org/staff:{mover}").values_list("pk", "region"))


def test_whoever_audits_the_place_left_reads_of_a_move_as_whoever_audits_the_new_one(
    county: None, auditors: Callable
) -> None:
    mover, there = who("window").id, org.unit_named("漳浦县自然资源局")
    old = org.unit(who("window").unit_id)
    readers = [auditors("wuping", region="350824"), auditors("zhangpu-auditor", region="350623"),
               auditors("left", unit=old.name), auditors("new", unit=there.name)]  # fmt: skip
    org_actions.transfer(mover, there.id, by=Actor.system("test"), now=NOW)
    follow()
    for login in readers:
        [row] = queries.record(who(login), Filter("rights", verb="staff.transferred")).rows
        assert there.name in row.text and old.name in row.text, login


def test_a_list_made_again_waits_for_whoever_adds_to_it(county: None) -> None:
    """Otherwise lines not committed yet would survive, and nothing before them would ever be listed."""
    follow()
    whole = Line.objects.count()
    actions.ask_check(by=who("auditor"), now=NOW)
    check, begun, told = Check.objects.get(), Event(), []

    def relist() -> None:
        begun.set()
        actions._finish(check, ledger.audit(), [], relist=True, now=NOW)
        told.append(Line.objects.count())
        connection.close()

    with actions._list_alone():
        other = Thread(target=relist)
        other.start()
        begun.wait()
        other.join(1.5)
        assert other.is_alive()
        record([Entry("LY-3", "step.done", "staff:1", NOW)])
        newest = Line.objects.order_by("-id")[0]
        newest.pk, newest.xid = newest.pk + 1000, newest.xid + 1000
        newest.save(force_insert=True)
    other.join()
    assert told == [0] and whole > 0


def test_asking_twice_makes_one_check_and_progress_is_told(county: None, sign_in: Signs) -> None:
    auditor = sign_in("auditor")
    for _ in range(2):
        assert auditor.post(reverse("desk:audit_proof")).status_code == 302
    [check] = Check.objects.all()
    assert [e.verb for e in ledger.history("audit/check")] == ["ledger.check_asked"]
    path = reverse("desk:audit_progress", args=[check.pk])
    assert f'hx-get="{path}"' in auditor.get(reverse("desk:audit_proof")).content.decode()
    Check.objects.filter(pk=check.pk).update(done=40, total=100)
    assert "40 / 100" in auditor.get(path).content.decode()
    sweeps.check(NOW)
    done = auditor.get(path).content.decode()
    assert "已完成" in done and "hx-get" not in done and reverse("desk:audit_check", args=[check.pk]) in done
    assert sweeps.check(NOW) == 0
    assert auditor.get(reverse("desk:audit_progress", args=[check.pk + 1])).status_code == 404


def test_progress_is_written_beside_the_audit(county: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "TOLD", 100)
    record([Entry("LY-1", "step.done", "staff:1", NOW, {"n": n}) for n in range(600)])
    seal_all(NOW)
    check = actions.ask_check(by=who("auditor"), now=NOW)
    seen: list[int] = []
    write = actions._write_progress
    monkeypatch.setattr(actions, "_write_progress", lambda id_, done: (seen.append(done), write(id_, done))[1])
    assert actions.run_check(NOW) == 1
    assert len(seen) >= 3 and seen == sorted(seen)
    check.refresh_from_db()
    assert check.state == "done" and check.done == check.total >= 600


def test_a_check_that_never_ends_is_given_up(county: None, sign_in: Signs) -> None:
    actions.ask_check(by=who("auditor"), now=NOW)
    Check.objects.update(tries=actions.TRIES)
    assert sweeps.check(NOW) == 1
    assert "未完成" in sign_in("auditor").get(reverse("desk:audit_proof")).content.decode()
    assert actions.ask_check(by=who("auditor"), now=NOW).state == "waiting"


def test_only_auditors_may_ask(county: None) -> None:
    with pytest.raises(Forbidden):
        actions.ask_check(by=who("admin"), now=NOW)
    assert not Check.objects.exists()


def test_finding_entries_takes_an_index_at_any_size(county: None) -> None:
    """Fifty thousand lines: every filter is answered without reading them all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_line (id, era, xid, at, verb, by, subject, number, units, region, kind)"
            " SELECT n, 1, n, timestamptz '2026-01-01' + n * interval '1 minute', 'verb.' || n % 40, 'staff:' || n % 500,"
            " 'org/unit:' || n % 3000, 'LY-' || n / 10, ARRAY[n % 3000], '35' || lpad((n % 90)::text, 4, '0'), ''"
            " FROM generate_series(1, 50000) n"
        )
        cursor.execute("ANALYZE audit_line")
        for where in (
            "true", "l.verb = ANY ('{verb.3}')", "l.by = 'staff:7'", "l.number = 'LY-77'", "l.region ^@ '350007'",
            "l.subject = 'org/unit:5'", "l.units @> ARRAY[5]", "l.units && ARRAY[5, 6]",
        ):  # fmt: skip
            cursor.execute(
                f"EXPLAIN SELECT l.id FROM audit_line l WHERE {where} ORDER BY l.at DESC, l.id DESC LIMIT 51"
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan, f"{where}\n{plan}"


def test_the_keys_of_a_checkpoint_stand_in_the_published_file(
    sealed: list[int], sign_in: Signs, tmp_path: Path
) -> None:
    text = sign_in("auditor").get(reverse("desk:audit_keys"))
    assert text["Content-Disposition"].startswith("attachment") and ledger.public_keys() == text.content.decode()
    proof = json.loads(json.dumps(ledger.grown(*sealed)))
    assert proof["format"] == "mashang-consistency/1"
