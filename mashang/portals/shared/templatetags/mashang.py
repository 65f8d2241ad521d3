"""The components as tags: `{% load mashang %}`. Each is described, with a line of use, in docs/portals.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mashang.catalogue.rules import spoken
from mashang.kernel.refused import Fault
from mashang.kernel.said import told
from mashang.performance.rules.periods import in_words
from mashang.portals.shared import charts, parts, ribbon, words
from mashang.portals.shared.forms import Form

register = template.Library()
register.filter("when", words.when)
register.filter("stamp", words.stamp)
register.filter("last_day", words.last_day)
register.filter("weekday", words.weekday)


@register.filter
def words_of(text: Any) -> str:
    """A sentence from the rules in the reader's language, where a translation exists."""
    return told(text, _)


@register.simple_tag
def shape(state: str) -> SafeString:
    """The lamp's shape alone, for marks beside text that says the same."""
    path = words.SHAPES.get(state, words.SHAPES["none"])
    return format_html('<svg viewBox="0 0 10 10" aria-hidden="true"><path fill-rule="evenodd" d="{}"/></svg>', path)


@register.simple_tag
def lamp(state: str, text: str = "", large: bool = False) -> SafeString:
    """Colour, shape and word."""
    known = state if state in parts.LAMPS else "none"
    size = " large" if large else ""
    return format_html('<span class="lamp {}{}">{}{}</span>', known, size, shape(known), text or words.lamp_word(known))


@register.simple_tag
def remaining(value: parts.Remaining | None, short: bool = False, large: bool = False) -> SafeString:
    """剩 3 个工作日 · 11月28日 17:30 前; `short` leaves the date out and keeps it as a tooltip."""
    if value is None:
        return lamp("none")
    text = words.remaining_words(value, short=short)
    due = words.remaining_due(value) if short else ""
    inner = lamp(value.lamp, text, large)
    return format_html('<span title="{}">{}</span>', due, inner) if due else inner


@register.filter
def shown(value: Any) -> Any:
    """Any cell or fact as HTML: a clock, a (lamp, text) pair, a Cell, an instant, a number, text, or a dash."""
    if isinstance(value, parts.Remaining):
        return remaining(value, short=True)
    if isinstance(value, tuple) and len(value) == 2 and value[0] in parts.LAMPS:
        return lamp(*value)
    if isinstance(value, parts.Cell):
        return _cell(value)
    if isinstance(value, datetime | date):
        return words.stamp(value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float):
        return number_format(value, use_l10n=True)
    if value is None or value == "":
        return "—"
    return value


def _cell(cell: parts.Cell) -> SafeString:
    text = shown(cell.text)
    main = format_html('<a href="{}" data-row>{}</a>', cell.href, text) if cell.href else format_html("{}", text)
    return format_html('{}<span class="cell-sub">{}</span>', main, cell.sub) if cell.sub else main


@register.inclusion_tag("shared/parts/ribbon.html", name="ribbon")
def show_ribbon(value: parts.Ribbon, width: int = 860) -> dict[str, Any]:
    """The clock ribbon; `width` in units of 1/14 rem: 860 fills a desk page, 640 a hall page."""
    legend = [(kind, ribbon.kind_word(kind)) for kind in dict.fromkeys(s.kind for r in value.rows for s in r.segments)]
    return {"drawing": ribbon.draw(value, width), "legend": legend}


@register.inclusion_tag("shared/parts/timeline.html")
def timeline(moments: Sequence[parts.Moment], empty: str = "") -> dict[str, Any]:
    return {"moments": moments, "empty": empty or _("还没有记录。")}


@register.inclusion_tag("shared/parts/why.html")
def why(lines: Sequence[parts.WhyLine], caption: str = "") -> dict[str, Any]:
    return {"lines": lines, "caption": caption or _("期限怎样算出")}


@register.inclusion_tag("shared/parts/facts.html")
def facts(pairs: Iterable[tuple[str, Any]], lines: bool = False) -> dict[str, Any]:
    return {"pairs": list(pairs), "lines": lines}


@register.inclusion_tag("shared/parts/table.html", takes_context=True)
def table(context: Context, value: parts.Table) -> dict[str, Any]:
    """Rows open with Enter, stand as cards on phones; an empty table says why."""
    return {"table": value, "request": context.get("request"), "columns": list(_sorted_columns(context, value))}


