"""删除个人信息: what somebody wrote about a service goes with what the case says of them; the grade stays."""

from __future__ import annotations

from datetime import datetime

from mashang.cases import actions as cases

from ..models import Rating


@cases.forgets
def words(case_id: int, now: datetime) -> None:
    """The comments on a case, and what stands of them in the cases that bad ones became: one that is just becoming a case
    holds its row, so the cases are looked for after the words are gone."""
    rows = Rating.objects.filter(case=case_id)
    rows.exclude(words="").update(words="")
    for number in rows.exclude(redress="").values_list("redress", flat=True).distinct():
        cases.forget_subject(number, now)
