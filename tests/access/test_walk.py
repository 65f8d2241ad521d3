"""Everybody goes everywhere: what is shown is what the rule says, nothing more and nothing less, and no page is left out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from mashang.api import door
from mashang.api.rates import Rates
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org import seeds
from mashang.org.rights import PAGES, PUBLIC, RIGHTS, SIGNED_IN
from tests.access import reference, walk, world
from tests.access.reference import ERASE, EXPORT, REPORT, REVEAL, REVOKE, VIEW, WATCH, Somebody, World
from tests.access.walk import Walker

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
STAFF = (
    "window", "land", "planning", "village", "town", "townlead", "office", "inspector", "leader", "admin", "auditor",
    "editor", "zhangpu", *world.EXTRA,
)  # fmt: skip
PERSONS = ("citizen", "helper", "stranger")
FOUND = {200, 302, 409, 422}
ABSENT = "武平-事-2026-999999"


def held(who: Somebody, page: str) -> bool:
    """Whether the page's right is held at all, by the table of rights."""
    needed = PAGES[page]
    if needed == PUBLIC:
        return True
    return who.kind != "anonymous" and (needed == SIGNED_IN or bool(RIGHTS[needed].roles & who.roles))


def gate(who: Somebody, page: str, inside: set[int]) -> set[int]:
    """The statuses that are right: to the sign-in, refused at the gate, or what is inside."""
    if held(who, page):
        return inside
    return {302} if who.kind == "anonymous" else {403}


@pytest.mark.parametrize("login", (*STAFF, *PERSONS))
def test_who_is_signed_in_sees_what_the_rule_says_on_every_page(login: str, county: World):
    walker = Walker(reference.somebody(login, world.NOW), county)
    cases(walker)
    files(walker)
    lists(walker)
    desk_lists(walker)
    inbox(walker)
    notices(walker)
    reveals(walker)
    the_rest(walker)
    walker.follow()
    assert not walker.problems, "\n".join(walker.problems)
    assert left_out(walker) == set()


def test_a_visitor_sees_nothing_of_any_case(county: World):
    walker = Walker(Somebody("visitor", "anonymous"), county)
    cases(walker)
    files(walker)
    the_rest(walker)
    tracked(walker)
    walker.follow()
    assert not walker.problems, "\n".join(walker.problems)


def left_out(walker: Walker) -> set[str]:
    """Pages where the walker has not been: whoever adds one teaches the walk its parameters."""
    return {name for name in walk.names() if not name.startswith("api:")} - walker.been


def cases(walker: Walker) -> None:
    """Detail, timeline, receipt, rating, buttons of every case and of one that is none."""
    for number in [*walker.world.cases, ABSENT]:
        inside = {200} if number in walker.seen else {404}
        for page in ("hall:case", "hall:receipt", "desk:case"):
            walker.expect(page, number, status=gate(walker.who, page, inside))
        reached = walker.world.sees(walker.who, walker.world.cases[number], ERASE) if number in walker.seen else False
        application = number in walker.seen and walker.world.cases[number]["kind"] == "application"
        for page in ("hall:form", "desk:form"):
            walker.expect(page, number, status=gate(walker.who, page, {200} if application else {404}))
        inside = {200 if application else 404} if reached else {403} if number in walker.seen else {404}
        walker.expect("desk:erase", number, status=gate(walker.who, "desk:erase", inside))
        for page in ("hall:receipt_file", "hall:rate"):
            walker.expect(page, number, status=gate(walker.who, page, FOUND if number in walker.seen else {404}))
        for page, action in (("hall:press", "withdraw"), ("hall:press", "deem_accepted"), ("desk:press", "urge")):
            pressed(walker, page, number, action)
    for step in walker.world.steps[::12]:
        for page in ("hall:press_step", "desk:press_step"):
            pressed(walker, page, step["number"], "review", step["id"])


def pressed(walker: Walker, page: str, number: str, *action: Any) -> None:
    """The form of an action; where it is done already, the way back to the case."""
    inside = {200, 302, 404} if number in walker.seen else {404}
    answer = walker.expect(page, number, *action, status=gate(walker.who, page, inside))
    case = walk.reverse(f"{page.partition(':')[0]}:case", args=[number])
    if answer.status_code == 302 and 302 in inside and answer["Location"] != case:
        walker.problems.append(f"{page} {number}: leads to {answer['Location']} instead of its case")


