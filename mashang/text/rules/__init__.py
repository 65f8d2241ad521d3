"""Chinese text, pure: words to search by, pinyin initials, personal data found and masked."""

from __future__ import annotations

from .personal import Span, find_personal, mask_personal
from .search import bigrams, clean, initials, narrow, search_terms

__all__ = [
    "Span",
    "bigrams",
    "clean",
    "find_personal",
    "initials",
    "mask_personal",
    "narrow",
    "search_terms",
]
