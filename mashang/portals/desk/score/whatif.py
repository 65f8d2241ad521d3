"""What if a weight were another: sliders, worked out by the server while they move; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.kernel.refused import Refused
from mashang.performance import queries
from mashang.performance.rules.parse import read_scheme
from mashang.performance.rules.scheme import Scheme

from ..frame import page, who

PREFIX = "w-"


@dataclass(frozen=True, slots=True)
class Slider:
    """A weight that may be tried: `own` as the scheme has it, `value` as it stands now, `note` where classes differ."""

    id: str
    name: str
    depth: int
    own: float
    value: float
    top: float
    note: str

    @property
    def field(self) -> str:
        return f"{PREFIX}{self.id}"

    @property
    def shown(self) -> str:
        return f"{self.value:g}"


@require_GET
def what_if(request: HttpRequest, run: int) -> HttpResponse:
    """The sliders and what they would change; to htmx only the latter."""
    by = who(request)
    info = queries.run_for(run, by)
    text = queries.scheme_text(info.scheme.id, by)
    sliders = list(_sliders(read_scheme(text), request.GET))
    changed = queries.what_if(run, {s.id: s.value for s in sliders if s.value != s.own}, by)
    labels = queries.class_names(text)
    groups = [(labels.get(g, g), list(rows)) for g, rows in groupby(changed, lambda c: c.group)]
    moved = sum(c.rank != c.rank_was for c in changed)
    context = {
        "run": info,
        "sliders": sliders,
        "groups": groups,
        "moved": moved,
        "tried": any(s.value != s.own for s in sliders),
    }
    if getattr(request, "htmx", False):
        return render(request, "desk/score/_changed.html", context)
    return page(request, "score/what_if", "score", **context)


def _sliders(scheme: Scheme, asked: QueryDict, node: str = "", depth: int = 0) -> Iterator[Slider]:
    """Every weight, in the order of the tree."""
    for child in scheme.children(node or scheme.root):
        if child.role == "part" and child.weight is not None:
            differ = [name for name, rule in scheme.classes.items() if child.id in rule.weights]
            note = _("有单位类别另有权重，移动后一律按此计算") if differ else ""
            value = _weight(asked.get(f"{PREFIX}{child.id}", ""), child.id, child.weight)
            yield Slider(child.id, child.name, depth, child.weight, value, max(2 * child.weight, 10), note)
        if child.id in scheme.nodes:
            yield from _sliders(scheme, asked, child.id, depth + 1)


def _weight(text: str, name: str, own: float) -> float:
    """The weight asked for, the scheme's own when none is; refuses what is no weight."""
    try:
        value = float(text) if text else own
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1000:
        raise Refused("weight.range", "权重应当是 0 到 1000 之间的数。", name)
    return value
