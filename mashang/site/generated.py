"""The documents that are written by the code itself: the one list. Each entry is the path of a file and the dotted
path of a function that gives its text; `make docs` writes them, `make check` refuses when one is out of date."""

from __future__ import annotations

from pathlib import Path

from django.utils.module_loading import import_string

DOCUMENTS: dict[str, str] = {
    "docs/coverage.md": "mashang.site.coverage.page",
    "docs/rights.md": "mashang.site.drawings.rights_page",
    "docs/states.md": "mashang.site.drawings.states_page",
    "docs/glossary.md": "mashang.site.glossary.page",
}


def stale(root: Path) -> dict[Path, str]:
    """The files whose text is not what the code would write, with that text."""
    texts = {root / path: import_string(function)() for path, function in DOCUMENTS.items()}
    return {path: text for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text}