def files(walker: Walker) -> None:
    """Every file under every address that might lead to it; results."""
    for document in walker.world.documents[::6]:
        number = document["number"] or ABSENT
        for page in ("hall:file", "desk:file"):
            inside = {200} if number in walker.seen else {404}
            walker.expect(page, number, document["id"], status=gate(walker.who, page, inside))
            if document["id"] % 4:
                continue
            foreign = next((n for n in walker.seen if n != number and not relied_on(n, document["id"])), ABSENT)
            walker.expect(page, foreign, document["id"], status=gate(walker.who, page, {404}))
    results = reference.rows(
        "SELECT i.number, i.case AS case_number, i.code, i.state, u.id, u.region_id FROM documents_issued i "
        "JOIN org_unit u ON u.id = i.unit_id ORDER BY i.id"
    )
    for place, result in enumerate(results):
        for page in ("hall:result", "desk:result"):
            inside = {200} if result["case_number"] in walker.seen else {404}
            if place == 0 or inside == {404}:
                walker.expect(page, result["case_number"], result["number"], status=gate(walker.who, page, inside))
            walker.expect(page, ABSENT, result["number"], status=gate(walker.who, page, {404}))
        revoked = result["state"] == "revoked"
        for page, open_ in (("desk:revoke", {302 if revoked else 200}), ("desk:reissue", {200 if revoked else 302})):
            may = open_ if reached(walker.who, result, REVOKE) else {403}
            inside = may if result["case_number"] in walker.seen else {404}
            walker.expect(page, result["case_number"], result["number"], status=gate(walker.who, page, inside))
        walker.expect("hall:verify_code", result["code"], status={200})


def relied_on(number: str, document: int) -> bool:
    query = (
        "SELECT 1 FROM approvals_material m JOIN cases_case c ON c.id = m.case_id WHERE c.number = %s AND document = %s"
    )
    return bool(reference.rows(query, number, document))


def lists(walker: Walker) -> None:
    own = replace(walker.who, held=tuple(h for h in walker.who.held if h.persons is not None))
    mine = {n for n in walker.world.seen(own) if walker.world.cases[n]["kind"] == "application"}
    if held(walker.who, "hall:mine"):
        walker.listed("hall:mine", mine)
    else:
        walker.expect("hall:mine", status=gate(walker.who, "hall:mine", {200}))


def desk_lists(walker: Walker) -> None:
    """Every list and search of the desk, with its filters; the export has a right, and so a reach, of its own."""
    for query, wanted in filters(walker.world):
        for page, roles in (("desk:cases", VIEW), ("desk:find", VIEW), ("desk:export", EXPORT)):
            if held(walker.who, page):
                expected = {n for n in walker.world.seen(walker.who, roles) if wanted(walker.world.cases[n])}
                walker.listed(page, expected, query=query)
    for page in ("desk:cases", "desk:find", "desk:export", "desk:watch", "desk:sites"):
        walker.expect(page, status=gate(walker.who, page, {200}))
    if held(walker.who, "desk:watch"):
        seen = walker.world.seen(walker.who, WATCH)
        walker.listed("desk:watch", {n for n in seen if walker.world.cases[n]["kind"] == "supervision"})


def filters(county: World) -> list[tuple[dict[str, str], Any]]:
    """Queries with the plain meaning of each."""
    some = max(n for n, c in county.cases.items() if c["kind"] == "application" and c["region"].startswith("350824"))
    person = seeds.person_form(0, "350824")
    [me] = reference.rows(
        "SELECT p.id FROM org_person p JOIN org_account a ON a.id = p.account_id WHERE a.username = 'citizen'"
    )
    unit = org.unit_named("武平县桃溪镇人民政府").id
    of_person = {q: (lambda c: me["id"] in c["persons"]) for q in (person.phone, person.number, person.name)}
    return [
        ({}, lambda c: True),
        *(({"kind": k}, lambda c, k=k: c["kind"] == k) for k in ("application", "supervision", "bad_rating", "errand")),
        ({"state": "open"}, lambda c: c["settled_at"] is None),
        ({"state": "settled"}, lambda c: c["settled_at"] is not None),
        ({"late": "1"}, lambda c: c["late"]),
        ({"supervised": "1"}, lambda c: c["supervised"]),
        ({"unit": str(unit)}, lambda c: unit in c["units"]),
        ({"region": "350623"}, lambda c: c["region"].startswith("350623")),
        ({"q": "建房"}, lambda c: "建房" in c["title"] + c["about"]),
        ({"q": some}, lambda c: some in (c["number"], c["about"])),
        ({"numbers": some}, lambda c: c["number"] == some),
        *(({"q": q}, wanted) for q, wanted in of_person.items()),
    ]  # fmt: skip


