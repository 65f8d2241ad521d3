"""What follows a case: the rating, what a bad rating sets going, and the supervised matter that lateness became."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from mashang.kernel.refused import Refused
from mashang.org import queries as org
from mashang.reviews import actions as reviews
from mashang.reviews import sweeps as review_sweeps
from mashang.supervision import sweeps as supervision

from . import words
from .life import Life, LifeWentOn

RIGHTS = {"contact": "reviews.check", "office_contact": "reviews.check_instead", "put_right": "reviews.redress"}
RATED = 0.55
GRADES = {5: 60, 4: 27, 3: 8, 2: 3, 1: 2}
LATE_GRADES = {5: 20, 4: 25, 3: 25, 2: 18, 1: 12}


class Aftermath:
    """Ratings and supervised matters of one case, on the agenda of its life."""

    def __init__(self, life: Life) -> None:
        self.life, self.plot, self.draws = life, life.plot, life.plot.draws("aftermath")
        self._over = False
        self._matters: list[str] = []
        life.fired.append(self._look_for_matters)

    def over(self, at: datetime) -> None:
        """The service is over: it may be rated, and what it was late with is answered for."""
        self._over = True
        for matter in self._matters:
            self._plan_answer(matter, at)
        grade = self._grade()
        if grade:
            self.life.in_time(at, "rate", self.draws.uniform(0.4, 12), partial(self._rate, grade))

    # -- the rating

    def _grade(self) -> int:
        given, drawn = self.plot.grade, self.draws.random()
        if given is not None:
            return given
        grades = LATE_GRADES if self._matters else GRADES
        return self.draws.choices(list(grades), weights=list(grades.values()))[0] if drawn < RATED else 0

    def _rate(self, grade: int, at: datetime) -> None:
        said: Sequence[str] = words.PRAISE if grade > 3 else words.FAIR if grade == 3 else words.COMPLAINTS
        tags = words.GOOD_TAGS if grade > 2 else words.BAD_TAGS
        wordy = self.draws.random() < 0.6 or grade < 3
        data = {
            "grade": grade, "tags": [self.draws.choice(tags)], "words": self.draws.choice(said) if wordy else "",
            "channel": "mobile",
        }  # fmt: skip
        by = self.life.cast.citizen(self.plot.place, self.plot.county, at)
        try:
            rating = reviews.rate(self.life.number, data, by=by, now=at)
        except Refused as no:
            if self.life.resumed:
                raise LifeWentOn(no.text) from no
            raise
        if grade < 3:
            review_sweeps.redress(at)
            rating.refresh_from_db(fields=["redress"])
            self._step(rating.redress, "contact", at, self.draws.uniform(1, 5))

    def _step(self, number: str, action: str, at: datetime, hours: float) -> None:
        if action not in self.plot.stalls:
            self.life.soon(at, hours, partial(self._redress, number, action))

    def _redress(self, number: str, action: str, at: datetime) -> None:
        step = next(s for s in self.life.view(number).open_steps if s.code == action)
        said = self.draws.choice(words.CONTACTED if action == "contact" else words.RIGHTED)
        by = self.life.cast.staff(step.unit_id, RIGHTS[step.kind], at, kind="bad_rating")
        self.life.act(step.kind, {"words": said}, by=by, at=at, step=step.pk, number=number)
        if action == "contact":
            self._step(number, "put_right", at, self.draws.uniform(8, 40))

    # -- supervised matters

    def _look_for_matters(self, at: datetime) -> None:
        for child in self.life.view().children:
            if child.kind == "supervision" and child.number not in self._matters:
                self._matters.append(child.number)
                if self._over:
                    self._plan_answer(child.number, at)

    def _plan_answer(self, number: str, at: datetime) -> None:
        self.life.soon(at, self.draws.uniform(1, 5), partial(self._answer, number, 1))

    def _answer(self, number: str, round_: int, at: datetime) -> None:
        data = {"answer": self.draws.choice(words.ANSWERED), "measures": self.draws.choice(words.MEASURES)}
        self._matter(number, "report", "answer", "supervision.report", data, at)
        if "check" in self.plot.stalls:
            return
        again = round_ == 1 and self.draws.random() < 0.15
        self.life.soon(at, self.draws.uniform(2, 9), partial(self._send_back if again else self._close, number))

    def _send_back(self, number: str, at: datetime) -> None:
        self._matter(number, "send_back", "check", "supervision.confirm", {"words": words.SENT_BACK}, at)
        self.life.soon(at, self.draws.uniform(3, 10), partial(self._answer, number, 2))

    def _close(self, number: str, at: datetime) -> None:
        points = self.draws.choice(("0", "0.5", "0.5", "1"))
        data = {"deduction": points, "ground": words.GROUND if points != "0" else ""}
        self._matter(number, "close", "check", "supervision.confirm", data, at)
        supervision.release(at)

    def _matter(self, number: str, action: str, kind: str, right: str, data: dict[str, Any], at: datetime) -> None:
        step = next((s for s in self.life.view(number).open_steps if s.kind == kind), None)
        unit = step.unit_id if step else org.units_in(self.plot.county, kind="office")[0].id
        by = self.life.cast.staff(unit, right, at, kind="supervision")
        self.life.act(action, data, by=by, at=at, step=step.pk if step else 0, number=number)
