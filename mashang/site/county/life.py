"""The life of one case: what is to happen, in order of time, with the sweeps that come by in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Any

from mashang.cases import actions, queries, sweeps
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org.seeds import BY
from mashang.supervision import sweeps as supervision

from .cast import Cast
from .hours import Hours
from .plots import Plot

Do = Callable[[datetime], None]


class LifeWentOn(Exception):
    """A case left unfinished by a making that was stopped has moved by itself since: it stays as it is."""


class Life:
    """An agenda of moves. Moves after `until`, the present, are left undone: that is the case's present state.

    `resumed`: some of the moves may have been made before; they are known by their keys and not made again.
    """

    def __init__(self, plot: Plot, cast: Cast, until: datetime, *, resumed: bool = False) -> None:
        self.plot, self.cast, self.until, self.resumed = plot, cast, until, resumed
        self.hours, self.draws = Hours(plot.county), plot.draws("life")
        self.number = ""
        self.fired: list[Do] = []
        self._agenda: list[tuple[datetime, int, Do]] = []
        self._turns, self._keys = count(), count()

    def plan(self, at: datetime, do: Do) -> None:
        heappush(self._agenda, (at, next(self._turns), do))

    def soon(self, at: datetime, hours: float, do: Do) -> None:
        """Plan a move so many working hours after an instant."""
        self.plan(self.hours.after(at, hours), do)

    def in_time(self, at: datetime, what: str, drawn: float, do: Do) -> None:
        """Plan a move after the hours that the plot gives it, else after those drawn; less than none: before the present."""
        hours = self.plot.slow.get(what, drawn)
        self.plan(max(self.hours.after(self.until, hours), at) if hours < 0 else self.hours.after(at, hours), do)

    def run(self) -> None:
        """Live until the present."""
        rounds: list[datetime] = []
        do: Do
        while rounds or self._agenda:
            if rounds and (not self._agenda or rounds[0] <= self._agenda[0][0]):
                at, do = rounds.pop(0), self._sweep
            else:
                at, _, do = heappop(self._agenda)
                if at > self.until:
                    break
                rounds = self.hours.rounds(at, self.until)
            with clock.at(at):
                do(at)
        with clock.at(self.until):
            self._sweep(self.until)
            sweeps.send(self.until)

    def begin(self, kind: str, action: str, data: Mapping[str, Any], *, by: Actor, at: datetime) -> str:
        """Make a case, or find the one made by this move before; gives its number."""
        key = self._key()
        if self.resumed and (known := queries.answered(key, by)):
            return known
        return actions.begin(kind, action, data, by=by, now=at, key=key).number

    def act(
        self,
        action: str,
        data: Mapping[str, Any] | None = None,
        *,
        by: Actor,
        at: datetime,
        step: int = 0,
        number: str = "",
    ) -> None:
        """Press a button, once. Raises LifeWentOn when a resumed case no longer stands where the plot left it."""
        key = self._key()
        if self.resumed and queries.answered(key, by):
            return
        try:
            actions.act(number or self.number, action, data or {}, by=by, now=at, key=key, step=step)
        except Refused as no:
            if self.resumed:
                raise LifeWentOn(no.text) from no
            raise

    def view(self, number: str = "") -> queries.CaseView:
        return queries.case_for(BY, number or self.number)

    def _key(self) -> str:
        return f"{self.plot.key}:{next(self._keys)}"

    def _sweep(self, at: datetime) -> None:
        if not self.number or not sweeps.fire(at):
            return
        sweeps.expire(at)
        supervision.supervise(at)
        for heard in list(self.fired):
            heard(at)
