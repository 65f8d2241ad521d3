"""What a package saves, computed from its definition: applications, materials, trips, working days (casebook A7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mashang.clocks.rules import Limit
from mashang.kernel.said import said

from .codes import Handling, StepKind
from .merge import is_instant, items_of, merged_materials, merged_visits, parts_of
from .remembered import remembered
from .spec import Answers, ItemSpec, PackageSpec, Spec, Step

HOURS_A_DAY = 8
_LIMIT = re.compile(r"([1-9]\d*)(wd|nd|wh|h)", re.ASCII)
_DAYS = {
    "wd": Fraction(1),
    "wh": Fraction(1, HOURS_A_DAY),
    "nd": Fraction(5, 7),
    "h": Fraction(5, 7 * 24),
}


def in_days(limit: str) -> Fraction:
    """A limit in working days, for comparing and adding only (a due time is the clock's to say). Empty is 0."""
    found = _LIMIT.fullmatch(limit)
    return int(found[1]) * _DAYS[found[2]] if found else Fraction(0)


def spoken(limit: str) -> str:
    """20wd → 20个工作日, 4wh → 4个工作时."""
    found = _LIMIT.fullmatch(limit)
    return Limit(int(found[1]), found[2]).label if found else ""


def as_limit(days: Fraction) -> str:
    """Whole days as wd, parts of a day as working hours rounded up; nothing as "" (done at once)."""
    if not days:
        return ""
    return f"{days.numerator}wd" if days.denominator == 1 else f"{-(-days * HOURS_A_DAY // 1)}wh"


def longest_path(steps: Sequence[Step], until: StepKind = StepKind.ISSUE) -> tuple[Fraction, tuple[str, ...]]:
    """The critical path to the last step of kind `until` (or to any end): its promised days and its steps' codes.

    Steps after the result is issued, such as checks while building, are no part of the promise to give the result.
    """
    by_code = {s.code: s for s in steps}
    best: dict[str, tuple[Fraction, tuple[str, ...]]] = {}

    def upto(code: str) -> tuple[Fraction, tuple[str, ...]]:
        if code not in best:
            before = [upto(a) for a in by_code[code].after if a in by_code]
            days, path = max(before, default=(Fraction(0), ()), key=lambda found: found[0])
            best[code] = (days + in_days(by_code[code].promised), (*path, code))
        return best[code]

    ends = [s.code for s in steps if s.kind == until] or list(by_code)
    return max((upto(code) for code in ends), default=(Fraction(0), ()), key=lambda found: found[0])


@dataclass(frozen=True, slots=True)
class Limits:
    """`statutory` and `promised` as limits ("20wd"; "" unknown), `instant`: done while one waits."""

    statutory: str
    promised: str
    instant: bool


def limits_of(spec: Spec, answers: Answers | None = None, part: str = "") -> Limits:
    """The limits that hold for these answers.

    A package's part promises what its critical path says; its statutory limit is the longest of its items', which
    run side by side.
    """
    instant = is_instant(spec, answers or {}, part)
    if isinstance(spec, ItemSpec):
        promised = spec.instant_limit if instant and spec.handling != Handling.INSTANT else spec.promised
        return Limits(spec.statutory, promised, instant)
    return Limits(*_of_package(spec, part), instant)


@remembered
def _of_package(spec: Spec, part: str = "") -> tuple[str, str]:
    longest = max((i.statutory for i in items_of(spec, part)), key=in_days, default="")
    days, _path = longest_path([s for s in spec.steps if part in ("", s.part)])
    return longest, as_limit(days)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counted for who fulfils no special condition: conditional materials are not in it."""

    applications: int
    materials: int
    trips: int
    days: Fraction

    @property
    def limit(self) -> str:
        return spoken(as_limit(self.days)) or said("即办")


def before(spec: Spec) -> Figures:
    """Each item on its own, one after the other."""
    items = spec.items if isinstance(spec, PackageSpec) else (spec,)
    return Figures(
        len(items),
        sum(1 for i in items for m in i.materials if not m.when),
        sum(len(i.visits) for i in items),
        sum((in_days(i.promised) for i in items), Fraction(0)),
    )


def after(spec: Spec) -> Figures:
    """As it is done now: one application a part, each material and visit once, the critical path of each part.

    An instant part counts no day, as in the published figures of 即办 items.
    """
    if isinstance(spec, ItemSpec):
        days = Fraction(0) if spec.handling == Handling.INSTANT else in_days(spec.promised)
    else:
        promised = [p.code for p in spec.parts if p.handling != Handling.INSTANT]
        days = sum((in_days(limits_of(spec, part=code).promised) for code in promised), Fraction(0))
    return Figures(
        len(parts_of(spec)),
        sum(1 for m in merged_materials(spec) if not m.when),
        len(merged_visits(spec)),
        days,
    )
