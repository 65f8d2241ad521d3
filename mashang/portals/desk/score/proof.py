"""A run can be computed again by anyone: its digest, its inputs, the scheme's text, the results as a workbook."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from mashang.org import queries as org
from mashang.performance import queries
from mashang.portals.shared.downloads import XLSX, attachment

from ..frame import page, who


@require_GET
def proof(request: HttpRequest, run: int) -> HttpResponse:
    """Computes the run again from its frozen inputs and says whether each score comes out to the last digit. The inputs are offered
    to those who see the whole region."""
    by = who(request)
    info = queries.run_for(run, by)
    text = queries.frozen_inputs(run, by)[0] if queries.takes_inputs(by, info) else ""
    context = {
        "run": info, "digest": info.digest, "size": len(text.encode()), "same": queries.recomputes(run),
        "region": org.region(info.scheme.region).name,
    }  # fmt: skip
    return page(request, "score/proof", "score", **context)


@require_GET
def inputs(request: HttpRequest, run: int) -> HttpResponse:
    """The frozen inputs as they were hashed: `mashang score recompute` reads this file."""
    text, _digest = queries.frozen_inputs(run, who(request))
    return attachment(text.encode(), f"score-{run}-inputs.json", "application/json")


@require_GET
def workbook(request: HttpRequest, run: int) -> HttpResponse:
    """The board and every node's scores, for the units the reader may see."""
    by = who(request)
    info = queries.run_for(run, by)
    return attachment(queries.workbook(run, by), f"{info.scheme.name}-{info.period}.xlsx", XLSX)


@require_GET
def scheme(request: HttpRequest, scheme: int) -> HttpResponse:
    """The scheme's text as it was written, with its version."""
    by = who(request)
    text = queries.scheme_text(scheme, by)
    info = next(s for s in queries.schemes(by) if s.id == scheme)
    return page(request, "score/scheme", "score", text=text, info=info, region=org.region(info.region).name)
