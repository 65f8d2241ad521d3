"""A bar or an interval for a table's cell; what it says stands beside it in words."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from .charts import meters
from .parts import Bar


def meter(value: float, low: float, high: float, top: float = 100, floor: float = 0) -> SafeString:
    """The interval low..high with a tick at the value, on a scale from `floor` to `top`."""
    drawn = meters([Bar("", value, low=low, high=high)], top, floor)[0]
    return format_html(
        '<svg class="meter in-cell" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" y="3" width="100" height="8"/><rect class="band" x="{}" y="3" width="{}" height="8"/>'
        '<rect class="tick" x="{}" y="1" width="1.2" height="12"/></svg>',
        drawn.x, drawn.width, drawn.tick,
    )  # fmt: skip
