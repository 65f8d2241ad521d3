"""What auditors ask: the record within their scope, in sentences; the checks of the whole."""

from .checking import CheckInfo, Fault, check_for, checks, list_faults, waiting_check
from .listing import lines_of
from .record import RIGHT, Page, Shown, behind, count, may_see_unit, members, record, units, verbs
from .words import kind_of_act

__all__ = [
    "RIGHT",
    "CheckInfo",
    "Fault",
    "Page",
    "Shown",
    "behind",
    "check_for",
    "checks",
    "count",
    "kind_of_act",
    "lines_of",
    "list_faults",
    "may_see_unit",
    "members",
    "record",
    "units",
    "verbs",
    "waiting_check",
]
