"""Items in spreadsheets: workbook and CSV out and in, with every fault named by row and column and nothing half-read."""

from __future__ import annotations

from .reading import names_from_csv, read
from .writing import to_csv, to_excel

__all__ = ["names_from_csv", "read", "to_csv", "to_excel"]
