"""绩效考评 at the desk: the board, a unit's sheet down to its cases, running a period, trying weights, proving a run."""

from .board import run, sheet
from .proof import inputs, proof, scheme, workbook
from .unit import unit
from .whatif import what_if

__all__ = ["inputs", "proof", "run", "scheme", "sheet", "unit", "what_if", "workbook"]
