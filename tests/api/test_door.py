"""Tokens, scopes, rates; closed by default."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest

from mashang.api.rates import Rates
from mashang.api.urls import api
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions as org_actions
from mashang.org import rights

NOON = datetime(2026, 3, 2, 12, 0, 15, tzinfo=clock.ZONE)
OPERATIONS = [
    (op.operation_id, op.methods[0], "/" + path.lstrip("/"))
    for bound in api._get_bound_routers()
    for path, view in bound.path_operations.items()
    for op in view.operations
]


def address(path: str) -> str:
    values = {"number": "x", "code": "x", "id": "1", "action": "x", "result": "x", "run": "1"}
    return path.format(**values)


def test_every_operation_stands_in_the_table_and_the_table_names_none_that_is_gone():
    names = {name for name, _, _ in OPERATIONS} | {"openapi-json", "docs"}
    assert names == rights.OPERATIONS.keys()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_an_operation_that_the_table_does_not_list_is_not_found(admit, monkeypatch, name, method, path):
    if rights.OPERATIONS[name] == rights.PUBLIC:
        return
    system = admit(*rights.SCOPES)
    monkeypatch.delitem(rights.OPERATIONS, name)
    assert system.call(method, address(path), {}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_without_a_token_only_what_is_public_is_answered(admit, name, method, path):
    system = admit("cases:read")
    for token in ("", "ms_wrong", "ms_" + "é" * 40):
        system.token = token
        response = system.call(method, address(path), {} if method == "POST" else None)
        if rights.OPERATIONS[name] == rights.PUBLIC:
            assert response.status_code in (200, 404)
        else:
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert response.headers["Content-Type"] == "application/problem+json"


SCOPES = [  # scope → operations that it opens besides the public ones and the catalogue, which is public
    ("catalogue:read", set()),
    ("cases:read", {"list_cases", "read_case", "list_actions", "download_document", "read_result", "read_receipt"}),
    ("cases:write", {"create_case", "press_action", "upload_document"}),
    ("cases:rate", {"rate_case"}),
    ("text:use", {"classify_texts", "check_replies", "find_similar", "group_hot", "mask_texts"}),
    ("score:use", {"run_score", "check_score"}),
    ("score:read", {"list_scores", "read_score"}),
    ("score:report", {"report_figure"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("scope", "opened"), SCOPES)
def test_a_scope_opens_its_operations_and_no_other(admit, scope, opened):
    system = admit(scope)
    catalogue = {"list_entries", "read_entry", "read_guide", "read_form"}
    for name, method, path in OPERATIONS:
        if rights.OPERATIONS[name] != rights.PUBLIC:
            status = system.call(method, address(path), {} if method == "POST" else None).status_code
            assert (status != 403) is (name in opened | catalogue), (name, status)


@pytest.mark.django_db
def test_a_revoked_or_expired_token_is_refused(admit):
    system = admit("cases:read")
    assert system.get("/cases").status_code == 200
    org_actions.revoke_token(system.id, by=Actor.system("test"), now=clock.now())
    assert system.get("/cases").status_code == 401


@pytest.mark.django_db
def test_the_minutes_calls_are_counted_and_told(admit):
    system, other = admit("cases:read", per_minute=3), admit("cases:read", per_minute=3)
    with clock.at(NOON):
        assert [system.get("/cases").status_code for _ in range(3)] == [200, 200, 200]
        refused = system.get("/cases")
        assert other.get("/cases").status_code == 200
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "45")
    with clock.at(NOON + timedelta(seconds=45)):
        assert system.get("/cases").status_code == 200


COUNT = """
import sys; from datetime import datetime; from pathlib import Path; from mashang.api.rates import Rates
rates, noon = Rates(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
print([rates.take(7, 500, noon) for _ in range(100)].count(0))
"""


def test_threads_and_processes_share_one_count(tmp_path):
    """Whichever worker serves a call, the minute's limit is one."""
    path = tmp_path / "rates"
    command = [sys.executable, "-c", COUNT, str(path), NOON.isoformat()]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    rates, taken = Rates(path), []
    threads = [
        threading.Thread(target=lambda: taken.extend(rates.take(7, 500, NOON) for _ in range(100))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0) + sum(int(other.communicate(timeout=60)[0]) for other in others) == 500
