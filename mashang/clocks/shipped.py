"""What comes with the program: the holiday notices since 2007 and the clock catalogue. Read from files, no database."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from .rules import Calendar, ClockRule, Ground, Notice, compile_calendar, read_notice, read_rule
from .rules.hours import OpeningHours

DATA = Path(__file__).parent / "data"


@cache
def notices() -> tuple[Notice, ...]:
    """The State Council's holiday notices by year; the last year may still be empty."""
    files = sorted((DATA / "holidays").glob("[0-9][0-9][0-9][0-9].json"))
    return tuple(read_notice(json.loads(file.read_text("utf-8"))) for file in files)


@cache
def grounds() -> dict[str, Ground]:
    """Lawful grounds of suspension by code."""
    return {row["code"]: Ground(**row) for row in _catalogue()["ground"]}


def effects() -> dict[str, str]:
    """What may follow when a clock runs out: code → words."""
    return dict(_catalogue()["effects"])


@cache
def rules() -> dict[str, ClockRule]:
    """The clock catalogue by code, version 1 of each."""
    effects = _catalogue()["effects"]
    rows = ({"effect_label": effects[row["effect"]], **row} for row in _catalogue()["clock"])
    return {row["code"]: read_rule(row, grounds()) for row in rows}


@cache
def calendar(hours: str = "") -> Calendar:
    """The national calendar with the usual opening hours, or others ("08:00-12:00,15:00-18:00")."""
    return compile_calendar(notices(), hours=[OpeningHours(hours)] if hours else [])


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads((DATA / "clocks.toml").read_text("utf-8"))