def inbox(walker: Walker) -> None:
    """待办、在办、督办、已办: what lies there, told again from the rows; the counts beside it are the same."""
    if not held(walker.who, "desk:inbox"):
        walker.expect("desk:inbox", status=gate(walker.who, "desk:inbox", {200}))
        return
    who, county = walker.who, walker.world
    mine = {who.id, *who.stands_for}
    open_ = [
        s for s in county.steps if s["state"] == "open" and s["unit_id"] == who.unit and s["number"] in walker.seen
    ]
    asked = [s for s in open_ if s["kind"] != "site_check" or s["due_at"] is not None]
    own = [
        s
        for s in asked
        if s["staff"] in mine or (s["staff"] is None and works(who, county.cases[s["number"]]["kind"], s["kind"]))
    ]
    worked = {s["number"] for s in county.steps if s["done_by"] == who.id} & walker.seen
    tabs = {
        "todo": {s["number"] for s in own},
        "todo&whose=unit": {s["number"] for s in asked},
        "doing": {n for n in worked if county.cases[n]["settled_at"] is None},
        "done": {n for n in worked if county.cases[n]["settled_at"] is not None},
        "supervised": {
            n for n in walker.seen if county.cases[n]["supervised"] and county.cases[n]["settled_at"] is None
        },
    }
    for tab, expected in tabs.items():
        name, _, whose = tab.partition("&whose=")
        walker.listed("desk:inbox", expected, query={"tab": name, "whose": whose})
    sites = {s["number"] for s in open_ if s["kind"] in ("site_visit", "site_check")}
    if held(who, "desk:sites"):
        walker.listed("desk:sites", sites)


def works(who: Somebody, kind: str, step: str) -> bool:
    """Whether such a step in one's own unit is one's work, or one's to hand out."""
    return any(
        h.role in reference.WORK[kind][step] | reference.ASSIGN
        and (h.kinds is None or kind in h.kinds)
        and (h.units is None or who.unit in h.units)
        for h in who.held
    )


def notices(walker: Walker) -> None:
    """One's own, and the unit's of cases that one sees."""
    who, county = walker.who, walker.world
    for page in ("hall:notices", "desk:notices"):
        answer = walker.expect(page, status=gate(who, page, {200}))
        if not held(who, page):
            continue
        own = [n for n in county.notices if (n["person"] == who.person if who.person else n["staff"] == who.id)]
        unit = [n for n in county.notices if who.unit and n["unit"] == who.unit and n["number"] in walker.seen]
        owed = {n["text"] for n in sorted([*own, *unit], key=lambda n: n["at"], reverse=True)[:50]}
        text = walk.shown(answer)
        missing, alien = [t for t in owed if t not in text], []
        alien = [n["text"] for n in county.notices if n["text"] in text and n["text"] not in owed and n["number"]]
        walker.problems += [f"{page}: leaves out {t}" for t in missing[:2]] + [f"{page}: shows {t}" for t in alien[:2]]


def reveals(walker: Walker) -> None:
    """Clear data come only here, to who holds the right over the case, and each look is in the ledger."""
    who = walker.who
    for number, case in walker.world.cases.items():
        for person in case["persons"][:1]:
            may = number in walker.seen and walker.world.sees(who, case, REVEAL)
            inside = {200} if may else {403} if number in walker.seen else {404}
            path = walk.reverse("desk:reveal", args=[number, person])
            walker.been.add("desk:reveal")
            with clock.at(walker.world.now):
                before = len(ledger.history(f"org/person:{person}"))
                answer = walker.browser.post(path, {"reason": "核对联系方式"})
                looked = len(ledger.history(f"org/person:{person}")) - before
            status = gate(who, "desk:reveal", inside)
            clear = any(s in answer.content.decode() for s in walk.SECRETS)
            if answer.status_code not in status or clear != (answer.status_code == 200) or looked != clear:
                walker.problems.append(
                    f"desk:reveal {number}: {answer.status_code}, expected {status}, clear {clear}, {looked}"
                )


