"""Every page with data on it: nothing for axe to find, nothing wider than a phone, nothing too small for a finger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from mashang.audit import actions as audit
from mashang.audit import sweeps as audit_sweeps
from mashang.cases import sweeps
from mashang.cases.models import Case, Step
from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org.queries import units_in
from mashang.performance import actions as performance
from mashang.performance.seeds import SHIPPED
from mashang.supervision.sweeps import supervise
from tests.flows.story import hand_in_house, who
from tests.portals.conftest import SIZES, ids_twice, small_targets, too_wide
from tests.sealing import seal_all

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
]
Seat = Callable[..., Page]
Axe = Callable[[Page], list[str]]
Shot = Callable[[Page, str], Path]


@pytest.fixture
def numbers(turn: Callable[[str], datetime]) -> dict[str, object]:
    """A case at the counter, one late and supervised, and a month's scores: what the addresses below name."""
    turn("2026-03-02 09:10")
    late, fresh, gone = (hand_in_house("citizen") for _ in range(3))
    gone.do("citizen", "withdraw", {"reason": "先不盖了"})
    mandate = org_actions.NewMandate(
        who("citizen").person_id,
        clock.now(),
        clock.now() + timedelta(days=90),
        "in_person",
        helper_staff=who("village").id,
    )
    org_actions.record_mandate(mandate, by=who("window"), now=clock.now())
    turn("2026-03-02 09:45")
    late.do("window", "accept", {}, "intake")
    now = turn("2026-03-09 09:00")
    sweeps.fire(now)
    sweeps.expire(now)
    supervise(now)
    office, then = Actor.system("tests"), turn("2026-04-02 09:00")
    scheme = performance.write_scheme(SHIPPED.read_text("utf-8"), "350824", by=office, now=then)
    performance.freeze_scheme(scheme, by=office, now=then)
    unit = next(u.id for u in units_in("350824") if u.scheme_class)
    figure = performance.NewFigure("county-demo", "key_projects", unit, "2026-03", 96.0, "演示数据")
    kept = performance.report(figure, by=office, now=then)
    asked = performance.ask_correction(performance.NewCorrection(kept, 97.0, "更正函", "漏报一项"), by=office, now=then)
    draft = SHIPPED.read_text("utf-8").replace('version = "1"', 'version = "2"').replace("target = 60", "target = 50")
    return {
        "late": late.number, "fresh": fresh.number, "gone": gone.number, "matter": Case.objects.get(kind="supervision").number,
        "check": Step.objects.get(case__number=late.number, code="siting-check").pk,
        "review": Step.objects.get(case__number=late.number, code="land").pk,
        "run": performance.run(scheme, "2026-03", by=office, now=clock.now()), "scheme": scheme, "unit": unit, "staff": who("town").id,
        "figure": kept, "correction": asked, "draft": performance.write_scheme(draft, "350824", by=office, now=then),
        "sealed": _sealed(now), "checked": _checked(now),
    }  # fmt: skip


def _sealed(now: datetime) -> int:
    """How many entries the ledger is sealed to; the auditors' list has them too."""
    seal_all(now)
    audit_sweeps.follow(now)
    return ledger.state().size


def _checked(now: datetime) -> int:
    """A check of the whole ledger, done."""
    check = audit.ask_check(by=Actor("staff", 1, grants=(Grant("auditor"),)), now=now)
    audit_sweeps.check(now)
    return check.pk


