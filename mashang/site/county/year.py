"""The whole year: what is made before the first page, what is made beside it, and where a stopped making goes on."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mashang.cases import actions, queries
from mashang.kernel import clock
from mashang.org.seeds import BY
from mashang.reviews import sweeps as reviews
from mashang.site import jobs

from .aftermath import Aftermath
from .cast import Cast
from .courses import Application
from .life import Life, LifeWentOn
from .plots import YEAR, Plot, past, present

Progress = Callable[[str, int, int], None]
FIRST, REST = 20, 940
"""How many cases of the past are made before the first page, besides those of the present; and how many afterwards."""
NOTE = "demo-county"
HELD = (
    "mashang.cases.sweeps.fire", "mashang.cases.sweeps.expire", "mashang.supervision.sweeps.supervise",
    "mashang.supervision.sweeps.release", "mashang.reviews.sweeps.fill", "mashang.reviews.sweeps.redress",
    "mashang.reviews.sweeps.follow", "mashang.reviews.sweeps.pass_on", "mashang.supervision.sweeps.supervise_ratings",
)  # fmt: skip
"""Sweeps of the present that must not look at a case whose past is still being made."""


def seed_first(progress: Progress) -> None:
    """The present of the demo accounts, and a few cases of each month."""
    now = _begun()
    _make("演示办件（先）", [*past(FIRST, "first", now - YEAR, now), *present(now)], now, progress)


def seed_rest(progress: Progress) -> None:
    """All other cases of the past year."""
    now = _begun()
    _make("演示办件", past(REST, "rest", now - YEAR, now), now, progress)


def _begun() -> datetime:
    """The instant that is the demo's present: when it was first made, so that a second start makes the same year."""
    known = queries.draft(NOTE, BY)
    if not known:
        known = {"now": clock.now().replace(microsecond=0).isoformat()}
        _keep(known)
    return clock.local(datetime.fromisoformat(known["now"]))


def _keep(note: dict[str, object]) -> None:
    actions.save_draft(NOTE, note, by=BY, now=clock.now())


def _make(what: str, plots: Sequence[Plot], now: datetime, progress: Progress) -> None:
    """Make the cases in order of their opening, from where an earlier making stopped."""
    ordered = sorted(plots, key=lambda plot: plot.opened)
    note, cast = queries.draft(NOTE, BY), Cast()
    done = int(note.get(what, 0))
    rounds = _weeks(ordered[done].opened, now) if done < len(ordered) else []
    for place in range(done, len(ordered)):
        progress(what, place, len(ordered))
        plot = ordered[place]
        with jobs.paused(HELD):
            while rounds and rounds[0] <= plot.opened:
                _fill(rounds.pop(0))
            _live(plot, cast, now, resumed=place == done)
            _keep(queries.draft(NOTE, BY) | {what: place + 1})
        if place % 100 == 99:
            gc.collect()
    for moment in rounds:
        _fill(moment)
    progress(what, len(ordered), len(ordered))


def _live(plot: Plot, cast: Cast, now: datetime, *, resumed: bool) -> None:
    life = Life(plot, cast, now, resumed=resumed)
    aftermath = Aftermath(life)
    Application(life, aftermath.over)
    try:
        life.run()
    except LifeWentOn:
        return


def _weeks(start: datetime, end: datetime) -> list[datetime]:
    """One moment a week: silence of seven days then counts as satisfied."""
    first = clock.local(start).replace(hour=22, minute=7, second=0, microsecond=0)
    return [
        first + timedelta(days=n)
        for n in range(0, max((end - first).days, 0) + 1, 7)
        if first + timedelta(days=n) <= end
    ]


def _fill(at: datetime) -> None:
    with clock.at(at):
        reviews.fill(at)