def the_rest(walker: Walker) -> None:
    """Every other page: at the gate the table decides; inside, what `Walker.look` finds on any page."""
    who = walker.who
    [run] = reference.rows("SELECT id, scheme_id FROM performance_run LIMIT 1") or [{"id": 1, "scheme_id": 1}]
    units = [org.unit_named(n).id for n in ("武平县桃溪镇人民政府", "漳浦县盘陀镇人民政府")]
    given: dict[str, list[tuple[Any, ...]]] = {
        "hall:guide": [("rural-house",)], "hall:apply": [("rural-house",)], "hall:apply_part": [("rural-house", "approval")],
        "hall:draft": [("walk",)], "hall:verify_code": [("NONE",)],
        "desk:score_unit": [(run["id"], u) for u in units], "desk:score_what_if": [(run["id"],)], "desk:score_proof": [(run["id"],)],
        "desk:score_inputs": [(run["id"],)], "desk:score_workbook": [(run["id"],)], "admin:unit": [(u,) for u in units],
        "admin:staff": [(who.id or 1,)], "openid_connect_login": [("none",)], "openid_connect_callback": [("none",)],
        "admin:clock": [("XK-20",), ("NONE",)], "admin:division": [("350824",), ("000000",)],
        "desk:audit_checkpoint": [(1,)], "desk:audit_check": [(1,)], "desk:audit_progress": [(1,)],
        "shared:styleguide_portal": [("desk",)], "shared:sample_progress": [(3,)],
        "desk:mandate_paper": [(1,), (999_999,)],
    }  # fmt: skip
    for name in walk.others(walk.names()):
        if name not in ("account_logout",) and not name.startswith("api:"):
            given.setdefault(name, [()])
    walker.been |= {"account_logout"}
    for name, calls in given.items():
        for args in calls:
            inside = {200, 302, 400, 401, 403, 404, 405, 422}
            walker.expect(name, *args, status=gate(who, name, inside) | ({405} if name in POSTED else set()))
    scores(walker, run["id"])
    schemes(walker)
    reports(walker)
    catalogue(walker)
    audited(walker)
    if held(who, "cockpit:home"):
        for place in ("", "350824", "350824105", "350623"):
            walker.expect("cockpit:home", query={"place": place} if place else {}, status={200, 403, 404})
            for what in ("open", "late", "supervised", "opened", "settled", "rated", "unhappy", "counted"):
                walker.expect("cockpit:cases", query={"place": place, "what": what}, status={200, 400, 403, 404})
        everything = {n for n in walker.seen if walker.world.cases[n]["settled_at"] is None}
        walker.listed("cockpit:cases", everything, query={"what": "open"})


def reached(who: Somebody, unit: dict[str, Any], roles: set[str]) -> bool:
    """Whether a role reaches a unit, apart from any case."""
    return any(
        h.role in roles
        and h.kinds is None
        and (h.units is None or unit["id"] in h.units)
        and unit["region_id"].startswith(h.region)
        for h in who.held
    )


def county_units() -> list[dict[str, Any]]:
    return reference.rows(
        "SELECT id, region_id, scheme_class FROM org_unit WHERE region_id LIKE '350824%%' ORDER BY id"
    )


def catalogue(walker: Walker) -> None:
    """Drafts are their own county's editors' to see and write; what is published any editor reads, and copies."""
    who = walker.who
    own = world.ENTRIES.get(who.name, "")
    for county in world.ENTRIES.values():
        mine = {200} if county == own else {404}
        for code, read in ((f"only-{county}", mine), (f"both-{county}", {200})):
            for page in ("desk:catalogue_entry", "desk:catalogue_differences"):
                answer = walker.expect(page, code, status=gate(who, page, read))
                if answer.status_code == 200 and county != own and "还没公开" in walk.shown(answer):
                    walker.problems.append(f"{page} {code}: shows another county's draft")
            for page in (
                "desk:catalogue_fields",
                "desk:catalogue_definition",
                "desk:catalogue_preview",
            ):
                walker.expect(page, code, status=gate(who, page, mine))
            for what in ("materials", "form", "questions", "steps", "roles"):
                walker.expect("desk:catalogue_rows", code, what, status=gate(who, "desk:catalogue_rows", mine))
            for page in ("desk:catalogue_fields", "desk:catalogue_definition"):
                walker.expect(page, code, status=gate(who, page, {422} if county == own else {404}), post={"seen": "0"})
            draft = 1 if code.startswith("only") else 2
            walker.expect("desk:catalogue_file", code, draft, status=gate(who, "desk:catalogue_file", mine))
    for name in ("rural-house", "nothing"):
        page = "desk:catalogue_entry"
        walker.expect(page, name, status=gate(who, page, {200} if name == "rural-house" else {404}))
    if held(who, "desk:catalogue"):
        shown = walk.shown(walker.expect("desk:catalogue", query={"state": "draft"}, status={200}))
        listed = {c for c in world.ENTRIES.values() if f"only-{c}" in shown or f"both-{c}" in shown}
        walker.same("desk:catalogue", listed, {own})


