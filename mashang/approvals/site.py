"""On the building site: findings kept with their evidence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from mashang.cases.casefile import CaseFile
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

_NEW = """
INSERT INTO approvals_sitecheck (case_id, step, label, finding, note, latitude, longitude, accuracy, taken_at, photos, by, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


class Evidence(Protocol):
    """Photos, place and time of a finding."""

    photos: tuple[int, ...]
    latitude: float
    longitude: float
    accuracy: float | None
    taken_at: datetime
    note: str


def record(case: CaseFile, form: Evidence, finding: str, *, by: Actor) -> None:
    """Queue a finding with its evidence. Refuses evidence from the future, or from before the case was opened."""
    if form.taken_at > case.now + timedelta(minutes=5):
        raise Refused("site.future", "拍摄时间晚于现在，请核对手机的时间。", "taken_at")
    if form.taken_at < case.opened_at:
        raise Refused("site.before", "拍摄时间早于收件时间，请重新到现场拍摄。", "taken_at")
    assert case.step is not None
    step = case.step
    case.attach(dict.fromkeys(form.photos, "site-photo"))
    values = [
        step.id, step.label, finding, form.note, form.latitude, form.longitude, form.accuracy, form.taken_at,
        list(form.photos), by.id, case.now,
    ]  # fmt: skip
    case.write_also(lambda made: (_NEW, [made.id, *values]))