NOWHERE = "/nowhere"
PAGES = {
    "visitor": ("/", "/find?q=盖房子", "/find?q=xyzq", "/guide/rural-house", "/track", "/verify", "/proof", "/limits",
                "/accounts/sign-in"),
    "citizen": (
        "/apply/rural-house/approval", "/apply/rural-house/approval?member=yes&building=new&farmland=no",
        "/apply/rural-house/approval?member=yes&building=new&farmland=permanent", "/my", "/my/notices", "/my/{late}",
        "/my/{fresh}/receipt", "/my/{fresh}/do/withdraw", "/my/mandates?place=350824105", NOWHERE,
    ),
    "window": ("/desk/", "/desk/intake?q=建房", "/desk/cases", "/desk/find?q=ncjf", "/desk/notices", "/desk/?tab=done",
               "/desk/mandates"),
    "village": ("/my/mandates", "/apply/rural-house/approval"),
    "townlead": ("/desk/case/{late}/result/{late}-受/revoke",),
    "land": ("/desk/?whose=unit", "/desk/sites", "/desk/case/{late}", "/desk/case/{late}/do/check_site/{check}",
             "/desk/case/{late}/do/review/{review}"),
    "inspector": ("/desk/watch", "/desk/watch/new", "/desk/case/{matter}"),
    "office": ("/desk/score", "/desk/score/run", "/desk/score/scheme/{scheme}", "/desk/score/{run}/{unit}",
               "/desk/score/{run}/what-if", "/desk/score/{run}/proof", "/desk/text", "/desk/text/hot", "/desk/text/similar",
               "/desk/text/classify", "/desk/text/mask", "/desk/score/schemes", "/desk/score/scheme/{draft}/words",
               "/desk/score/scheme/{draft}/compare", "/desk/score/scheme/new?from={scheme}", "/desk/score/scheme/{draft}/edit",
               "/desk/score/scheme/{draft}/freeze", "/desk/score/scheme/{draft}/try?period=2026-03",
               "/desk/score/figures?period=2026-03", "/desk/score/figures/{scheme}/2026-03/{unit}",
               "/desk/score/figures/{scheme}/2026-03/{unit}/awards", "/desk/score/figures/{scheme}/2026-03/sheet",
               "/desk/score/figure/{figure}/correct", "/desk/score/corrections", "/desk/score/correction/{correction}",
               "/desk/case/{gone}/erase"),
    "leader": ("/cockpit/?place=350824", "/cockpit/?wall=1", "/cockpit/cases?what=late&place=350824"),
    "admin": ("/desk/admin/units", "/desk/admin/units/{unit}", "/desk/admin/staff/{staff}", "/desk/admin/divisions", "/desk/admin/divisions/350824", "/desk/admin/calendar", "/desk/admin/absences",
              "/desk/admin/clients", "/desk/admin/why", "/desk/admin/rights", "/desk/admin/clocks", "/desk/admin/clocks/XK-20"),
    "auditor": ("/desk/audit", "/desk/audit?since=2026-03-01", "/desk/audit/sign-ins", "/desk/audit/proof",
                "/desk/audit/proof/check/{checked}", "/desk/audit/proof/compare?old={sealed}&new={sealed}"),
}  # fmt: skip


def faults_of(page: Page, path: str, axe: Axe, shot: Shot, name: str) -> list[str]:
    """What is wrong with a page at a desk's and at a phone's width."""
    found = []
    for size in ("desk", "phone"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        answer = page.goto(path)
        if answer is None or answer.ok == (path == NOWHERE):
            found.append(f"{path}: answered {answer and answer.status}")
        found += [f"{path} {size}: {fault}" for fault in axe(page)]
        found += [f"{path} {size}: two elements have the id {twice}" for twice in ids_twice(page)]
        shot(page, f"{name}-{size}")
        if size == "phone":
            if wide := too_wide(page):
                found.append(f"{path}: {wide} px too wide")
            found += [
                f"{path} small: {target}"
                for target in (small_targets(page) if name.startswith(("visitor", "citizen")) else [])
            ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("login", PAGES)
def test_every_page_is_for_everyone(
    login: str, locale: str, numbers: dict[str, object], seat: Seat, open_page: Seat, axe: Axe, shot: Shot
) -> None:
    page = open_page("/", locale=locale) if login == "visitor" else seat(login, "/", locale=locale)
    found = []
    for place, path in enumerate(PAGES[login]):
        found += faults_of(page, path.format(**numbers), axe, shot, f"{login}-{place}-{locale}")
    open_page.complaints[:] = [said for said in open_page.complaints if "404" not in said]  # type: ignore[attr-defined]
    assert not found, "\n".join(found)