def _sorted_columns(context: Context, value: parts.Table) -> Iterable[tuple[parts.Column, str, str]]:
    """Each column with the address that sorts by it and its present direction."""
    for column in value.columns:
        if not column.sort:
            yield column, "", ""
            continue
        up, down = column.sort, f"-{column.sort}"
        direction = {up: "ascending", down: "descending"}.get(value.sort, "none")
        yield column, _query(context, sort=down if value.sort == up else up, after=None, before=None), direction


def _query(context: Context, **changes: str | None) -> str:
    """The present query with some parameters set (or taken out with None)."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("shared/parts/tabs.html")
def tabs(items: Sequence[parts.Tab], label: str = "") -> dict[str, Any]:
    return {"items": items, "label": label or _("分页签")}


@register.inclusion_tag("shared/parts/chips.html", takes_context=True)
def chips(context: Context, filters: Sequence[parts.Filter]) -> dict[str, Any]:
    """Filters as drop-downs of links: the address holds them all, so that it can be kept and sent."""
    drawn = [_chip(context, f) for f in filters]
    names = {f.name for f in filters}
    request = context["request"]
    some = any(name in request.GET for name in names)
    cleared = _query(context, **dict.fromkeys([*names, "after", "before"]))
    return {"filters": drawn, "clear": cleared if some else ""}


def _chip(context: Context, f: parts.Filter) -> dict[str, Any]:
    chosen = context["request"].GET.getlist(f.name)
    options = []
    for value, label, *count in f.options:
        on = str(value) in chosen
        kept = [v for v in chosen if v != str(value)] if on else ([*chosen, str(value)] if f.many else [str(value)])
        options.append(
            {"label": label, "on": on, "href": _with(context, f.name, kept), "count": next(iter(count), None)}
        )
    labels = [str(o["label"]) for o in options if o["on"]]
    return {"label": f.label, "name": f.name, "options": options, "chosen": "、".join(labels)}


def _with(context: Context, name: str, values: list[str]) -> str:
    query = context["request"].GET.copy()
    query.pop("after", None)
    query.pop("before", None)
    query.setlist(name, values)
    if not values:
        query.pop(name, None)
    return f"?{query.urlencode()}"


@register.inclusion_tag("shared/parts/pager.html")
def pager(value: parts.Pager) -> dict[str, Any]:
    return {"pager": value}


@register.simple_tag(takes_context=True)
def field(context: Context, value: parts.Field) -> SafeString:
    """One field: label, help, fault, control, in this order."""
    kinds = {"textarea": "textarea", "choice": "choice", "list": "choice", "multi": "choice", "checkbox": "checkbox"}
    kinds |= {
        "file": "file",
        "photo": "file",
        "date": "date",
        "hidden": "hidden",
        "place": "place",
        "division": "division",
        "limit": "limit",
    }
    name = kinds.get(value.type, "text")
    inputs = {"phone": "tel", "idcard": "text", "datetime": "datetime-local"}
    modes = {"number": "decimal", "phone": "tel", "idcard": "text"}
    completes = {"phone": "tel", "email": "email", "password": "current-password"}
    chosen = {str(v) for v in value.value} if isinstance(value.value, list | tuple | set) else {str(value.value)}
    radios = value.type == "choice" and len(value.choices) <= 6
    return render_to_string(
        f"shared/fields/{name}.html",
        {
            "field": value,
            "input": inputs.get(value.type, value.type),
            "mode": modes.get(value.type, ""),
            "complete": completes.get(value.type, ""),
            "chosen": chosen,
            "radios": radios,
            "undo": radios and not value.required and all(c[0] != "" for c in value.choices),  # a radio stays pressed
            "value": "" if value.value is None else value.value,
            **(_limit_parts(value) if value.type == "limit" else {}),
        },
    )


def _limit_parts(value: parts.Field) -> dict[str, str]:
    """20wd as the number and the unit that its field shows; what is no limit stands whole where the number does."""
    units = "|".join(str(code) for code, *_rest in value.choices)
    found = re.fullmatch(rf"(.*?)({units})?", str(value.value or ""), re.DOTALL)
    amount, unit = (found[1], found[2]) if found else (str(value.value), "")
    return {"amount": amount, "unit": unit or value.unit}


@register.simple_tag
def attributes(values: dict[str, Any]) -> SafeString:
    """A mapping as HTML attributes; True stands alone, False and None are left out."""
    made = [
        format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value)
        for name, value in values.items()
        if value not in (None, False)
    ]
    return mark_safe("".join(made))


@register.inclusion_tag("shared/parts/form.html", takes_context=True)
def form(context: Context, value: Form) -> dict[str, Any]:
    """A whole form: error summary, fields, hidden key, draft, button."""
    return {"form": value, "csrf_token": context.get("csrf_token"), "shell": context.get("shell")}


@register.inclusion_tag("shared/parts/faults.html")
def error_summary(faults: Sequence[Fault], fields: Sequence[parts.Field] = ()) -> dict[str, Any]:
    """Everything that is wrong, at the top, with links to the fields; a sentence that doesn't name its field gets its label."""
    known = {f.name: f for f in fields}
    found = [(known.get(f.field), told(f.text, _)) for f in faults]
    return {"faults": [(at.id if at else "", _labelled(at, text)) for at, text in found]}