def audited(walker: Walker) -> None:
    """The record, whole and narrowed to each case: of cases out of sight it tells nothing."""
    if not held(walker.who, "desk:audit"):
        return
    for number in walker.world.cases:
        answer = walker.expect("desk:audit", query={"number": number}, status={200})
        listed = "<table" in answer.content.decode()
        if listed != (number in walker.seen):
            walker.problems.append(f"desk:audit {number}: listed {listed}, seen {number in walker.seen}")
    walker.expect("desk:audit_export", post={"form": "csv"}, status={200})


def scores(walker: Walker, run: int) -> None:
    """A unit's sheet, and its line on the board, are for those whose role reaches the unit; the inputs, which hold all units, for
    those who reach the whole county."""
    units = county_units()
    scored = {
        r["unit_id"]
        for r in reference.rows("SELECT unit_id FROM performance_score WHERE run_id = %s AND node = 'total'", run)
    }
    mine = {unit["id"] for unit in units if reached(walker.who, unit, WATCH)}
    for unit in units:
        inside = {200} if unit["id"] in mine & scored else {404}
        walker.expect("desk:score_unit", run, unit["id"], status=gate(walker.who, "desk:score_unit", inside))
    whole = reached(walker.who, {"id": 0, "region_id": "350824"}, WATCH)
    inside = {200} if whole else {403} if mine else {404}
    walker.expect("desk:score_inputs", run, status=gate(walker.who, "desk:score_inputs", inside))
    for page in ("desk:score_proof", "desk:score_workbook", "desk:score_what_if"):
        walker.expect(page, run, status=gate(walker.who, page, {200} if mine else {404}))
    answer = walker.expect("desk:score", query={"region": "350824"}, status=gate(walker.who, "desk:score", {200}))
    if answer.status_code == 200:
        found = set(re.findall(rf"/desk/score/{run}/(\d+)\"", answer.content.decode()))
        walker.same("desk:score", found, {str(unit) for unit in mine & scored})


def schemes(walker: Walker) -> None:
    """Schemes are open to those who see scores of a unit of the region, and are written by the office."""
    units = county_units()
    sees = any(reached(walker.who, unit, WATCH) for unit in units)
    writes = reached(walker.who, {"id": 0, "region_id": "350824"}, {"office"})
    for row in reference.rows("SELECT id, frozen_at FROM performance_scheme ORDER BY id"):
        for page in ("desk:score_scheme", "desk:score_scheme_words", "desk:score_scheme_compare"):
            walker.expect(page, row["id"], status=gate(walker.who, page, {200} if sees else {404}))
        for page in ("desk:score_scheme_edit", "desk:score_scheme_try", "desk:score_scheme_freeze"):
            inside = {200, 302} if writes else {403} if sees else {404}
            walker.expect(page, row["id"], status=gate(walker.who, page, inside))
            walker.expect(page, 999_999, status=gate(walker.who, page, {404}))


