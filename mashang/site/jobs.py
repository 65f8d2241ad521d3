"""What happens because time passed: the one list of sweeps, run by `mashang worker` from a queue in PostgreSQL.

A room offers a function `(now) -> count or list of what it did`, which does what is due and may be run again at any
time: a missed or doubled run changes nothing but the hour. It is put to work by one line in `SWEEPS`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import procrastinate
from django.db import connection
from django.utils.module_loading import import_string

from mashang.kernel import clock

logger = logging.getLogger("mashang.jobs")


@dataclass(frozen=True, slots=True)
class Sweep:
    """`function` is a dotted path; `every` a cron line (five fields, or six with seconds last)."""

    function: str
    every: str = "* * * * *"


SECONDS = "* * * * * */10"
HOURLY, NIGHTLY = "7 * * * *", "17 3 * * *"
SWEEPS: tuple[Sweep, ...] = (
    Sweep("mashang.cases.sweeps.fire", SECONDS),
    Sweep("mashang.cases.sweeps.expire", SECONDS),
    Sweep("mashang.cases.sweeps.send", SECONDS),
    Sweep("mashang.cases.sweeps.follow"),
    Sweep("mashang.cases.sweeps.tidy", NIGHTLY),
    Sweep("mashang.clocks.sweeps.catch_up"),
    Sweep("mashang.supervision.sweeps.supervise"),
    Sweep("mashang.supervision.sweeps.release"),
    Sweep("mashang.supervision.sweeps.supervise_ratings"),
    Sweep("mashang.reviews.sweeps.fill", HOURLY),
    Sweep("mashang.reviews.sweeps.redress"),
    Sweep("mashang.reviews.sweeps.follow"),
    Sweep("mashang.reviews.sweeps.pass_on", HOURLY),
    Sweep("mashang.org.sweeps.sweep", HOURLY),
    Sweep("mashang.ledger.actions.seal"),
    Sweep("mashang.audit.sweeps.follow", SECONDS),
    Sweep("mashang.audit.sweeps.check", SECONDS),
)


def sweep(function: str) -> int:
    """Run one sweep now and give the number of things it did; 0 at once when another worker is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [function])
        if not cursor.fetchone()[0]:
            return 0
        try:
            done = import_string(function)(clock.now())
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [function])
    count = len(done) if isinstance(done, Sized) else int(done or 0)
    if count:
        logger.info("%s: %d", function, count)
    return count


@contextmanager
def paused(functions: Sequence[str]) -> Iterator[None]:
    """Let no worker run these sweeps meanwhile; those at work now end first. Ends with the process at the latest."""
    with connection.cursor() as cursor:
        for function in functions:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [function])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for function in functions:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [function])


def register(app: procrastinate.App) -> None:
    """Give every sweep to the queue (settings.PROCRASTINATE_ON_APP_READY)."""
    for entry in SWEEPS:
        task = app.task(name=entry.function, queueing_lock=entry.function)(_task(entry.function))
        app.periodic(cron=entry.every)(task)
    app.periodic(cron="*/2 * * * *")(app.task(name="mashang.site.jobs.rescue", queueing_lock="rescue")(_rescue(app)))


def _task(function: str) -> Callable[..., None]:
    def run(timestamp: int) -> None:
        sweep(function)

    return run


def _rescue(app: procrastinate.App) -> Callable[..., Any]:
    async def rescue(timestamp: int) -> None:
        """Jobs whose worker died are given to another one."""
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.retry_job(job)

    return rescue
