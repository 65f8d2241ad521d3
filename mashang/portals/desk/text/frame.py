"""What the five pages share: their tabs, the file that is given, one work at a time, a table to look at or to take away.

Letters hold what people wrote in confidence: they travel in bodies, never in addresses, and are gone with the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.sheet import defused
from mashang.portals.shared import forms, parts
from mashang.portals.shared.downloads import attachment
from mashang.text.rules import clean, mask_personal
from mashang.text.rules.tables import LONGEST, Table, as_csv, table_of

from ..frame import page

MOST_BYTES = 20 * 1024 * 1024
SHORT = 160
_one_at_a_time = Lock()
"""Comparing thousands of letters takes hundreds of megabytes: those who ask at once are served one after the other."""

Found = HttpResponse | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A form of the page, and what it comes to: a file to take away, or values for the page to show."""

    title: str
    fields: Sequence[parts.Field]
    button: str
    work: Callable[[HttpRequest], Found]


def text_page(request: HttpRequest, here: str, ways: Mapping[str, Way], **context: Any) -> HttpResponse:
    """A page of the five: its forms, above them what the one that was sent came to, or what is wrong with it."""
    asked, found, refused = request.GET.get("way", ""), None, None
    if request.method == "POST":
        if asked not in ways:
            raise NotFound
        try:
            with _one_at_a_time:
                found = ways[asked].work(request)
        except Refused as no:
            refused = no
    if isinstance(found, HttpResponse):
        return found
    drawn = [(way.title, _form(request, name, way, refused if name == asked else None)) for name, way in ways.items()]
    answer = page(
        request, f"text/{here}", "text", 422 if refused else 200, tabs=_tabs(here), forms=drawn, found=found, **context
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def _form(request: HttpRequest, name: str, way: Way, refused: Refused | None) -> forms.Form:
    sent = request.method == "POST" and request.GET.get("way") == name
    values = forms.typed(request.POST, way.fields) if sent else None
    return forms.build(
        way.fields, action=f"{request.path}?way={name}", button=way.button, values=values, refused=refused
    )


def _tabs(here: str) -> list[parts.Tab]:
    known = (
        ("replies", _("答复检查"), "desk:text"), ("hot", _("热点归并"), "desk:text_hot"),
        ("similar", _("查重"), "desk:text_similar"), ("classify", _("分类"), "desk:text_classify"),
        ("mask", _("遮盖"), "desk:text_mask"),
    )  # fmt: skip
    return [parts.Tab(label, reverse(url), current=name == here) for name, label, url in known]


def file_fields(columns: str, most: int) -> list[parts.Field]:
    """The file, and whether its answer is to be looked at or taken away."""
    said = _("CSV 表（Excel 可以另存为 CSV）。第一行写列名：%(columns)s。最多 %(most)d 行、20 MB。") % {
        "columns": columns,
        "most": most,
    }
    ways = (("see", _("在网页上看")), ("take", _("下载表格")))
    return [
        parts.Field("file", _("来文文件"), "file", required=True, help=said, attrs={"accept": ".csv,text/csv"}),
        parts.Field("out", _("结果"), "choice", required=True, choices=ways, value="see"),
    ]


def table_in(request: HttpRequest, needed: Sequence[str], most: int, command: str, least: int = 1) -> Table:
    """The table that was given. Refuses none, one too large for a page, and one with broken rows."""
    given = request.FILES.get("file")
    if given is None:
        raise Refused("text.file", "请选择一个 CSV 文件。", "file")
    if (given.size or 0) > MOST_BYTES:
        said = _("文件超过 20 MB。请分批上传，或请管理员在服务器上用命令 mashang text %(command)s 处理。")
        raise Refused("text.large", said % {"command": command}, "file")
    table = table_of(given.read(), given.name or "CSV", needed, least)
    if len(table) > most:
        said = _(
            "文件有 %(rows)d 行，网页上一次最多 %(most)d 行。请分批上传，或请管理员在服务器上用命令 mashang text %(command)s 处理。"
        )
        raise Refused("text.many", said % {"rows": len(table), "most": most, "command": command}, "file")
    return table


def typed_text(request: HttpRequest, name: str) -> str:
    """What was typed into a field, cleaned. Refuses what is longer than a cell of a file may be."""
    text = clean(request.POST.get(name, "")).strip()
    if len(text) > LONGEST:
        raise Refused("text.long", "这一栏的文字太长，请不超过 10 万字。", name)
    return text


def letter_in(request: HttpRequest, faults: list[Fault]) -> tuple[str, str]:
    """Title and body that were typed; one of the two may be empty, both are a fault."""
    title, body = typed_text(request, "title"), typed_text(request, "body")
    if not title and not body:
        faults.append(Fault("text.empty", "请填写来信的标题或正文。", "body"))
    return title, body


def taken(request: HttpRequest) -> bool:
    return request.POST.get("out") == "take"


def csv_file(name: str, table: tuple[Sequence[str], Iterable[Sequence[Any]]]) -> HttpResponse:
    """The table to take away; what a citizen wrote never becomes a formula in an office's spreadsheet."""
    heading, *rows = ([defused(c) if isinstance(c, str) else c for c in row] for row in (table[0], *table[1]))
    return attachment(as_csv(heading, rows).encode(), f"{name}.csv", "text/csv; charset=utf-8")


def shortened(text: str, most: int = SHORT) -> str:
    """Masked, then cut, so that no cut runs through what should have been masked."""
    masked = " ".join(mask_personal(text).split())
    return masked if len(masked) <= most else f"{masked[:most]}…"
