"""绩效考评 at the desk: the board, a unit's sheet down to its cases, running a period, trying weights, proving a run; writing
schemes; reporting figures and correcting them."""

from .board import run, sheet
from .corrections import correct, correction, corrections
from .figures import figure_report, figures, figures_sheet, figures_template, figures_unit
from .proof import inputs, proof, scheme, workbook
from .schemes import compare, scheme_edit, scheme_freeze, scheme_new, scheme_words, schemes
from .trial import scheme_try
from .unit import unit
from .whatif import what_if

__all__ = [
    "compare",
    "correct",
    "correction",
    "corrections",
    "figure_report",
    "figures",
    "figures_sheet",
    "figures_template",
    "figures_unit",
    "inputs",
    "proof",
    "run",
    "scheme",
    "scheme_edit",
    "scheme_freeze",
    "scheme_new",
    "scheme_try",
    "scheme_words",
    "schemes",
    "sheet",
    "unit",
    "what_if",
    "workbook",
]
