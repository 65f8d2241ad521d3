"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed: a stable code, a sentence, and where it is (what applies)."""

    code: str
    text: str
    case: str = ""
    entry: int | None = None
    leaf: int | None = None
