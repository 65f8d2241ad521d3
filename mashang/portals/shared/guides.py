"""The service guide as citizens see it, in the hall and beforehand at the desk of who writes it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import Figures, label_of, spoken
from mashang.kernel.said import told


def figure_rows(was: Figures, now: Figures) -> list[tuple[str, str, str]]:
    """(what, apart, together): applications, materials, trips, promised limit."""

    def applications(n: int) -> str:
        return ngettext("%(n)d 次", "%(n)d 次", n) % {"n": n}

    def materials(n: int) -> str:
        return ngettext("%(n)d 份", "%(n)d 份", n) % {"n": n}

    def trips(n: int) -> str:
        return ngettext("%(n)d 趟", "%(n)d 趟", n) % {"n": n}

    return [
        (_("申请"), applications(was.applications), applications(now.applications)),
        (_("材料"), materials(was.materials), materials(now.materials)),
        (_("到现场"), trips(was.trips), trips(now.trips)),
        (_("承诺时限"), told(was.limit, _), told(now.limit, _)),
    ]


def guide_of(found: catalogue.Guide) -> dict[str, Any]:
    """The guide's figures before and after, whether one can apply here, and what no published text has confirmed yet."""
    return {
        "rows": figure_rows(found.before, found.after),
        "package": found.spec.shape == "package",
        "open": found.version.open,
        "statutory": told(spoken(found.limits.statutory), _),
        "unverified": [str(label_of(type(found.spec), name)) for name in found.spec.unverified],
        "asked_before": sum(len(v) for v in found.asked_by.values()),
    }
