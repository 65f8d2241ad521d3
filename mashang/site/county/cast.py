"""Who acts in the demo county: staff found by what they may do, and invented citizens; each made into an actor once."""

from __future__ import annotations

from datetime import datetime, timedelta

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import actions, queries
from mashang.org.actions import NewMandate
from mashang.org.seeds import BY, person_form


class Cast:
    """Actors as they are at the first instant they are asked for: the demo's people keep what they hold."""

    def __init__(self) -> None:
        self._staff: dict[int, list[Actor]] = {}
        self._citizens: dict[int, Actor] = {}
        self._registered: dict[int, int] = {}

    def staff(
        self, unit: int, right: str, now: datetime, *, kind: str = "application", nth: int = 0, but: int = 0
    ) -> Actor:
        """Someone of the unit, else of the units above it, who may; not the one with the id `but`."""
        at: int | None = unit
        region = queries.unit(unit).region
        while at is not None:
            found = [
                a
                for a in self._of(at, now)
                if a.id != but and queries.may(a, right, units=(unit,), region=region, kind=kind)
            ]
            if found:
                return found[nth % len(found)]
            at = queries.unit(at).parent
        raise NotFound(f"{queries.unit(unit).name} 没有人可以办理（{right}）。")

    def _of(self, unit: int, now: datetime) -> list[Actor]:
        if unit not in self._staff:
            self._staff[unit] = [queries.actor_for(s.id, now) for s in queries.staff_of([unit])]
        return self._staff[unit]

    def person(self, place: int, county: str, now: datetime) -> int:
        """The invented citizen of this number, registered at the first need and marked as invented."""
        if place not in self._registered:
            self._registered[place] = actions.register_person(person_form(place, county), by=BY, now=now)
        return self._registered[place]

    def citizen(self, place: int, county: str, now: datetime) -> Actor:
        """The same person signed in by phone."""
        if place not in self._citizens:
            form, person = person_form(place, county), self.person(place, county, now)
            account = queries.person(person).account or actions.account_for_phone(form.phone, form.name, now=now)
            if account is None:
                raise NotFound(f"演示群众 {place} 没有账号。")
            self._citizens[place] = queries.actor_for(account, now)
        return self._citizens[place]

    def helper(self, place: int, county: str, now: datetime) -> Actor:
        """The village's helper, with this citizen's mandate, which is given now where it was not before."""
        helper, person = self.citizen(1, "350824", now), self.person(place, county, now)
        if person not in queries.persons_of(helper):
            form = NewMandate(
                person, now - timedelta(minutes=5), now + timedelta(days=365), "code", helper_person=helper.person_id
            )
            actions.record_mandate(form, by=self.citizen(place, county, now), now=now)
            self._citizens[1] = helper = queries.actor_for(helper.id, now)
        return helper
