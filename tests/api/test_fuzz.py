"""The description is held against the API by a fuzzer: no status, header, type or shape that it does not declare."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.checks import load_all_checks

from mashang.api import urls
from mashang.kernel import clock
from mashang.org.rights import SCOPES

from .test_cases import MONDAY, at

load_all_checks()
EXAMPLES = int(os.environ.get("MASHANG_FUZZ", "15"))
"""Examples an operation; more by hand: MASHANG_FUZZ=500."""
SEMANTIC = schemathesis.checks.positive_data_acceptance
"""Left out: a form may be in shape and still be refused, with 422, for what the rules say."""


@contextmanager
def connection_kept() -> Iterator[None]:
    """Requests leave the test's connection open, which is in the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def schema(db: None) -> Any:
    with connection_kept():
        return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def system(admit: Any) -> Any:
    """A system that may do everything, so that what it asks comes to the operations."""
    return admit(*SCOPES, unit="武平县人民政府")


OPERATIONS = sorted(
    (op.methods[0], "/api/v1/" + path.lstrip("/"))
    for bound in urls.api._get_bound_routers()
    for path, view in bound.path_operations.items()
    for op in view.operations
)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_keeps_to_its_description(schema, system, method, path):
    with at(MONDAY):
        number = system.hand_in()
        document = system.upload().json()["id"]
    known = {"number": number, "id": document, "action": "accept", "code": "rural-house", "result": f"{number}-01"}

    @hypothesis.seed(20260302)
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=schema[path][method].as_strategy(), real=hypothesis.strategies.booleans())
    def kept(case: Any, real: bool) -> None:
        if real:
            case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
        with clock.at(MONDAY):
            headers = {"Authorization": f"Bearer {system.token}"}
            response = case.call(headers=headers)
            case.validate_response(response, headers=headers, excluded_checks=[SEMANTIC])

    with connection_kept():
        kept()