def _labelled(at: parts.Field | None, text: str) -> str:
    if at is None or not at.label or at.label in text:
        return text
    return _("%(label)s：%(text)s") % {"label": at.label, "text": text}


@register.inclusion_tag("shared/parts/tiles.html")
def tile_map(tiles: Sequence[parts.Tile], label: str = "", note: str = "") -> dict[str, Any]:
    drawn = charts.draw_map(tiles)
    return {
        "map": drawn,
        "label": label or _("各县亮灯示意图"),
        "note": note or _("示意图，一格一县，不代表面积与界线。"),
        "shapes": words.SHAPES,
        "key": [(state, words.lamp_word(state)) for state in drawn.lamps],
    }


@register.simple_tag
def tile_shape(state: str, x: int, y: int) -> SafeString:
    """The lamp's shape inside the map."""
    path = words.SHAPES.get(state, words.SHAPES["none"])
    return format_html('<path class="shape" fill-rule="evenodd" transform="translate({} {})" d="{}"/>', x, y, path)


@register.filter
def lamp_name(state: str) -> str:
    return words.lamp_word(state)


@register.inclusion_tag("shared/parts/spark.html")
def spark(values: Sequence[float], label: str, low: Sequence[float] = (), high: Sequence[float] = ()) -> dict[str, Any]:
    return {"spark": charts.spark(values, low, high), "label": label}


@register.inclusion_tag("shared/parts/bars.html")
def bars(values: Sequence[parts.Bar], label: str = "", top: float | None = None, floor: float = 0) -> dict[str, Any]:
    """A list of bars or intervals on one scale."""
    return {"meters": charts.meters(values, top, floor), "label": label}


@register.inclusion_tag("shared/parts/progress.html")
def progress(value: parts.Progress) -> dict[str, Any]:
    return {"progress": value}


@register.inclusion_tag("shared/parts/empty.html")
def empty(text: str, href: str = "", label: str = "") -> dict[str, Any]:
    return {"text": text, "href": href, "label": label}


@register.inclusion_tag("shared/parts/nav.html")
def side_nav(groups: Sequence[parts.NavGroup]) -> dict[str, Any]:
    return {"groups": groups}


@register.inclusion_tag("shared/parts/dock.html")
def dock(groups: Sequence[parts.NavGroup]) -> dict[str, Any]:
    """The phone's bottom bar: the first four links of the first group; the rest under 更多."""
    first = list(groups[0].items[:4]) if groups else []
    rest = [parts.NavGroup(groups[0].items[4:]), *groups[1:]] if groups else []
    return {"first": first, "rest": [g for g in rest if g.items]}


@register.simple_block_tag
def box(content: str, state: str = "", title: str = "") -> SafeString:
    """A notice with its mark: `{% box "warn" "标题" %}…{% endbox %}`."""
    heading = format_html("<h2>{}</h2>", title) if title else ""
    mark = shape(state) if state else ""
    return format_html('<div class="note {}">{}<div>{}{}</div></div>', state, mark, heading, content)


@register.simple_tag
def draft_done(name: str) -> SafeString:
    """On the page after a form was taken: lets the browser forget its draft."""
    return format_html('<span hidden data-draft-clear="{}"></span>', name)


@register.filter
def day(value: date | None) -> str:
    """11月28日, with the year when it is not this one: a day that a sentence names."""
    return words.date_words(value) if value else ""


@register.filter
def period_words(name: str) -> str:
    """2026-03 → 2026年3月."""
    return told(in_words(name), _)


@register.filter
def limit_words(limit: str) -> str:
    """3wd → 3个工作日."""
    return told(spoken(limit), _)
