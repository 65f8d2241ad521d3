"""What others may ask of cases."""

from ..events import Line, sentence
from ..models import Step
from .detail import (
    CaseView,
    Press,
    answered,
    available,
    case_for,
    clocks_of,
    document_for,
    draft,
    erased_among,
    erased_from,
    facts_by_number,
    facts_of,
    file_of,
    kinds,
    kinds_for_persons,
    may_press,
    paper_of,
    sees,
    settled_among,
    timeline,
    too_late,
    track,
    undelivered,
)
from .inbox import Inbox, Tab, Task, counts, inbox
from .notices import notices_for, unread
from .pages import Filter, Page, Row, by_numbers, count, page, page_json, soonest, with_due

__all__ = [
    "CaseView", "Filter", "Inbox", "Line", "Page", "Press", "Row", "Step", "Tab", "Task", "answered", "available", "by_numbers", "case_for", "clocks_of",
    "count", "counts", "document_for", "draft", "erased_among", "erased_from", "facts_by_number", "facts_of", "file_of", "inbox", "kinds", "kinds_for_persons",
    "may_press", "notices_for", "page", "page_json", "paper_of", "sees", "sentence", "settled_among", "soonest", "timeline", "too_late", "track", "undelivered", "unread", "with_due",
]  # fmt: skip
