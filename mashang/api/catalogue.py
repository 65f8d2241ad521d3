"""The catalogue: what can be applied for, and what must be known before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from mashang.catalogue import queries
from mashang.catalogue.rules import Figures, Need, form_fields, guide_questions, materials_needed, parts_of
from mashang.kernel.refused import NotFound

from . import shapes
from .base import given, operation

router = Router(tags=["catalogue"])
Code = Annotated[str, Path(max_length=64)]


@operation(router, "GET", "/catalogue", {200: shapes.EntryPage}, summary="Items and packages, page by page or searched")
def list_entries(request: HttpRequest, asked: Query[shapes.CatalogueAsked]) -> HttpResponse:
    if asked.words:
        found, after = queries.search(asked.words, shape=asked.shape, limit=asked.limit), ""
    else:
        found = queries.entries(shape=asked.shape, after=asked.after, limit=asked.limit + 1)
        after = found[asked.limit - 1].code if len(found) > asked.limit else ""
    items = [shapes.EntryLine.model_validate(asdict(hit)) for hit in found[: asked.limit]]
    return given(shapes.EntryPage(items=items, next=after))


@operation(router, "GET", "/catalogue/{code}", {200: shapes.EntryShown}, summary="A published definition")
def read_entry(request: HttpRequest, code: Code) -> HttpResponse:
    found = queries.current(code)
    shown = shapes.EntryShown(
        code=found.code, version=found.id, number=found.number, digest=found.digest, published_at=found.published_at,
        open=found.open, definition=found.spec.model_dump(mode="json"),
    )  # fmt: skip
    return given(shown)


@operation(router, "GET", "/catalogue/{code}/guide", {200: shapes.GuideShown}, summary="The service guide")
def read_guide(request: HttpRequest, code: Code) -> HttpResponse:
    guide = queries.guide(code)
    shown = shapes.GuideShown(
        code=code, name=guide.spec.name, version=guide.version.id, before=_figures(guide.before), now=_figures(guide.after),
        statutory=guide.limits.statutory, promised=guide.limits.promised, instant=guide.limits.instant,
        parts=[shapes.PartShown(code=c, label=label) for c, label in guide.parts], materials=_needs(guide.materials),
        visits=[v.reason for v in guide.visits], fees=[f"{f.item} {f.standard}".strip() for f in guide.fees],
    )  # fmt: skip
    return given(shown)


@operation(router, "GET", "/catalogue/{code}/form", {200: shapes.FormShown}, summary="The form to fill in")
def read_form(request: HttpRequest, code: Code, part: Annotated[str, Query(max_length=40)] = "") -> HttpResponse:
    found = queries.current(code)
    if part and part not in dict(parts_of(found.spec)):
        raise NotFound
    shown = shapes.FormShown(
        code=code, version=found.id, part=part, questions=guide_questions(found.spec), fields=form_fields(found.spec, part),
        materials=_needs(materials_needed(found.spec, {}, part)),
    )  # fmt: skip
    return given(shown)


def _figures(figures: Figures) -> shapes.FiguresShown:
    return shapes.FiguresShown(
        applications=figures.applications, materials=figures.materials, trips=figures.trips, limit=figures.limit
    )


def _needs(needs: Iterable[Need]) -> list[shapes.NeedShown]:
    return [
        shapes.NeedShown(
            code=n.material.code,
            name=n.material.name,
            state=n.state,
            guidance=n.material.guidance,
            held_as=n.material.held_as,
            filled=n.material.filled,
        )
        for n in needs
    ]
