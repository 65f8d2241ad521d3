"""A sealer that is killed in the middle leaves a ledger that the next one seals as if nothing had been."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from mashang.ledger.queries import audit, state

from .conftest import sealed, unguarded

SEALER = """
import django; django.setup()
from django.conf import settings
from pathlib import Path
import sys
settings.VAR = Path(sys.argv[1])
from mashang.kernel import clock
from mashang.ledger.actions import seal
print("ready", flush=True)
while True:
    seal(clock.now())
"""
MORE = """INSERT INTO ledger_entry (era, subject, body)
SELECT 1, 'LY-' || n, '{"at":"2026-03-02T09:10:00+08:00","by":"x","facts":{},"verb":"step.done"}'
FROM generate_series(1, 20000) n"""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.08])
def test_a_sealer_killed_at_any_moment_does_no_harm(ledger: Path, delay: float) -> None:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    environment = os.environ | {"DATABASE_URL": url.geturl()}
    process = subprocess.Popen(
        [sys.executable, "-c", SEALER, str(ledger.parent)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    unguarded(MORE)
    sleep(delay)
    process.kill()
    process.wait()
    process.stdout.close()
    if state().waiting:
        assert sealed(state().waiting)
    report = audit()
    assert report.ok, report.findings[:3]
    assert report.sealed == 20_000
    assert ledger.parent == settings.VAR
