"""`mashang manage ...`: Django's commands with keys and database in place."""

from __future__ import annotations

import typer
from django.core.management import execute_from_command_line


def manage(context: typer.Context) -> None:
    """运行 Django 管理命令，如 makemigrations、createsuperuser、shell。"""
    execute_from_command_line(["mashang manage", *context.args])


manage.context_settings = {  # type: ignore[attr-defined]  # read by the mount: Django parses the options itself
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
