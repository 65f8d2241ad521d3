"""The demo county's units and people, and calling systems with tokens of several scopes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client as Browser

from mashang.api import door
from mashang.api.rates import Rates
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.site import procedures
from tests.county import county
from tests.flows.story import ANSWERS, PDF, TOWN, applicant

__all__ = ["county"]
procedures.load()
MONDAY = "2026-03-02 09:10"


@pytest.fixture
def committed(transactional_db: None) -> None:
    """For tests whose acts are really committed."""


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are counted, keys and files kept in a folder of the test's own."""
    monkeypatch.setattr(door, "rates", Rates(tmp_path / "rates"))
    settings.VAR = tmp_path


@dataclass
class System:
    """A calling system with its token."""

    token: str
    id: int
    browser: Browser = field(default_factory=Browser)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        given = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        content = {} if body is None else {"data": body if isinstance(body, (str, bytes)) else json.dumps(body)}
        return self.browser.generic(method, f"/api/v1{path}", content_type="application/json", headers=given, **content)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, key: str = "k-1", **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **{"Idempotency_Key": key, **headers})

    def upload(self, name: str = "材料.pdf", data: bytes = PDF) -> HttpResponse:
        return self.browser.post(
            "/api/v1/documents",
            {"file": SimpleUploadedFile(name, data)},
            headers={"Authorization": f"Bearer {self.token}"},
        )  # type: ignore[return-value]

    def house(self, place: int = 0, **more: Any) -> dict[str, Any]:
        """A whole application for the village house, with its five materials uploaded."""
        codes = ("identity", "household", "house-form", "neighbours", "drawing")
        materials = {}
        for code in codes:
            kept = self.upload()
            assert kept.status_code == 201, kept.content.decode()
            materials[code] = kept.json()["id"]
        answers = {**ANSWERS, "applicant": applicant(place)}
        return {
            "entry": "rural-house", "part": "approval", "region": TOWN, "answers": answers, "materials": materials,
            "again": True, **more,
        }  # fmt: skip

    def hand_in(self, key: str = "new-1", **more: Any) -> str:
        response = self.post("/cases", self.house(**more), key)
        assert response.status_code == 201, response.content.decode()
        return str(response.json()["number"])

    def press(self, number: str, action: str, data: Mapping[str, Any], step: str = "", key: str = "") -> HttpResponse:
        found = {s["code"]: s["id"] for s in self.get(f"/cases/{number}").json()["steps"]}
        body = {"step": found[step] if step else 0, "data": data}
        return self.post(f"/cases/{number}/actions/{action}", body, key or f"{action}-{step}")


@pytest.fixture
def admit(db: None) -> Callable[..., System]:
    """Admit a calling system: scopes, and the unit it is bound to (none: everywhere)."""

    def make(*scopes: str, unit: str = "", per_minute: int = 100_000, region: str = "") -> System:
        bound = org.unit_named(unit).id if unit else None
        form = org_actions.NewClient("数据共享平台", frozenset(scopes), bound, region, per_minute)
        id_, token = org_actions.make_token(form, by=Actor.system("test"), now=clock.now())
        return System(token, id_)

    return make


@pytest.fixture
def system(admit: Callable[..., System]) -> System:
    """A system that may read and write cases of the county of Wuping."""
    return admit("cases:read", "cases:write", unit="武平县人民政府")
