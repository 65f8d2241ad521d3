"""Where the API's addresses lead."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from . import cases, catalogue, files, problems, scores, texts
from .base import ABOUT, VERSION, JsonParser, PublicApi

api = PublicApi(
    title="马上办 · Mashang", version=VERSION, description=ABOUT, urls_namespace="api", openapi_url="", docs_url="",
    parser=JsonParser(),
)  # fmt: skip
problems.install(api)
for router in (catalogue.router, cases.router, files.router, files.proofs, texts.router, scores.router):
    api.add_router("", router)


class Docs(Swagger):
    """The page that django-ninja ships."""

    def get_openapi_url(self, api: NinjaAPI, path_params: dict[str, Any]) -> str:
        return reverse("api:openapi-json", urlconf="mashang.api.urls")


_docs = Docs({"persistAuthorization": False})


@require_safe
def read_description(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1."""
    return HttpResponse(api.description_json, content_type="application/json", headers={"Cache-Control": "max-age=300"})


@require_safe
def read_docs(request: HttpRequest) -> HttpResponse:
    """The description as a page to try things on; everything it loads comes from here."""
    return _docs.render_page(request, api)


_patterns, _app, _space = api.urls
_own = [path("openapi.json", read_description, name="openapi-json"), path("docs", read_docs, name="docs")]
urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", ([*_own, *_patterns], _app, _space))]
