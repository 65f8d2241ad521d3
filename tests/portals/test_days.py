"""What a date picker is told about a month."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from mashang.clocks import actions, queries
from mashang.kernel.clock import ZONE


@pytest.fixture
def month(db) -> Client:
    actions.seed_catalogue(now=datetime(2026, 1, 1, tzinfo=ZONE))
    return Client(headers={"Accept-Language": "zh-CN"})


def test_holidays_are_named_weekends_too_and_makeup_days_are_worked(month):
    days = month.get("/days?from=2026-10-01&to=2026-10-31").json()
    assert "国庆" in days["off"]["2026-10-01"]
    assert days["off"]["2026-10-17"] == "周末"
    assert "2026-10-10" in days["work"]
    assert "2026-10-12" not in days["off"] | days["work"]


def test_a_place_may_be_named(month):
    assert month.get("/days?from=2026-10-12&to=2026-10-13&region=350824&unit=1").json() == {"off": {}, "work": {}}


@pytest.mark.parametrize("unit", ["²", "٣", "9" * 30, "x", "-1"])
def test_a_unit_that_is_none_is_no_fault_of_ours(month, unit):
    assert month.get("/days", {"from": "2026-10-12", "to": "2026-10-13", "unit": unit}).status_code == 200


def test_asking_for_ever_more_places_fills_no_memory(month, monkeypatch):
    monkeypatch.setattr(queries, "PLACES", 50)
    for number in range(120):
        asked = {"from": "2026-10-12", "to": "2026-10-13", "region": f"{number}" + "9" * 5000, "unit": str(number)}
        assert month.get("/days", asked).status_code == 200
    assert len(queries._kept[0].calendars) <= 50
    assert max(len(region) for region, _unit in queries._kept[0].calendars) <= 12


def test_days_before_the_calendar_are_left_out(month):
    assert month.get("/days?from=1990-01-01&to=1990-02-01").json() == {"off": {}, "work": {}}


@pytest.mark.parametrize("query", ["", "from=x&to=y", "from=2026-10-02&to=2026-10-01", "from=2026-01-01&to=2029-01-01"])
def test_what_is_no_span_of_days_is_refused(month, query):
    assert month.get(f"/days?{query}").status_code == 400
