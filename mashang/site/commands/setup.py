"""`mashang setup`: tables, messages, static files, reference data; may be run again at any time."""

from __future__ import annotations

import typer
from django.core.management import call_command
from django.db import connection
from django.utils.module_loading import import_string

from mashang.kernel import clock
from mashang.site import messages, seeds
from mashang.site.environment import prepare

UNSERVED = ["*.map", "redoc.*"]
"""Static files of libraries that no page asks for."""
SETUP_LOCK = 7_305_118  # any number that nothing else in the database takes


def setup() -> None:
    """建表、编译译文、收集静态文件、装入基础数据；可重复运行。"""
    prepare()
    make_ready()
    typer.echo("已就绪 · ready")


def make_ready() -> None:
    """All of it, once at a time: a second command that comes here waits and finds the work done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SETUP_LOCK])
        try:
            typer.echo("建表 · tables")
            call_command("migrate", verbosity=0, interactive=False)
            messages.compile_all()
            typer.echo("静态文件 · static files")
            call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=UNSERVED)
            for path in seeds.REFERENCE:
                typer.echo(f"基础数据 · reference data: {path}")
                import_string(path)(clock.now())
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SETUP_LOCK])
