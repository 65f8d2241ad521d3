"""What others may ask of the room: schemes, runs, boards, score sheets down to the cases, what-if, workbooks."""

from ..sources import Sort
from .results import (
    BoardRow,
    RunInfo,
    SchemeInfo,
    board,
    class_names,
    frozen_inputs,
    latest_run,
    recomputes,
    run_for,
    runs,
    scheme_text,
    schemes,
    unit_classes,
)
from .sheet import Brought, Evidence, Sheet, SheetLine, sheet
from .whatif import Changed, what_if
from .workbook import figures_template, workbook

__all__ = [
    "BoardRow",
    "Brought",
    "Changed",
    "Evidence",
    "RunInfo",
    "SchemeInfo",
    "Sheet",
    "SheetLine",
    "Sort",
    "board",
    "class_names",
    "figures_template",
    "frozen_inputs",
    "latest_run",
    "recomputes",
    "run_for",
    "runs",
    "scheme_text",
    "schemes",
    "sheet",
    "unit_classes",
    "what_if",
    "workbook",
]
