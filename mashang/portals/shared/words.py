"""Times and clocks in the reader's words: 剩 3 个工作日 · 11月28日 17:30 前."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from mashang.kernel import clock

from .parts import Remaining

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHAPES = {
    "ok": "M5 0a5 5 0 1 0 0 10A5 5 0 0 0 5 0Z",
    "warn": "M5 0 10 9.3H0Z",
    "late": "M.5.5h9v9h-9Z",
    "hold": "M1 0h3v10H1ZM6 0h3v10H6Z",
    "done": "M3.8 9.2 0 5.3l1.5-1.5 2.3 2.4L8.5 1 10 2.5Z",
    "none": "M5 0a5 5 0 1 0 0 10A5 5 0 0 0 5 0Zm0 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
}


def lamp_word(state: str) -> str:
    words = {
        "ok": _("正常"),
        "warn": _("将到期"),
        "late": _("已超期"),
        "hold": _("暂停"),
        "done": _("已办结"),
        "none": _("未计时"),
    }
    return words.get(state, words["none"])


def _parts(day: date) -> dict[str, object]:
    return {"year": day.year, "month": day.month, "day": day.day, "mon": MONTHS[day.month - 1]}


def day_words(day: date, today: date | None = None) -> str:
    """今天, 明天, 11月28日, or 2025年11月28日 outside the present year."""
    today = today or clock.today()
    if day == today:
        return _("今天")
    if (day - today).days == 1:
        return _("明天")
    if (today - day).days == 1:
        return _("昨天")
    return date_words(day, today)


def date_words(day: date, today: date | None = None) -> str:
    """11月28日 even where it is today: for sentences that are read on another day too."""
    if day.year == (today or clock.today()).year:
        return _("%(month)d月%(day)d日") % _parts(day)
    return _("%(year)d年%(month)d月%(day)d日") % _parts(day)


def when(moment: datetime | date) -> str:
    """A day, and for an instant its time too, in the platform's zone."""
    if not isinstance(moment, datetime):
        return day_words(moment)
    local = clock.local(moment)
    return f"{day_words(local.date())} {local:%H:%M}"


def stamp(moment: datetime | date) -> str:
    """The short form for columns: 11-28 17:30, with the year when it is not this one."""
    if not isinstance(moment, datetime):
        return f"{moment:%m-%d}" if moment.year == clock.today().year else f"{moment:%Y-%m-%d}"
    local = clock.local(moment)
    return f"{local:%m-%d %H:%M}" if local.year == clock.today().year else f"{local:%Y-%m-%d %H:%M}"


def last_day(end: datetime) -> str:
    """An end as people say it: midnight is the end of the day before, which is named; else the time itself."""
    local = clock.local(end)
    midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return stamp(local.date() - timedelta(days=1)) if midnight else stamp(end)


def weekday(day: date) -> str:
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[day.weekday()]


_LEFT = {
    "wd": ngettext_lazy("剩 %(n)d 个工作日", "剩 %(n)d 个工作日", "n"),
    "nd": ngettext_lazy("剩 %(n)d 天", "剩 %(n)d 天", "n"),
    "wh": ngettext_lazy("剩 %(n)d 个工作时", "剩 %(n)d 个工作时", "n"),
    "h": ngettext_lazy("剩 %(n)d 小时", "剩 %(n)d 小时", "n"),
    "min": ngettext_lazy("剩 %(n)d 分钟", "剩 %(n)d 分钟", "n"),
}
_OVER = {
    "wd": ngettext_lazy("超 %(n)d 个工作日", "超 %(n)d 个工作日", "n"),
    "nd": ngettext_lazy("超 %(n)d 天", "超 %(n)d 天", "n"),
    "wh": ngettext_lazy("超 %(n)d 个工作时", "超 %(n)d 个工作时", "n"),
    "h": ngettext_lazy("超 %(n)d 小时", "超 %(n)d 小时", "n"),
    "min": ngettext_lazy("超 %(n)d 分钟", "超 %(n)d 分钟", "n"),
}


def remaining_amount(remaining: Remaining) -> str:
    """The first half: how much is left, how late, or why it stands still."""
    if remaining.kind in ("left", "soon"):
        due_now = remaining.amount == 0 and remaining.unit in ("wd", "nd")
        return _("今天到期") if due_now else _LEFT[remaining.unit] % {"n": remaining.amount}
    if remaining.kind == "late":
        return _OVER[remaining.unit] % {"n": remaining.amount} if remaining.amount else _("已超期")
    if remaining.kind == "paused":
        return _("暂停 · %(ground)s") % {"ground": remaining.ground} if remaining.ground else _("暂停")
    if remaining.kind == "done":
        return remaining.ground or _("已办结")
    return remaining.ground or _("未计时")


def remaining_due(remaining: Remaining) -> str:
    """The second half: by when, empty while paused or done."""
    if remaining.due_at is None or remaining.kind not in ("left", "soon", "late"):
        return ""
    if remaining.kind == "late":
        return _("应于 %(when)s 前") % {"when": when(remaining.due_at)}
    text = _("%(when)s 前") % {"when": when(remaining.due_at)}
    return _("%(text)s（暂定，节假日安排公布后重算）") % {"text": text} if remaining.provisional else text


def remaining_words(remaining: Remaining, short: bool = False) -> str:
    due = "" if short else remaining_due(remaining)
    return " · ".join(part for part in (remaining_amount(remaining), due) if part)
