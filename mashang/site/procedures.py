"""Every kind of case, with its actions: what a process must have read before it shows or changes a case."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.module_loading import autodiscover_modules

from mashang.cases.procedure import Procedure, registry


def load() -> Mapping[str, Procedure]:
    """Read the declarations of all rooms; the procedures by kind."""
    autodiscover_modules("procedure", "actions")
    return registry
