"""The people of the demo county and the moves that the stories share."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.approvals import actions as _verbs  # noqa: F401 -- declares the procedure
from mashang.cases import actions
from mashang.cases.models import Case, Step
from mashang.catalogue import actions as catalogue_actions
from mashang.catalogue import queries as catalogue
from mashang.catalogue import rules
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org import seeds
from mashang.org.models import Account
from mashang.reviews import actions as reviews
from mashang.reviews.sweeps import redress

PDF = b"%PDF-1.7\n% " + "演示材料".encode() + b"\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000154a24f5d0000000049454e44ae426082"
)
TOWN = "350824105"
HOUSE = {
    "member": "yes", "building": "new", "farmland": "no",
}  # fmt: skip


def at(text: str) -> AbstractContextManager[datetime]:
    """The county's clocks stand at this local time."""
    return clock.at(datetime.fromisoformat(text))


def who(login: str) -> Actor:
    """The actor behind a demo account."""
    return org.actor_for(Account.objects.get(username=login).pk)


def upload(by: Actor, name: str = "材料.pdf", data: bytes = PDF) -> int:
    return actions.keep(name, io.BytesIO(data), by=by, now=clock.now()).pk


def applicant(place: int = 0) -> dict[str, str]:
    form = seeds.person_form(place, "350824")
    return {"name": form.name, "id_number": form.number, "phone": form.phone}


@dataclass
class Story:
    """One case and what is done to it, each by the person whose work it is."""

    number: str

    @property
    def case(self) -> Case:
        return Case.objects.get(number=self.number)

    def step(self, code: str) -> Step:
        return Step.objects.get(case__number=self.number, code=code)

    def do(self, login: str | Actor, action: str, data: Mapping[str, Any] | None = None, step: str = "") -> None:
        by = login if isinstance(login, Actor) else who(login)
        pressed = self.step(step).pk if step else 0
        actions.act(self.number, action, data or {}, by=by, now=clock.now(), step=pressed)

    def evidence(self, login: str) -> dict[str, Any]:
        photo = upload(who(login), "现场.png", PNG)
        return {"photos": [photo], "latitude": 25.2, "longitude": 116.1, "taken_at": clock.now().isoformat()}


ANSWERS: dict[str, Any] = {
    **HOUSE, "family_size": "4", "existing_plots": "none", "site": {"region": TOWN, "address": "新村 12 号旁（演示）"},
    "plot_area": "118", "neighbours_around": "东邻练家，西至村道（演示）", "floors": "3", "building_area": "240",
    "height": "10", "drawing_choice": "standard", "drawing_number": "B-07",
}  # fmt: skip


def hand_in_house(
    login: str, place: int = 0, *, materials: dict[str, int] | None = None, key: str = "", **more: Any
) -> Story:
    """The village house handed in by a citizen or at the counter; without `materials`, all five are uploaded."""
    by = who(login)
    if materials is None:
        materials = {code: upload(by) for code in ("identity", "household", "house-form", "neighbours", "drawing")}
    data = {
        "entry": "rural-house", "part": "approval", "region": TOWN, "materials": materials,
        "answers": {**ANSWERS, "applicant": applicant(place)}, "again": True, **more,
    }  # fmt: skip
    return Story(actions.begin("application", "hand_in", data, by=by, now=clock.now(), key=key).number)


def publish_steps(steps: Sequence[rules.Step]) -> None:
    """The rural house with these steps, put in force."""
    spec = catalogue.current("rural-house").spec
    catalogue_actions.draft(spec.model_copy(update={"steps": tuple(steps)}), by=who("editor"), now=clock.now())
    catalogue_actions.publish("rural-house", by=who("editor"), now=clock.now())


def change_steps(**changes: Mapping[str, object]) -> None:
    """The rural house with some of its steps changed, put in force; `-` in a code is written `_`."""
    known = catalogue.current("rural-house").spec.steps
    publish_steps([s.model_copy(update=dict(changes.get(s.code.replace("-", "_"), {}))) for s in known])


def accepted() -> Story:
    """The village house handed in on the second of March at ten past nine, and accepted."""
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
    with at("2026-03-02 09:45"):
        story.do("window", "accept", {}, "intake")
    return story


def reviewed(story: Story) -> None:
    """All that comes before the decision, on the second day."""
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", {"purpose": "现场踏勘", "expected": "2026-03-03T11:30:00+08:00"}, "visit")
        story.do("village", "review", {"passed": True, "opinion": "本村集体成员，一户一宅"}, "qualification")
        story.do("planning", "review", {"passed": True, "opinion": "符合村庄规划"}, "planning")
    with at("2026-03-03 11:05"):
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
        story.do("land", "review", {"passed": True, "opinion": "不占永久基本农田"}, "land")
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")


def rated_badly(lead_acts: bool = False) -> tuple[Story, Story]:
    """The house, granted and rated badly: its case, and the case that the rating became."""
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("townlead" if lead_acts else "town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        rating = {"grade": 1, "tags": ["跑了多趟"], "words": "跑了三趟"}
        given = reviews.rate(story.number, rating, by=who("citizen"), now=clock.now())
        redress(clock.now())
        given.refresh_from_db()
    return story, Story(given.redress)


def superior(unit: str = "武平县人民政府") -> Actor:
    """A lead of the unit above the township, newly appointed."""
    top, by, now = org.unit_named(unit).id, Actor.system("test"), clock.now()
    staff = org_actions.appoint(
        org_actions.NewStaff("superior", "饶某某（演示）", top, demo_label="上级"), by=by, now=now
    )
    org_actions.grant_role(org_actions.NewGrant(staff, "lead", unit=top), by=by, now=now)
    return who("superior")


def text_of(response: Any) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def verbs_of(number: str) -> list[str]:
    """What was done to a case, as its ledger has it, oldest first."""
    return [entry.verb.partition(".")[2] for entry in ledger.history(number)]
