"""What will have happened: each invented case as a plot, drawn from its own seed, so that it is the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mashang.org.seeds import COUNTIES

from .hours import DAY, Hours

YEAR = timedelta(days=365)
PERSONS = 640
"""How many invented citizens share the cases; the first forty belong to the present."""
HOUSE, ARCH, ROAD, FOOD, SEED, TRADER = (
    "rural-house", "banner-arch", "road-works", "food-business", "seed-business", "sole-trader",
)  # fmt: skip
AT_WINDOW = frozenset({ARCH, SEED, TRADER})
"""Decided by one window alone: there is no second person there to confirm a refusal."""
ENTRIES = {HOUSE: 40, ARCH: 14, ROAD: 12, FOOD: 12, SEED: 7, TRADER: 15}
COURSES = {
    "plain": 76, "notice": 8, "twice": 1.5, "later": 4, "deemed": 1.5, "withdrawn": 2.5, "refused": 2.5, "not-accepted": 1,
    "slow": 3.5,
}  # fmt: skip
CHANNELS = {"web": 34, "mobile": 30, "window": 36}
SECOND = timedelta(days=140)
"""How long after the first application of a house its second one is made."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One case to be. `stalls` are the moments at which it stands still: codes of steps, or of a move in `courses`;
    `slow` gives steps and moves the working hours that they take (less
    than none: so long before the present). `grade` is the rating, 0 none, None as it comes."""

    key: str
    entry: str
    place: int
    town: str
    opened: datetime
    course: str = "plain"
    part: str = ""
    channel: str = "web"
    stalls: frozenset[str] = frozenset()
    slow: Mapping[str, float] = field(default_factory=dict)
    grade: int | None = None

    @property
    def county(self) -> str:
        return self.town[:6]

    def draws(self, what: str = "") -> Random:
        return Random(f"mashang/{self.key}/{what}")


TOWNS = [code for county in COUNTIES for code, _ in county.townships]
TOWN_NAMES = {code: f"{county.name}{name}" for county in COUNTIES for code, name in county.townships}


def past(count: int, prefix: str, begin: datetime, end: datetime) -> list[Plot]:
    """So many cases spread over the working time between two instants, oldest first, second applications among them."""
    hours = Hours(COUNTIES[0].code)
    firsts = [_drawn(f"{prefix}-{n:04d}", hours, begin, end, (n + 0.5) / count) for n in range(count)]
    pairs = [(plot, _second(plot, end)) for plot in firsts]
    again = [second for _first, second in pairs if second]
    alone = [plot for plot, second in pairs if second is None]
    followed = [plot for plot, second in pairs if second]
    return sorted([*alone[len(again) :], *followed, *again], key=lambda plot: plot.opened)


def _drawn(key: str, hours: Hours, begin: datetime, end: datetime, share: float) -> Plot:
    draws = Random(f"mashang/{key}/plot")
    opened = hours.between(begin, end, min(max(share + draws.uniform(-0.004, 0.004), 0.0), 0.9995))
    entry, course, channel = (_choice(draws, among) for among in (ENTRIES, COURSES, CHANNELS))
    if channel != "window" and draws.random() < 0.25:  # online in the evening
        opened = opened.replace(hour=draws.randint(18, 21), minute=draws.randint(0, 59))
    if course == "refused" and entry in AT_WINDOW or course == "not-accepted" and entry != HOUSE:
        course = "plain"
    if course == "slow" and entry in AT_WINDOW:
        course = "plain"
    place = draws.randint(40, PERSONS)  # who lives in one town, and applies there
    return Plot(
        key, entry, place, TOWNS[place % len(TOWNS)], min(opened, end), course,
        "approval" if entry == HOUSE else "", channel,
    )  # fmt: skip


def _choice(draws: Random, among: Mapping[str, float]) -> str:
    return draws.choices(list(among), weights=list(among.values()))[0]


def _second(first: Plot, end: datetime) -> Plot | None:
    """The application to be registered once the house stands; not for every house, and not before its time."""
    opened = first.opened + SECOND
    built = first.entry == HOUSE and first.course in ("plain", "later", "notice")
    if not built or opened >= end or first.draws("second").random() < 0.35:
        return None
    return Plot(f"{first.key}-b", HOUSE, first.place, first.town, opened, part="completion", channel="mobile")


@dataclass(frozen=True, slots=True)
class _Present:
    """Plots told by how many working hours ago they began, in one town."""

    hours: Hours
    now: datetime
    town: str

    def plot(
        self, key: str, entry: str, place: int, ago: float, *, stalls: str = "", part: str = "", **more: Any
    ) -> Plot:
        part = part or ("approval" if entry == HOUSE else "")
        opened = self.hours.after(self.now, -ago)
        return Plot(f"now-{key}", entry, place, self.town, opened, part=part, stalls=frozenset(stalls.split()), **more)


def present(now: datetime) -> list[Plot]:
    """The cases that the demo accounts find: every state, every lamp, each at its place in the story, oldest first."""
    mountains, sea = (_Present(Hours(town[:6]), now, town) for town in ("350824105", "350623101"))
    plots = [*_citizens(mountains), *_desks(mountains), *_watched(mountains), *_by_the_sea(sea)]
    return sorted(plots, key=lambda p: p.opened)


def _citizens(at: _Present) -> list[Plot]:
    """What the citizen and the helper of the demo have under way and behind them; one house from end to end."""
    return [
        at.plot("house", HOUSE, 0, 17 * DAY, stalls="setting-out-check", grade=0),
        at.plot("shop", TRADER, 0, 44 * DAY, grade=5),
        at.plot("arch", ARCH, 0, 9, grade=0),
        at.plot("food", FOOD, 0, 19, course="notice", stalls="supplement"),
        at.plot("road", ROAD, 0, 1.5, stalls="intake"),
        at.plot("seed", SEED, 0, 33, course="withdrawn"),
        at.plot("diner", FOOD, 0, 80 * DAY, course="refused", grade=3),
        at.plot("helped", HOUSE, 3, 6.4, stalls="land planning", channel="agent"),
        at.plot("built", HOUSE, 2, 150 * DAY, grade=5),
        at.plot("registered", HOUSE, 2, 30 * DAY, part="completion", grade=5, channel="mobile"),
    ]


def _desks(at: _Present) -> list[Plot]:
    """What lies on the desks of the township: window, land, planning, village, government."""
    return [
        at.plot("new", HOUSE, 4, 0.7, stalls="intake", channel="mobile"),
        at.plot("waiting", HOUSE, 5, 3.4 * DAY, stalls="intake"),
        at.plot("again", HOUSE, 6, 2 * DAY, course="notice", stalls="accept", slow={"supplement": 4}),
        at.plot("incomplete", HOUSE, 7, 1.2, stalls="notice", course="notice"),
        at.plot("issue", HOUSE, 8, 13, stalls="certificate"),
        at.plot("land", HOUSE, 9, 5, stalls="land siting-check"),
        at.plot("planning", HOUSE, 10, 5.5, stalls="planning", channel="window"),
        at.plot("asked", HOUSE, 11, 12 * DAY, stalls="setting-out-check-made", slow={"setting-out-check": -3}),
        at.plot("village", HOUSE, 12, 4, stalls="qualification visit"),
        at.plot("visiting", HOUSE, 13, 6.2, stalls="visit-made"),
        at.plot("decision", HOUSE, 14, 11, stalls="decision"),
        at.plot("refusing", HOUSE, 15, 13, course="refused", stalls="confirm"),
        at.plot("promised", HOUSE, 16, 10, course="later", stalls="hand-later", channel="window"),
        at.plot("silent", HOUSE, 17, 6.2 * DAY, course="deemed", stalls="decision"),
    ]


def _watched(at: _Present) -> list[Plot]:
    """What the effectiveness office has to do with: overdue, answered, struck off, badly rated."""
    return [
        at.plot("overdue", HOUSE, 18, 5 * DAY, stalls="land"),
        at.plot("answered", HOUSE, 19, 10 * DAY, slow={"land": 4 * DAY}, stalls="check"),
        at.plot("struck-off", HOUSE, 20, 20 * DAY, slow={"planning": 4 * DAY}),
        at.plot("twice", HOUSE, 21, 26 * DAY, course="twice"),
        at.plot("unhappy", HOUSE, 22, 24, grade=1, stalls="contact", slow={"rate": -2}),
        at.plot("mending", TRADER, 23, 22, grade=2, stalls="put_right"),
        at.plot("mended", FOOD, 24, 25 * DAY, grade=2),
        at.plot("not-accepted", HOUSE, 25, 40 * DAY, course="not-accepted"),
        at.plot("bad-check", HOUSE, 26, 40 * DAY, course="bad-check", slow={"setting-out-check": 30}),
    ]


def _by_the_sea(at: _Present) -> list[Plot]:
    """The other county's present."""
    return [
        at.plot("sea-new", ARCH, 30, 0.5, stalls="intake"),
        at.plot("sea-arch", ARCH, 31, 3, stalls="decision"),
        at.plot("sea-food", FOOD, 32, 2 * DAY, stalls="visit-made"),
        at.plot("sea-road", ROAD, 33, 8, stalls="decision"),
        at.plot("sea-house", HOUSE, 34, 6 * DAY, stalls="planning"),
        at.plot("sea-done", HOUSE, 35, 15 * DAY, grade=4),
        at.plot("sea-trader", TRADER, 36, 12, grade=0),
    ]
