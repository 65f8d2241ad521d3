"""A county with a case of every kind and state, and somebody for every role, within scope and out of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from mashang import performance
from mashang.cases import actions, sweeps
from mashang.cases.models import Case
from mashang.catalogue import actions as catalogue
from mashang.catalogue import rules
from mashang.catalogue.queries import current as shipped
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org import seeds
from mashang.org.models import Account, Person, Staff
from mashang.performance import actions as performance_actions
from mashang.reviews import actions as reviews
from mashang.reviews import sweeps as review_sweeps
from mashang.site import procedures
from mashang.supervision import sweeps as supervision
from tests.cases import errand as _errand  # noqa: F401 -- declares a kind of case, which the suite makes a closed one
from tests.flows.story import Story, hand_in_house, upload, who

procedures.load()
BY = Actor.system("test")
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
NOW = BEGAN + 100 * DAY
HELPED, FIRM = 1, 40
TOWN = "武平县桃溪镇"
EXTRA = {
    "dispatcher": (f"{TOWN}人民政府", "dispatcher", f"{TOWN}人民政府", "", ""),
    "kinds": (f"{TOWN}人民政府", "lead", f"{TOWN}人民政府", "", "application"),
    "sworn": ("武平县机关效能建设领导小组办公室", "inspector", "", "350824", "errand,supervision"),
    "narrow": (f"{TOWN}自然资源所", "inspector", f"{TOWN}自然资源所", "350824", ""),
    "head": (f"{TOWN}人民政府", "leader", "", "350824105", ""),
    "norole": (f"{TOWN}人民政府", "", "", "", ""),
    "elsewhere": ("武平县十方镇人民政府", "handler", "武平县十方镇人民政府", "", ""),
    "agent": (f"{TOWN}新村村民委员会（演示）", "", "", "", ""),
    "partner": (f"{TOWN}自然资源所", "", "", "", ""),
    "drummer": ("漳浦县盘陀镇便民服务中心", "clerk", "漳浦县盘陀镇便民服务中心", "", ""),
    "author": ("漳浦县政务服务中心综合窗口", "catalogue_editor", "", "350623", ""),
}
"""Login → unit, role, unit and region the role reaches, kinds it is bound to."""
ENTRIES = {"editor": "350824", "author": "350623"}
"""Editor → the county whose entries they write."""


def make() -> None:
    """Everything, through actions, with the clock turned."""
    with clock.at(BEGAN):
        _people()
        _entries()
        _applications()
    _decided()
    _trouble()
    with clock.at(NOW):
        _scored()


def _people() -> None:
    for login, (unit, role, scope, region, kinds) in EXTRA.items():
        form = org_actions.NewStaff(login, f"{login}某", org.unit_named(unit).id, "", "", demo_label=f"演示 {login}")
        made = org_actions.appoint(form, by=BY, now=BEGAN)
        if role:
            bound = org.unit_named(scope).id if scope else None
            grant = org_actions.NewGrant(
                made, role, unit=bound, region=region, kinds=frozenset(kinds.split(",")) if kinds else None
            )
            org_actions.grant_role(grant, by=BY, now=BEGAN)
    helper = Person.objects.get(account__username="helper")
    stranger = org_actions.register_person(seeds.person_form(2, "350824"), by=BY, now=BEGAN)
    org_actions.open_account(stranger, "stranger", "", by=BY, now=BEGAN, demo_label="演示 外人")
    citizen = Person.objects.get(account__username="citizen")
    until = NOW + 100 * DAY
    for mandate in (
        org_actions.NewMandate(
            citizen.pk, BEGAN, until, "in_person", helper_person=helper.pk, kinds=frozenset({"application"})
        ),
        org_actions.NewMandate(stranger, BEGAN, BEGAN + DAY, "in_person", helper_person=helper.pk),  # over since long
        org_actions.NewMandate(citizen.pk, BEGAN, until, "in_person", helper_staff=_staff("agent")),
    ):
        org_actions.record_mandate(mandate, by=BY, now=BEGAN)
    away = org_actions.NewAbsence(_staff("land"), BEGAN, until, "培训", stand_in=_staff("partner"))
    org_actions.register_absence(away, by=BY, now=BEGAN)


def _entries() -> None:
    """Drafts of two counties: one never published, one over what is in force."""
    for county in ENTRIES.values():
        blank = rules.blank(f"only-{county}", "还没公开的事项", "某局").model_copy(update={"region": county})
        catalogue.begin(blank, by=BY, now=BEGAN)
        known = shipped("banner-arch").spec.model_copy(update={"code": f"both-{county}", "region": county})
        catalogue.begin(known, by=BY, now=BEGAN)
        catalogue.publish(known.code, by=BY, now=BEGAN)
        catalogue.draft(known.model_copy(update={"summary": f"还没公开的一句{county}"}), by=BY, now=BEGAN)


def _staff(login: str) -> int:
    return Staff.objects.get(account__username=login).pk


def _counter(login: str, place: int, region: str) -> Story:
    """An application taken in at a counter, for somebody without an account."""
    return hand_in_house(login, place, region=region)


def _applications() -> None:
    for login, place in (("citizen", 0), ("stranger", 2)):  # handed in and waiting
        hand_in_house(login, place)
    hand_in_house("helper", 0)  # for the citizen, by mandate
    _counter("drummer", 30, "350623108")
    missing = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
    missing.do("window", "notice", {"missing": ["户口簿", "申请表"]}, "intake")
    gone = _counter("window", 31, "350824105")
    gone.do(Actor.system("test"), "withdraw", {"reason": "不办了"})
    unit = org.unit_named(f"{TOWN}自然资源所").id
    actions.begin("errand", "hand_in", {"what": "保密的一件", "unit": unit}, by=BY, now=BEGAN)


def _reviewed(story: Story) -> None:
    with clock.at(BEGAN):
        story.do("window", "accept", {}, "intake")
    with clock.at(BEGAN + DAY):
        for login, step in (("village", "qualification"), ("planning", "planning")):
            story.do(login, "review", {"passed": True, "opinion": "符合要求"}, step)
        story.do("village", "start_visit", {"expected": "2026-03-04T09:00"}, "visit")
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")


def _decided() -> None:
    with clock.at(BEGAN):
        running, granted, refused = (hand_in_house("citizen") for _ in range(3))
        moved = _counter("window", 32, "350824105")
    for story in (running, granted, refused):
        _reviewed(story)
    with clock.at(BEGAN + DAY):
        moved.do("window", "accept", {}, "intake")
        other = org.unit_named("武平县十方镇自然资源所").id
        moved.do("land", "hand_over", {"unit": other, "reason": "属十方镇职责范围"}, "land")
        for story in (granted, refused):
            story.do("land", "review", {"passed": True, "opinion": "不占永久基本农田"}, "land")
            story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    with clock.at(BEGAN + 2 * DAY):
        granted.do("town", "grant", {}, "decision")
        granted.do("window", "issue", {}, "certificate")
        reviews.rate(granted.number, {"grade": 1, "words": "跑了很多趟"}, by=who("citizen"), now=clock.now())
        review_sweeps.redress(clock.now())
        grounds = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选地块"}
        refused.do("town", "propose_refusal", grounds, "decision")
        refused.do("townlead", "confirm_refusal", {}, "decision")
        reused = hand_in_house(
            "citizen", materials={c: upload(who("citizen")) for c in ("house-form", "neighbours")},
            reuse=["identity", "household", "drawing"],
        )  # fmt: skip
        reused.do("window", "accept", {}, "intake")


def _trouble() -> None:
    """What runs out becomes supervised; the office gives out matters of its own; some messages are given up."""
    late = BEGAN + 60 * DAY
    with clock.at(late):
        sweeps.fire(late)
        sweeps.expire(late)
        supervision.supervise(late)
        running = Case.objects.filter(kind="supervision").order_by("id")
        first = Story(running[0].number)
        answering = next(s for s in first.case.steps.all() if s.state == "open")
        by = who("townlead") if answering.unit_id == org.unit_named(f"{TOWN}人民政府").id else BY
        first.do(by, "report", {"answer": "已经补办完毕并说明原因"}, answering.code)
        unit = org.unit_named("武平县住房和城乡建设局").id
        matter = {"unit": unit, "cause": "农房建设巡查不到位", "required": "十日内整改到位", "days": 5}
        actions.begin("supervision", "assign_matter", matter, by=who("office"), now=late)
        for hours in (0, 1, 2):
            actions.send_due(late + timedelta(hours=hours))


def _scored() -> None:
    """A month scored with the scheme that the county is shipped with; figures of two units, of which corrections wait; a draft."""
    text = (Path(performance.__file__).parent / "data" / "county-demo" / "scheme.toml").read_text("utf-8")
    by = who("office")
    scheme = performance_actions.write_scheme(text, "350824", by=by, now=NOW)
    performance_actions.freeze_scheme(scheme, by=by, now=NOW)
    for name, value in (("武平县桃溪镇人民政府", 91.0), ("武平县十方镇人民政府", 92.0)):
        unit = org.unit_named(name).id
        form = performance_actions.NewFigure("county-demo", "key_projects", unit, "2026-03", value, "发改局函")
        figure = performance_actions.report(form, by=by, now=NOW)
        asked = performance_actions.NewCorrection(figure, value + 1, "更正函", "漏报一项")
        performance_actions.ask_correction(asked, by=by, now=NOW)
    performance_actions.run(scheme, "2026-03", by=by, now=NOW)
    performance_actions.write_scheme(text.replace('version = "1"', 'version = "2"'), "350824", by=by, now=NOW)


def accounts() -> list[str]:
    """Everybody of the story who can sign in."""
    return list(Account.objects.filter(is_demo=True).order_by("id").values_list("username", flat=True))
