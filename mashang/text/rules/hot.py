"""Hot matters: messages grouped by matter, place and time, with a heat that can be worked out by hand.

Two messages are alike by the cosine of their weighted grams (the whole and its beginning), more when they name a place
in common, less the further apart in time. Groups are joined by average linkage (Sokal and Michener 1958): two groups
become one while the mean likeness across them is at least `JOINED`. A new message goes to the group whose members it is
most like on average, by the same measure.

Heat = sum over messages of (1 + ln(1 + likes)) / (1 + days / 90), days from the first to the last message: many voices,
agreed with by many, in a short time. Current heat = sum of (1 + ln(1 + likes)) x 0.5^(age / 30 days) at the moment asked, over what had come by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .grams import Ints, View
from .personal import mask_personal
from .places import main_places, places
from .plain import plain
from .vectors import Counted, counted, in_texts, weighted

Floats = NDArray[np.float32]
VIEWS = (View("whole", 2, 2), View("beginning", 2, 3, 24))
SHARE = (0.6, 0.4)  # of the two views in likeness
READ = 500  # characters of a message read
COMMON = 0.05  # grams that stand in more of the messages than this say nothing of the matter
SAME_PLACE, OTHER_PLACE = 0.12, 0.75  # added when a place is shared; factor when both name places and none is shared
HALF_LIFE = 180.0  # days after which likeness is halved
JOINED = 0.14
MOST = 12_000
RISING_DAYS, RISING_TIMES, RISING_LEAST = 7, 2.0, 5


@dataclass(frozen=True, slots=True)
class Message:
    """What a citizen wrote, when, and how many agreed."""

    id: str
    at: datetime
    title: str
    body: str
    likes: float = 0.0

    @property
    def text(self) -> str:
        return f"{self.title}。{self.body}"[:READ]


@dataclass(frozen=True, slots=True)
class Group:
    """A matter: its messages in order of time, its title (the one nearest all others, masked) and its heat now and ever."""

    title: str
    messages: tuple[Message, ...]
    places: tuple[str, ...]
    heat: float
    current: float
    rising: bool

    @property
    def first(self) -> datetime:
        return self.messages[0].at

    @property
    def last(self) -> datetime:
        return self.messages[-1].at

    @property
    def likes(self) -> float:
        """How many people agreed with any of its messages."""
        return sum(message.likes for message in self.messages)


@dataclass(frozen=True, slots=True)
class Grouping:
    """All groups of two and more, hottest first, and what is needed to place a new message among them."""

    groups: tuple[Group, ...]
    read: Counted
    idf: Floats
    rows: csr_matrix
    days: NDArray[np.float64]
    place_sets: tuple[frozenset[str], ...]
    group_of: Ints

    def place(self, message: Message) -> Group | None:
        """The group a new message belongs to, or None when it is like none of them."""
        counts = self.read.read([message.text])
        row = _vectors(counts, self.idf, self.read.view_of)
        cosine = np.asarray((self.rows @ row.T).todense()).ravel() * self._known(message.text, counts)
        mine = frozenset(places([message.text])[0])
        named = [self._agreement(mine, other) if value > 0.02 else (0.0, 1.0)
                 for other, value in zip(self.place_sets, cosine.tolist(), strict=True)]  # fmt: skip
        added, factor = np.array(named).T
        like = (cosine * factor + added) * _fading(np.abs(self.days - _day(message.at)))
        inside = self.group_of >= 0
        size = np.bincount(self.group_of[inside], minlength=len(self.groups))
        mean = np.bincount(self.group_of[inside], like[inside], minlength=len(self.groups)) / np.maximum(size, 1)
        best = int(mean.argmax()) if len(mean) else 0
        return self.groups[best] if len(mean) and mean[best] >= JOINED else None

    def _known(self, text: str, counts: csr_matrix) -> float:
        """What the length of a new text's row falls short of, since grams never met are not in it."""
        whole = self.read.view_of[counts.indices] == 0
        met = float(counts.data[whole].sum())
        unmet = max(len(plain(text)) - 1 - met, 0.0) * float(self.idf.max(initial=0)) ** 2
        weight = float((self.idf[counts.indices[whole]] ** 2).sum())
        return (weight / (weight + unmet)) ** 0.5 if weight else 0.0

    @staticmethod
    def _agreement(mine: frozenset[str], other: frozenset[str]) -> tuple[float, float]:
        """What is added for a shared place, and the factor when both name places and share none."""
        if not mine or not other:
            return 0.0, 1.0
        shared = any(a in b or b in a for a in mine for b in other)
        return (SAME_PLACE, 1.0) if shared else (0.0, OTHER_PLACE)