def reports(walker: Walker) -> None:
    """Figures and corrections are for those who report for the unit; another's unit is not there."""
    [scheme] = reference.rows("SELECT id FROM performance_scheme WHERE frozen_at IS NOT NULL")
    about, units = (scheme["id"], "2026-03"), county_units()
    mine = {unit["id"] for unit in units if reached(walker.who, unit, REPORT)}
    scored = {unit["id"] for unit in units if unit["scheme_class"]}
    for unit in (u["id"] for u in units):
        for page, more in (("desk:score_figures_unit", ()), ("desk:score_figure_report", ("key_projects",))):
            inside = {200, 302} if unit in mine & scored else {404}  # what stands already leads to its correction
            walker.expect(page, *about, unit, *more, status=gate(walker.who, page, inside))
    for page in ("desk:score_figures_sheet", "desk:score_figures_template"):
        walker.expect(page, *about, status=gate(walker.who, page, {200} if mine & scored else {404}))
    for figure in reference.rows("SELECT id, unit_id FROM performance_figure"):
        inside = {200} if figure["unit_id"] in mine else {404}
        walker.expect("desk:score_correct", figure["id"], status=gate(walker.who, "desk:score_correct", inside))
    asked = "SELECT c.id, f.unit_id FROM performance_correction c JOIN performance_figure f ON f.id = c.figure_id"
    for row in reference.rows(asked):
        inside = {200} if row["unit_id"] in mine else {404}
        walker.expect("desk:score_correction", row["id"], status=gate(walker.who, "desk:score_correction", inside))
        if row["unit_id"] not in mine:
            status = gate(walker.who, "desk:score_correction", {404})
            walker.expect("desk:score_correction", row["id"], post={"do": "approve"}, status=status)


POSTED = {"desk:assign_many", "desk:score_run", "hall:draft", "shared:preferences", "desk:reveal", "desk:audit_export"}


def tracked(walker: Walker) -> None:
    """Number and phone together open exactly their case; either one wrong opens nothing, in the same words."""
    phones = {0: seeds.person_form(0, "350824").phone[-4:]}
    mine = next(n for n, c in walker.world.cases.items() if c["channel"] == "web" and c["kind"] == "application")
    walker.seen = {mine}
    walker.expect("hall:track", post={"number": mine, "tail": phones[0]}, status={200})
    wrong = walker.expect("hall:track", post={"number": mine, "tail": "9876"}, status={404})
    absent = walker.expect("hall:track", post={"number": ABSENT, "tail": "9876"}, status={404})
    assert wrong.content.decode().replace(mine, "").count("没有找到这一件") == absent.content.decode().count(
        "没有找到这一件"
    )
    for number, case in walker.world.cases.items():
        if case["kind"] != "application":
            walker.expect("hall:track", post={"number": number, "tail": phones[0]}, status={404})
    walker.seen = set()


# ── the API ──

