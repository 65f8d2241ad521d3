"""What others may ask of supervised matters. Whoever asks has been let in to the cases by `cases.queries` first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .models import Matter


def matter_of(case_id: int) -> Matter | None:
    """The matter behind a case."""
    return Matter.objects.filter(case_id=case_id).first()


def matters(case_ids: Sequence[int]) -> Mapping[int, Matter]:
    """Matters by case, in one statement."""
    return {m.case_id: m for m in Matter.objects.filter(case_id__in=list(case_ids))}
