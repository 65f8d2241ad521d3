"""Writing schemes, reporting figures and correcting them, running a scheme. Each act is one transaction and is recorded."""

from .corrections import NewCorrection, approve_correction, ask_correction, refuse_correction
from .figures import NewFigure, Reported, report, report_sheet
from .runs import run
from .schemes import freeze_scheme, rewrite_scheme, write_scheme

__all__ = [
    "NewCorrection",
    "NewFigure",
    "Reported",
    "approve_correction",
    "ask_correction",
    "freeze_scheme",
    "refuse_correction",
    "report",
    "report_sheet",
    "rewrite_scheme",
    "run",
    "write_scheme",
]