CLIENTS = {
    "town": (("cases:read", "cases:write"), "武平县桃溪镇人民政府", ""),
    "county": (("cases:read",), "", "350824"),
    "other county": (("cases:read", "cases:write"), "", "350623"),
    "writes only": (("cases:write",), "武平县人民政府", ""),
    "rates": (("cases:read", "cases:rate"), "武平县桃溪镇人民政府", ""),
    "catalogue only": (("catalogue:read",), "", ""),
    "texts and scores": (("text:use", "score:use", "score:read", "score:report"), "武平县桃溪镇人民政府", ""),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_calling_system_sees_what_the_rule_says_at_every_operation(name: str, county: World, tmp_path, monkeypatch):
    monkeypatch.setattr(door, "rates", Rates(tmp_path / "rates"))
    scopes, unit, region = CLIENTS[name]
    bound = org.unit_named(unit).id if unit else None
    with clock.at(world.NOW):
        form = org_actions.NewClient(name, frozenset(scopes), bound, region, 1_000_000)
        id_, token = org_actions.make_token(form, by=Actor.system("test"), now=world.NOW)
    walker = Walker(reference.client(id_, scopes, bound, region), county, token)
    reads(walker, "cases:read" in scopes)
    api_files(walker, "cases:read" in scopes)
    api_writes(walker, "cases:write" in scopes)
    api_ratings(walker, "cases:rate" in scopes)
    calculations(walker, scopes)
    for operation, args in (
        ("list_entries", ()),
        ("read_entry", ("rural-house",)),
        ("read_guide", ("rural-house",)),
        ("read_form", ("rural-house",)),
    ):
        walker.expect(f"api:{operation}", *args, status={200})
    walker.expect("api:api-root", status={404})
    for operation in ("read_keys", "openapi-json", "docs"):
        walker.expect(f"api:{operation}", status={200})
    assert not walker.problems, "\n".join(walker.problems)
    assert {n for n in walk.names() if n.startswith("api:")} - walker.been == set()


def reads(walker: Walker, may: bool) -> None:
    """The list page by page to its end, under several filters; each case, seen or not."""
    for query, wanted in filters(walker.world):
        named = {"words" if key == "q" else key: value for key, value in query.items()}
        if "numbers" in named or len(named.get("words", "")) == 18:
            continue
        named = {k: {"1": "true"}.get(v, v) if k in ("late", "supervised") else v for k, v in named.items()}
        after, found = "", []
        while True:
            answer = walker.expect(
                "api:list_cases", query={**named, "limit": 2, "after": after}, status={200} if may else {403}
            )
            if answer.status_code != 200:
                break
            page = json.loads(answer.content)
            found += [item["number"] for item in page["items"]]
            if not (after := page["next"]):
                break
        expected = {n for n in walker.seen if wanted(walker.world.cases[n])} if may else set()
        walker.same(f"api:list_cases{named}", set(found), expected)
        if len(found) != len(set(found)):
            walker.problems.append(f"api:list_cases{named}: something comes twice")
    for number in [*walker.world.cases, ABSENT]:
        inside = ({200} if number in walker.seen else {404}) if may else {403}
        for operation in ("read_case", "list_actions"):
            walker.expect(f"api:{operation}", number, status=inside)
        walker.expect("api:read_receipt", number, status={200, 409} if inside == {200} else inside)


def calculations(walker: Walker, scopes: tuple[str, ...]) -> None:
    """What stores nothing has scopes of its own; runs of another place are not there."""
    for scope, operations in (
        ("text:use", ("classify_texts", "check_replies", "find_similar", "group_hot", "mask_texts")),
        ("score:use", ("run_score", "check_score")),
        ("score:report", ("report_figure",)),
    ):
        for operation in operations:
            walker.expect(f"api:{operation}", post={}, status={415} if scope in scopes else {403})
    may = "score:read" in scopes
    walker.expect("api:list_scores", status={200} if may else {403})
    for run in reference.rows("SELECT id FROM performance_run"):
        walker.expect("api:read_score", run["id"], status={200, 404} if may else {403})
    walker.expect("api:read_score", 999_999_999, status={404} if may else {403})


def api_files(walker: Walker, may: bool) -> None:
    for document in walker.world.documents[::3]:
        inside = ({200} if document["number"] in walker.seen else {404}) if may else {403}
        walker.expect("api:download_document", document["id"], status=inside)
    for result in reference.rows(
        "SELECT number, documents_issued.case AS case_number, code FROM documents_issued ORDER BY id LIMIT 2"
    ):
        inside = ({200} if result["case_number"] in walker.seen else {404}) if may else {403}
        walker.expect("api:read_result", result["case_number"], result["number"], status=inside)
        walker.expect("api:verify_certificate", result["code"], status={200})


def api_ratings(walker: Walker, may: bool) -> None:
    """A case out of reach is not there; of those in reach none takes a second rating that is not due."""
    for number in [*walker.world.cases, ABSENT]:
        walker.been.add("api:rate_case")
        with clock.at(walker.world.now):
            answer = walker.browser.post(
                walk.reverse("api:rate_case", args=[number]), json.dumps({"grade": 5, "second": True}),
                content_type="application/json", headers={"Authorization": f"Bearer {walker.token}"},
            )  # fmt: skip
        walker.look(f"api:rate_case {number}", answer)
        inside = {422 if number in walker.seen else 404} if may else {403}
        if answer.status_code not in inside:
            walker.problems.append(f"api:rate_case {number}: {answer.status_code}, expected {inside}")


def api_writes(walker: Walker, may: bool) -> None:
    """What cannot be seen cannot be acted on, and is not told apart from what is not there."""
    before = reference.rows("SELECT number, revision FROM cases_case ORDER BY id")
    for place, number in enumerate([*walker.world.cases, ABSENT]):
        path = walk.reverse("api:press_action", args=[number, "urge"])
        walker.been.add("api:press_action")
        with clock.at(walker.world.now):
            answer = walker.browser.post(
                path, json.dumps({"step": 0, "data": {"words": "请快些"}}), content_type="application/json",
                headers={"Authorization": f"Bearer {walker.token}", "Idempotency-Key": f"walk-{place}"},
            )  # fmt: skip
        walker.look(f"api:press_action {number}", answer)
        inside = ({403, 409, 404} if number in walker.seen else {404}) if may else {403}
        if answer.status_code not in inside:
            walker.problems.append(f"api:press_action {number}: {answer.status_code}, expected {inside}")
    assert reference.rows("SELECT number, revision FROM cases_case ORDER BY id") == before
    for operation in ("create_case", "upload_document"):
        walker.expect(f"api:{operation}", post={}, status={400, 415, 422} if may else {403})
