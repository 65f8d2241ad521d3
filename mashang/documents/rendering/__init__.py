"""A sheet of words into a file: PDF by Typst, editable DOCX. The same sheet always gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable

from .docx import make_docx
from .pdf import make_pdf

Maker = Callable[..., bytes]
MAKERS: dict[str, tuple[Maker, str]] = {
    "pdf": (make_pdf, "application/pdf"),
    "docx": (make_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}

__all__ = ["MAKERS", "make_docx", "make_pdf"]
