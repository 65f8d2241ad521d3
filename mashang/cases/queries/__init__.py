"""What others may ask of cases."""

from .detail import (
    CaseView,
    Press,
    available,
    case_for,
    clocks_of,
    document_for,
    draft,
    facts_of,
    may_press,
    notices_for,
    timeline,
    track,
)
from .inbox import Inbox, Task, counts, inbox
from .pages import Filter, Page, Row, by_numbers, count, page

__all__ = [
    "CaseView", "Filter", "Inbox", "Page", "Press", "Row", "Task", "available", "by_numbers", "case_for", "clocks_of",
    "count", "counts", "document_for", "draft", "facts_of", "inbox", "may_press", "notices_for", "page", "timeline", "track",
]  # fmt: skip
