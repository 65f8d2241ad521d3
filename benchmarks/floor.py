"""The floor: a plain Django view that reads JSON and inserts one row by the ORM, without sign-in, rights or middleware.
Served by Granian as ours is, see cases.py."""

from __future__ import annotations

import json
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, JsonResponse
from django.urls import path
from psycopg.conninfo import conninfo_to_dict


def configure() -> None:
    """One connection a thread, kept, as ours."""
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    database = {
        "NAME": parts["dbname"],
        "USER": parts.get("user", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
    }
    settings.configure(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True, SECRET_KEY="floor", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **database}},
    )  # fmt: skip
    django.setup()


if not settings.configured:
    configure()


class Row(models.Model):
    name = models.TextField()
    body = models.JSONField()

    class Meta:
        app_label = "floor"
        db_table = "floor_row"


def view(request: HttpRequest) -> JsonResponse:
    data = json.loads(request.body)
    return JsonResponse({"id": Row.objects.create(name=str(data["entry"]), body=data).pk}, status=201)


urlpatterns = [path("api/v1/cases", view)]
application = get_wsgi_application()
