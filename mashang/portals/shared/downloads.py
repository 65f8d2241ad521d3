"""Files to the reader: named in Chinese, never run by the browser, never kept by a cache."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
INLINE = frozenset({"application/pdf", "image/jpeg", "image/png"})


def attachment(content: bytes, name: str, media_type: str, *, inline: bool = False) -> HttpResponse:
    """A download; pictures and PDF may open in the page."""
    kind = "inline" if inline and media_type in INLINE else "attachment"
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
