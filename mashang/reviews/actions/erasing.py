"""删除个人信息: what somebody wrote about a service goes with what the case says of them; the grade stays."""

from __future__ import annotations

from mashang.cases import actions as cases

from ..models import Rating


@cases.forgets
def words(case_id: int) -> None:
    """The comments on a case, and what stands of them in the cases that bad ones became."""
    rows = Rating.objects.filter(case=case_id)
    for number in rows.exclude(redress="").values_list("redress", flat=True):
        cases.forget_subject(number)
    rows.exclude(words="").update(words="")
