"""What others may ask of the room: schemes, runs, boards, score sheets down to the cases, what-if, workbooks."""

from .results import (
    BoardRow,
    RunInfo,
    SchemeInfo,
    board,
    frozen_inputs,
    latest_run,
    recomputes,
    run_for,
    runs,
    scheme_text,
    schemes,
)
from .sheet import Evidence, Sheet, SheetLine, sheet
from .whatif import Changed, what_if
from .workbook import figures_template, workbook

__all__ = [
    "BoardRow",
    "Changed",
    "Evidence",
    "RunInfo",
    "SchemeInfo",
    "Sheet",
    "SheetLine",
    "board",
    "figures_template",
    "frozen_inputs",
    "latest_run",
    "recomputes",
    "run_for",
    "runs",
    "scheme_text",
    "schemes",
    "sheet",
    "what_if",
    "workbook",
]
