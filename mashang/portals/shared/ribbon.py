"""The clock ribbon: instants laid on a scale of working time, ready for a template to draw.

Lengths are units of which 14 make 1 rem, so that the drawing grows with the reader's type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _

from mashang.kernel import clock

from .parts import Ribbon, RibbonRow, Segment
from .words import stamp, weekday

UNITS_PER_REM = 14
TOP, ROW, BAR, FOOT = 28, 28, 16, 22
GAP_WIDTH, DAY_WIDTH = 64.0, 14.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the axis: from instant to instant, drawn from x to x; `closed` when no working time is in it."""

    start: datetime
    end: datetime
    x: float
    width: float
    closed: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """Instants to x, linear in working time; closed days are narrow, nights and lunch take no room."""

    stretches: tuple[Stretch, ...]
    width: float

    def x(self, moment: datetime) -> float:
        """Where an instant stands; before the first or after the last stretch it is at the edge."""
        for s in self.stretches:
            if moment < s.start:
                return s.x
            if moment <= s.end:
                part = (moment - s.start) / (s.end - s.start) if s.end > s.start else 0.0
                return s.x + part * s.width
        return self.width

    def pieces(self, start: datetime, end: datetime) -> list[tuple[float, float]]:
        """The x ranges of a bar, broken where whole closed days lie."""
        found: list[tuple[float, float]] = []
        for s in self.stretches:
            if s.closed or s.end < start or s.start > end:
                continue
            a, b = self.x(max(start, s.start)), self.x(min(end, s.end))
            if found and abs(found[-1][1] - a) < 0.01:
                found[-1] = (found[-1][0], b)
            elif b > a:
                found.append((a, b))
        return found or [(self.x(start), self.x(start))]


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = clock.local(start).date()
    while day <= clock.local(end).date():
        yield day
        day += timedelta(days=1)


def span(ribbon: Ribbon) -> tuple[datetime, datetime]:
    """The first and last instant to show."""
    moments = [t for row in ribbon.rows for s in row.segments for t in (s.start, s.end)]
    moments += [t for t in (ribbon.now, ribbon.promised, *(row.promised for row in ribbon.rows)) if t]
    if not moments:
        raise ValueError("a ribbon needs at least one instant")
    first, last = min(moments), max(moments)
    return first, last if last > first else first + timedelta(hours=1)


def _shown(ribbon: Ribbon) -> list[tuple[datetime, datetime]]:
    """Open stretches of the days shown, whole days at both ends."""
    first, last = span(ribbon)
    days = set(_days(first, last))
    found = sorted((a, b) for a, b in ribbon.working if clock.local(a).date() in days and b > a)
    return found or [(first, last)]


def axis(ribbon: Ribbon, width: float) -> Axis:
    """The scale: at least `width`, wider when many days would make columns too narrow to read."""
    opened = _shown(ribbon)
    open_days = {clock.local(a).date() for a, _b in opened}
    gaps = [_whole_days(a[1], b[0], open_days) for a, b in pairwise(opened)]
    closed = sum(gaps)
    gap = min(GAP_WIDTH, max(14.0, width * 0.4 / closed)) if closed else 0.0
    width = max(width, len(open_days) * DAY_WIDTH + gap * closed)
    scale = (width - gap * closed) / sum((b - a).total_seconds() for a, b in opened)
    stretches: list[Stretch] = []
    x = 0.0
    for i, (a, b) in enumerate(opened):
        if i:
            room = gap if gaps[i - 1] else 0.0
            stretches.append(Stretch(opened[i - 1][1], a, x, room, bool(room)))
            x += room
        length = (b - a).total_seconds() * scale
        stretches.append(Stretch(a, b, x, length, False))
        x += length
    return Axis(tuple(stretches), width)


def _whole_days(end: datetime, start: datetime, open_days: set[date]) -> bool:
    return any(day not in open_days for day in _days(end, start))


