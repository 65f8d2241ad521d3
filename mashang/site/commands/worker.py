"""`mashang worker`: what happens because time passed."""

from __future__ import annotations

from typing import Annotated

import typer
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from mashang.site.environment import prepare
from mashang.site.processes import follow_parent


def worker(
    concurrency: Annotated[int, typer.Option(min=1, help="同时执行的任务数")] = 2,
) -> None:
    """执行队列里的任务和定时任务（到期、封账、发信）。可以在多台机器上各启动几个。"""
    follow_parent()
    prepare()
    import_string("mashang.site.procedures.load")()
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(connector.get_worker_connector()) as ready:
        ready.run_worker(concurrency=concurrency, delete_jobs="successful", shutdown_graceful_timeout=20)