def grouped(messages: Sequence[Message], now: datetime | None = None) -> Grouping:
    """The hot matters among the messages; `now` (the last message, if not given) is the moment of the current heat.

    Refuses fewer than two messages, and more than can be compared each with each.
    """
    if len(messages) > MOST:
        raise Refused(
            "hot.many", said("一次最多归并 {most} 条，现有 {n} 条，请按时间分批。", most=MOST, n=len(messages)), "in"
        )
    if len(messages) < 2:
        raise Refused("hot.few", "少于两条来信，没有可归并的。", "in")
    now = now or max(message.at for message in messages)
    texts = [message.text for message in messages]
    read = counted(texts, VIEWS, least=1)  # what stands in one text only still makes it less like the others
    often = in_texts(read.counts)
    idf = np.log((1 + len(texts)) / (0.5 + often)).astype(np.float32)
    idf[often > max(COMMON * len(texts), 10)] = 0
    rows = _vectors(read.counts, idf, read.view_of)
    named = tuple(frozenset(mine) for mine in places(texts))
    days = np.array([_day(message.at) for message in messages])
    likeness = _likeness(rows, named, days)
    group_of = _joined(likeness)
    return _described(messages, Grouping((), read, idf, rows, days, named, group_of), likeness, now)


def _vectors(counts: csr_matrix, idf: Floats, view_of: NDArray[np.int8]) -> csr_matrix:
    """Rows whose product is the likeness of the texts by their words."""
    out = weighted(counts, idf, view_of)
    out.data *= np.sqrt(np.array(SHARE, dtype=np.float32))[view_of[out.indices]]
    out.eliminate_zeros()
    return out


def _day(at: datetime) -> float:
    return at.timestamp() / 86400


def _fading(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 ** (apart / HALF_LIFE))


def _likeness(rows: csr_matrix, named: Sequence[frozenset[str]], days: NDArray[np.float64]) -> Floats:
    """The likeness of each pair of messages, as a square."""
    cosine = np.asarray((rows @ rows.T).todense(), dtype=np.float32)
    number = {name: at for at, name in enumerate(sorted(set().union(*named)))}
    column = [number[name] for mine in named for name in sorted(mine)]
    begin = np.cumsum([0, *map(len, named)])
    marks = csr_matrix((np.ones(len(column), np.float32), column, begin), shape=(len(named), max(len(number), 1)))
    shared = np.asarray((marks @ marks.T).todense()) > 0
    has = np.diff(begin) > 0
    cosine *= np.where(has[:, None] & has & ~shared, np.float32(OTHER_PLACE), np.float32(1))
    cosine += np.float32(SAME_PLACE) * (shared & (cosine > 0))
    stretch = (days / HALF_LIFE).astype(np.float32)
    cosine *= np.exp2(-np.abs(stretch[:, None] - stretch))
    return cosine


def _joined(likeness: Floats) -> Ints:
    """The group of each message by average linkage, -1 for those alone; numbered from 0."""
    count = len(likeness)
    apart = 1 - likeness[np.triu_indices(count, 1)].astype(np.float64)
    flat = fcluster(linkage(np.maximum(apart, 0), "average"), 1 - JOINED, "distance") - 1
    size = np.bincount(flat)
    number = np.cumsum(size > 1) - 1
    return np.where(size[flat] > 1, number[flat], -1).astype(np.int64)


def _described(messages: Sequence[Message], found: Grouping, likeness: Floats, now: datetime) -> Grouping:
    """The grouping with its groups described and numbered by heat."""
    groups = []
    for number in range(int(found.group_of.max(initial=-1)) + 1):
        members = np.flatnonzero(found.group_of == number)
        nearest = members[likeness[np.ix_(members, members)].sum(axis=1).argmax()]
        names = Counter(name for member in members.tolist() for name in found.place_sets[member])
        told = tuple(mask_personal(name) for name in main_places(names))
        mine = tuple(sorted((messages[member] for member in members.tolist()), key=lambda m: (m.at, m.id)))
        title = mask_personal(messages[nearest].title)
        groups.append(Group(title, mine, told, heat(mine), current_heat(mine, now), is_rising(mine, now)))
    order = sorted(range(len(groups)), key=lambda n: (-groups[n].heat, groups[n].first, groups[n].title))
    rank = np.zeros(len(groups) + 1, dtype=np.int64)
    rank[order] = np.arange(len(groups))
    rank[-1] = -1
    return Grouping(
        tuple(groups[n] for n in order),
        found.read,
        found.idf,
        found.rows,
        found.days,
        found.place_sets,
        rank[found.group_of],
    )


def _voices(messages: Sequence[Message]) -> NDArray[np.float64]:
    return 1 + np.log1p([message.likes for message in messages])


def heat(messages: Sequence[Message]) -> float:
    """Sum of (1 + ln(1 + likes)), divided by 1 + days / 90 from first to last."""
    span = (messages[-1].at - messages[0].at) / timedelta(days=1)
    return round(float(_voices(messages).sum() / (1 + span / 90)), 2)


def current_heat(messages: Sequence[Message], now: datetime) -> float:
    """Sum of (1 + ln(1 + likes)) x 0.5^(age / 30 days); what came later than `now` has no part in it."""
    come = [message for message in messages if message.at <= now]
    age = np.array([(now - message.at) / timedelta(days=1) for message in come])
    return round(float((_voices(come) * 0.5 ** (age / 30)).sum()), 2)


def is_rising(messages: Sequence[Message], now: datetime) -> bool:
    """Whether the last 7 days brought at least 5 messages, and twice as many a day as the 28 days before."""
    ages = [(now - message.at) / timedelta(days=1) for message in messages]
    late = sum(0 <= age < RISING_DAYS for age in ages)
    before = sum(RISING_DAYS <= age < 5 * RISING_DAYS for age in ages) / 4
    return late >= RISING_LEAST and late >= RISING_TIMES * before
