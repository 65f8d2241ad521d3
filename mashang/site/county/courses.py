"""How an application goes: from the hand-in through its steps, each worked by its unit, to the certificate and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mashang.approvals import queries as approvals
from mashang.approvals.rules import WINDOW, responsible
from mashang.cases.queries import CaseView
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import Need, materials_needed
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.org.seeds import person_form

from . import papers, words
from .answers import answers
from .hours import working_hours
from .life import Life
from .plots import TOWN_NAMES

Finished = Callable[[datetime], None]


class Application:
    """One application's course. `over` is called when the service is over and may be rated."""

    def __init__(self, life: Life, over: Finished) -> None:
        self.life, self.plot, self.over = life, life.plot, over
        self.draws = life.draws
        self.steps: dict[str, Any] = {}
        self.needs: dict[str, int] = {}
        self.missing: list[Need] = []
        self.given_later = self.plot.opened
        life.plan(self.plot.opened, self.hand_in)
        life.fired.append(self._deemed)

    # -- in the hall

    def hand_in(self, at: datetime) -> None:
        by, plot = self._who_hands_in(at), self.plot
        version = catalogue.current(plot.entry)
        form = person_form(plot.place, plot.county)
        filled = answers(
            plot.entry, plot.part, town=plot.town, name=TOWN_NAMES[plot.town], opened=at, draws=plot.draws("answers")
        )
        filled["applicant"] = {"name": form.name, "id_number": form.number, "phone": form.phone}
        materials, reuse = self._materials(materials_needed(version.spec, filled, plot.part), by, at)
        data = {
            "entry": plot.entry, "part": plot.part, "region": plot.town, "answers": filled, "materials": materials,
            "reuse": reuse, "channel": plot.channel, "again": True,
        }  # fmt: skip
        self.life.number = self.life.begin("application", "hand_in", data, by=by, at=at)
        self._read(self.life.view())
        self._intake(at)

    def _who_hands_in(self, at: datetime) -> Actor:
        plot, cast = self.plot, self.life.cast
        if plot.channel == "window":
            cast.person(plot.place, plot.county, at)
            return cast.staff(self._window(at), "approvals.hand_in", at, nth=self.draws.randrange(2))
        if plot.channel == "agent":
            return cast.helper(plot.place, plot.county, at)
        return self._citizen(at)

    def _window(self, at: datetime) -> int:
        """The window that takes this entry in for this town."""
        spec = catalogue.current(self.plot.entry).spec
        return responsible(spec.roles.get("window", WINDOW), org.units_around(self.plot.town, at.date()))

    def _citizen(self, at: datetime) -> Actor:
        return self.life.cast.citizen(self.plot.place, self.plot.county, at)

    def _materials(self, needs: list[Need], by: Actor, at: datetime) -> tuple[dict[str, int], list[str]]:
        """Uploads for what is asked, what is on file reused; what the course leaves out is kept in `missing`."""
        held = approvals.held_by(self.life.cast.person(self.plot.place, self.plot.county, at))
        reuse = [n.material.code for n in needs if n.material.held_as and n.material.held_as in held]
        wanted = [n for n in needs if n.state in ("required", "deferrable") and not n.material.filled]
        asked = [n for n in wanted if n.material.code not in reuse]
        left_out = {"notice": "required", "twice": "required", "later": "deferrable"}.get(self.plot.course, "")
        self.missing = [n for n in asked if n.state == left_out][-1:]
        handed = [n for n in asked if n not in self.missing]
        return {n.material.code: papers.paper(n.material.name, by=by, now=at) for n in handed}, reuse

    def _read(self, view: CaseView) -> None:
        self.steps = {step.code: step for step in view.steps}
        self.needs = {step.code: step.needs for step in view.steps}
        for step in view.steps:  # as planned: what a resumed case has done since is not asked here
            for following in step.next:
                self.needs[following] = sum(following in s.next for s in view.steps)

    # -- at the window

    def _intake(self, at: datetime) -> None:
        course = self.plot.course
        if self._stalls("intake") or course == "deemed":
            return
        if self.missing and course in ("notice", "twice"):
            if not self._stalls("notice"):
                self.life.soon(at, self.draws.uniform(0.4, 5), self._notice)
        elif course == "not-accepted":
            self.life.soon(at, self.draws.uniform(1, 6), partial(self._propose, "intake"))
        else:
            self.life.soon(at, self.draws.uniform(0.2, 3.5), self._accept)

    def _notice(self, at: datetime, *, second: bool = False) -> None:
        told = [words.NEW_DEMAND] if second else [n.material.name for n in self.missing]
        self._press("notice", at, "intake", {"missing": told, "help": "可以手机拍照补传，不用再跑一趟。"})
        if not self._stalls("supplement"):
            self.life.in_time(at, "supplement", self.draws.uniform(5, 26), partial(self._supplement, second=second))

    def _supplement(self, at: datetime, *, second: bool) -> None:
        by = self._citizen(at)
        given = {} if second else {n.material.code: papers.paper(n.material.name, by=by, now=at) for n in self.missing}
        self.life.act("supplement", {"materials": given, "words": "已按要求补齐（演示）"}, by=by, at=at)
        if self.plot.course == "twice" and not second:
            self.life.soon(at, self.draws.uniform(1, 5), partial(self._notice, second=True))
        elif not self._stalls("accept"):
            self.life.soon(at, self.draws.uniform(0.5, 4), self._accept)

    def _accept(self, at: datetime) -> None:
        later = bool(self.missing) and self.plot.course == "later"
        until = {"later_until": (at + timedelta(days=7)).date().isoformat()} if later else {}
        self._press("accept", at, "intake", until)
        if later and not self._stalls("hand-later"):
            self.given_later = self.life.hours.after(at, self.draws.uniform(2, 6))
            self.life.plan(self.given_later, self._hand_later)
        self._accepted(at)

    def _accepted(self, at: datetime) -> None:
        if self.plot.course == "withdrawn":
            self.life.soon(at, self.draws.uniform(0.05, 0.3), self._withdraw)
            return
        self._done("intake", at)

    def _deemed(self, at: datetime) -> None:
        if self.plot.course == "deemed" and self.needs.get("intake") == 0 and self.life.view().case.state == "accepted":
            self._done("intake", at)

    def _hand_later(self, at: datetime) -> None:
        by = self._citizen(at)
        given = {n.material.code: papers.paper(n.material.name, by=by, now=at) for n in self.missing}
        self.life.act("hand_later", {"materials": given}, by=by, at=at)

    def _withdraw(self, at: datetime) -> None:
        self.life.act("withdraw", {"reason": self.draws.choice(words.WITHDRAWN)}, by=self._citizen(at), at=at)

    # -- step by step

    def _done(self, code: str, at: datetime) -> None:
        self.needs[code] = -1
        for following in self.steps[code].next:
            self.needs[following] -= 1
            if self.needs[following] == 0 and not self._stalls(following):
                self._open(following, at)

    def _open(self, code: str, at: datetime) -> None:
        step = self.steps[code]
        hours = self._hours(code)
        if step.kind == "site_check" and not step.clocks:
            self.life.in_time(at, code, self.draws.uniform(20, 110), partial(self._ask_check, code))
        elif step.kind == "site_visit":
            self.life.soon(at, hours * 0.5, partial(self._start_visit, code))
        elif step.kind == "site_check":
            self.life.soon(at, hours, partial(self._check, code))
        elif step.kind == "decision":
            self._decide(code, at, hours)
        else:
            self.life.soon(at, hours, partial(self._issue if step.kind == "issue" else self._review, code))

    def _hours(self, code: str) -> float:
        """How long the step takes: in time, but for the one that a slow course drags out."""
        limit = min((working_hours(limit) for _, limit in self.steps[code].clocks if limit), default=6.0)
        drawn = limit * self.draws.uniform(0.1, 0.62)
        if code in self.plot.slow:
            return self.plot.slow[code]
        if self.plot.course == "slow" and code == self._slow_step():
            return limit + 7 + drawn * 4
        return drawn

    def _slow_step(self) -> str:
        codes = [
            code for code, step in self.steps.items() if step.kind in ("review", "decision", "issue") and step.clocks
        ]
        return self.plot.draws("slow").choice(codes) if codes else ""

    def _review(self, code: str, at: datetime) -> None:
        self._press("review", at, code, {"passed": True, "opinion": self.draws.choice(words.OPINIONS)})
        self._done(code, at)

    def _start_visit(self, code: str, at: datetime) -> None:
        ends = self.life.hours.after(at, self.draws.uniform(2, 3.4))
        expected = max(ends, self.life.hours.after(self.life.until, 3)) if self._stalls(f"{code}-made") else ends
        self._press("start_visit", at, code, {"purpose": "现场踏勘", "expected": expected.isoformat()})
        if not self._stalls(f"{code}-made"):
            self.life.plan(ends, partial(self._finish_visit, code))

    def _finish_visit(self, code: str, at: datetime) -> None:
        by = self._who(code, "approvals.visit", at)
        self._press("finish_visit", at, code, {**self._evidence(by, at), "passed": True}, by=by)
        self._done(code, at)

    def _ask_check(self, code: str, at: datetime) -> None:
        self.life.act("ask_check", by=self._citizen(at), at=at, step=self.steps[code].pk)
        if not self._stalls(f"{code}-made"):
            self.life.soon(at, self.draws.uniform(1, 4), partial(self._check, code))

    def _check(self, code: str, at: datetime, *, again: bool = False) -> None:
        by = self._who(code, "approvals.check_site", at)
        bad = not again and (
            self.draws.random() < 0.05 or self.plot.course == "bad-check" and code == "setting-out-check"
        )
        evidence = self._evidence(by, at)
        if bad:
            evidence["note"] = self.draws.choice(words.BAD_FINDINGS)
        self._press("check_site", at, code, {**evidence, "finding": "bad" if bad else "good"}, by=by)
        if bad:
            self.life.soon(at, self.draws.uniform(1, 2), partial(self._check, code, again=True))
        else:
            self._done(code, at)

    def _evidence(self, by: Actor, at: datetime) -> dict[str, Any]:
        photos = [papers.photo(self.draws, by=by, now=at) for _ in range(self.draws.randint(1, 2))]
        latitude, longitude = words.PLACES[self.plot.county]
        return {
            "photos": photos, "latitude": round(latitude + self.draws.uniform(-0.05, 0.05), 5),
            "longitude": round(longitude + self.draws.uniform(-0.05, 0.05), 5), "accuracy": float(self.draws.randint(4, 18)),
            "taken_at": at.isoformat(), "note": self.draws.choice(words.FINDINGS),
        }  # fmt: skip

    # -- the decision and what it gives

    def _decide(self, code: str, at: datetime, hours: float) -> None:
        if self.missing and self.plot.course == "later" and self._stalls("hand-later"):
            return
        start = max(at, self.given_later)
        if self.plot.course == "refused":
            self.life.soon(start, hours, partial(self._propose, code))
        else:
            self.life.soon(start, hours, partial(self._grant, code))

    def _grant(self, code: str, at: datetime) -> None:
        self._press("grant", at, code, {"conclusion": "符合法定条件，准予许可"})
        self._done(code, at)
        if not self.steps[code].next:
            self.over(at)

    def _propose(self, code: str, at: datetime) -> None:
        by = self.life.cast.staff(self.steps[code].unit_id, "approvals.decide", at)  # so that the head can confirm
        self._press("propose_refusal", at, code, words.REFUSALS[self.plot.entry], by=by)
        if not self._stalls("confirm"):
            self.life.soon(at, self.draws.uniform(0.5, 2.5), partial(self._confirm, code, by.id))

    def _confirm(self, code: str, proposed_by: int, at: datetime) -> None:
        by = self.life.cast.staff(self.steps[code].unit_id, "approvals.confirm_refusal", at, but=proposed_by)
        self._press("confirm_refusal", at, code, by=by)
        self.over(at)

    def _issue(self, code: str, at: datetime) -> None:
        self._press("issue", at, code)
        self._done(code, at)
        self.over(at)

    # -- all of them

    def _press(
        self, action: str, at: datetime, code: str, data: Mapping[str, Any] | None = None, *, by: Actor | None = None
    ) -> None:
        step = self.steps[code]
        by = by or self._who(code, words.RIGHTS[action], at)
        self.life.act(action, data, by=by, at=at, step=step.pk)

    def _who(self, code: str, right: str, at: datetime) -> Actor:
        return self.life.cast.staff(self.steps[code].unit_id, right, at, nth=self.draws.randrange(3) // 2)

    def _stalls(self, moment: str) -> bool:
        return moment in self.plot.stalls