@dataclass(frozen=True, slots=True)
class Rect:
    x: str
    width: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    x: str
    y: str
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of closed days: `title` why it does not count, `label` the same where it fits."""

    x: str
    width: str
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class DrawnRow:
    label: str
    y: str
    rects: tuple[Rect, ...]
    note: Label | None
    mark: str
    words: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Drawing:
    uid: str
    width: str
    height: str
    em_width: str
    em_height: str
    floor: str
    depth: str
    rows: tuple[DrawnRow, ...]
    grid: tuple[str, ...]
    heads: tuple[Label, ...]
    closed: tuple[Gap, ...]
    now: Label | None
    promised: Label | None
    now_x: str
    promised_x: str
    kinds: tuple[str, ...]
    summary: str


def fmt(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def text_width(text: str) -> float:
    """About how wide a text is at 12 units: a Chinese character 12, a Latin one 6.6."""
    return sum(12.0 if ord(c) > 0x2E7F else 6.6 for c in text)


def draw(ribbon: Ribbon, width: float = 860) -> Drawing:
    """Everything the template needs, positions already as text."""
    scale = axis(ribbon, width)
    floor = TOP + ROW * len(ribbon.rows)
    height = floor + FOOT
    now_label, promise_label = _foot_labels(ribbon, scale, floor + 15)
    return Drawing(
        uid=ribbon.uid,
        width=fmt(scale.width + 2),
        height=fmt(height),
        em_width=fmt((scale.width + 2) / UNITS_PER_REM),
        em_height=f"{height / UNITS_PER_REM:.3f}",
        floor=fmt(floor),
        depth=fmt(floor - 20),
        rows=tuple(_row(row, i, scale) for i, row in enumerate(ribbon.rows)),
        grid=tuple(fmt(x) for _day, x in _columns(scale)),
        heads=tuple(_heads(ribbon, scale)),
        closed=tuple(_closed(ribbon, scale)),
        now=now_label,
        promised=promise_label,
        now_x=fmt(scale.x(ribbon.now)) if ribbon.now else "",
        promised_x=fmt(scale.x(ribbon.promised)) if ribbon.promised else "",
        kinds=tuple(dict.fromkeys(s.kind for row in ribbon.rows for s in row.segments)),
        summary=_summary(ribbon),
    )


def _summary(ribbon: Ribbon) -> str:
    if not ribbon.promised:
        return _("时限带，共 %(n)d 个环节") % {"n": len(ribbon.rows)}
    return _("时限带，共 %(n)d 个环节，承诺 %(when)s 前办结") % {"n": len(ribbon.rows), "when": stamp(ribbon.promised)}


def _columns(scale: Axis) -> list[tuple[date, float]]:
    """The left edge of each open day."""
    found: dict[date, float] = {}
    for s in scale.stretches:
        if not s.closed:
            for day in _days(s.start, s.end - timedelta(seconds=1)):
                midnight = datetime.combine(day, datetime.min.time(), clock.ZONE)
                found.setdefault(day, scale.x(max(s.start, midnight)))
    return sorted(found.items())


def _heads(ribbon: Ribbon, scale: Axis) -> Iterator[Label]:
    """Day names, left out where the one before leaves no room."""
    free = -1.0
    columns = _columns(scale)
    for i, (day, x) in enumerate(columns):
        short = f"{day:%m-%d}"
        full = f"{short} {ribbon.days.get(day) or weekday(day)}"
        edge = min([scale.width, *(c.x for c in scale.stretches if c.closed and c.x > x)])
        after = min(edge, columns[i + 1][1] if i + 1 < len(columns) else scale.width)
        text = full if x + text_width(full) + 4 <= after else short
        if x + 2 >= free and x + 2 + text_width(text) <= edge:
            yield Label(fmt(x + 2), "14", text)
            free = x + text_width(text) + 10


def _closed(ribbon: Ribbon, scale: Axis) -> Iterator[Gap]:
    """Shaded stretches without working time, with why they do not count."""
    for s in scale.stretches:
        if s.closed:
            names = _closed_names(ribbon.closed, s.start, s.end, {day for day, _x in _columns(scale)})
            label = next(
                (text for text in (_("%(names)s不计") % {"names": names}, names) if text_width(text) <= s.width - 6), ""
            )
            yield Gap(fmt(s.x), fmt(s.width), names, label)


def _closed_names(names: Mapping[date, str], start: datetime, end: datetime, open_days: set[date]) -> str:
    found = [names.get(day) or _("周末") for day in _days(start, end) if day not in open_days]
    return "、".join(dict.fromkeys(found))


def _row(row: RibbonRow, index: int, scale: Axis) -> DrawnRow:
    rects = [
        Rect(fmt(a), fmt(max(b - a, 3)), s.kind, _title(row, s))
        for s in row.segments
        for a, b in scale.pieces(s.start, s.end)
    ]
    y = TOP + ROW * index
    return DrawnRow(
        label=row.label,
        y=fmt(y + (ROW - BAR) / 2),
        rects=tuple(rects),
        note=_note(row, scale, y + ROW / 2 + 4.3),
        mark=fmt(scale.x(row.promised)) if row.promised else "",
        words=tuple(_title(row, s, alone=True) for s in row.segments),
        state=row.note,
    )


def _title(row: RibbonRow, segment: Segment, alone: bool = False) -> str:
    text = segment.title or f"{kind_word(segment.kind)} {stamp(segment.start)} – {stamp(segment.end)}"
    return text if alone else f"{row.label}：{text}"


def kind_word(kind: str) -> str:
    words = {
        "done": _("已完成"),
        "doing": _("在办"),
        "planned": _("计划"),
        "pause": _("停表（不计）"),
        "late": _("超期"),
        "wait": _("等申请人"),
    }
    return words[kind]


def _note(row: RibbonRow, scale: Axis, y: float) -> Label | None:
    if not row.note or not row.segments:
        return None
    start, end = scale.x(row.segments[0].start), max(scale.x(s.end) for s in row.segments)
    if end + 6 + text_width(row.note) <= scale.width:
        return Label(fmt(end + 6), fmt(y), row.note)
    if start - 6 - text_width(row.note) >= 0:
        return Label(fmt(start - 6), fmt(y), row.note, "end")
    return None


def _foot_labels(ribbon: Ribbon, scale: Axis, y: float) -> tuple[Label | None, Label | None]:
    """The words under the lines of now and promise, kept inside and apart."""
    marks: Sequence[tuple[datetime | None, str]] = ((ribbon.now, _("现在")), (ribbon.promised, _("承诺")))
    found: list[Label | None] = []
    xs = [scale.x(m) if m else None for m, _t in marks]
    close = xs[0] is not None and xs[1] is not None and abs(xs[0] - xs[1]) < 40
    for (moment, text), x, other in zip(marks, xs, reversed(xs), strict=True):
        if moment is None or x is None:
            found.append(None)
            continue
        half = text_width(text) / 2
        anchor = "middle"
        if x + half > scale.width or (close and other is not None and x < other):
            anchor = "end"
        elif x - half < 0 or close:
            anchor = "start"
        found.append(Label(fmt(x), fmt(y), text, anchor))
    return found[0], found[1]
