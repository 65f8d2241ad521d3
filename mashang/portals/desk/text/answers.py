"""答复检查: does the answer answer? One that is typed, or a file of them, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mashang.clocks import queries as clocks
from mashang.clocks.rules import Calendar
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.text.rules import delay, work
from mashang.text.rules.tables import Table, read_time

from ..frame import who
from .frame import Found, Way, csv_file, file_fields, letter_in, shortened, table_in, taken, text_page, typed_text

if TYPE_CHECKING:
    from mashang.text.rules.replies import Check

MOST, SHOWN = 5000, 200
COLUMNS = ("title", "body", "reply", "at", "replied_at")


@require_http_methods(["GET", "POST"])
def replies(request: HttpRequest) -> HttpResponse:
    ways = {
        "one": Way(_("检查一件"), _fields(), _("检查这一件"), _one),
        "file": Way(
            _("检查一批"),
            file_fields(
                _("标题、正文、答复、来信时间、答复时间（英文列名 title、body、reply、at、replied_at 也可以）"), MOST
            ),
            _("检查这一批"),
            _many,
        ),
    }
    return text_page(request, "replies", ways)


def _fields() -> list[parts.Field]:
    return [
        parts.Field("title", _("来信标题")),
        parts.Field("body", _("来信"), "textarea", required=True),
        parts.Field("reply", _("答复"), "textarea", required=True),
        parts.Field("at", _("来信时间"), "date", size="s"),
        parts.Field("replied_at", _("答复时间"), "date", size="s"),
    ]


def _calendar(request: HttpRequest) -> Calendar:
    """The working days of the reader's unit's region."""
    home = next((u.region for u in org.units_of([who(request).unit_id])), "")
    return clocks.calendar_for(home, None)


def _one(request: HttpRequest) -> Found:
    """An answer by itself: what comes from comparing answers is not seen in it, and the page says so."""
    faults: list[Fault] = []
    title, body = letter_in(request, faults)
    reply = typed_text(request, "reply")
    if not reply:
        faults.append(Fault("text.empty", "请填写答复。", "reply"))
    asked, answered = (_moment(request, name, faults) for name in ("at", "replied_at"))
    if asked and answered and delay.is_before(answered, asked):
        faults.append(Fault("text.order", "答复时间早于来信时间，请核对。", "replied_at"))
    if faults:
        raise Refused.of(faults)
    [check] = work.checked([work.exchange(title, body, reply, asked, answered, _calendar(request))])
    return {
        "verdict": _verdict(check),
        "reason": told(check.reason, _),
        "parts": _parts(check),
        "risk": f"{check.risk:.2f}",
    }


def _moment(request: HttpRequest, name: str, faults: list[Fault]) -> datetime | None:
    text = typed_text(request, name)
    found = read_time(text) if text else None
    if text and found is None:
        faults.append(Fault("text.time", "请写成 2026-03-02 这样的日期。", name))
    return found


def _verdict(check: Check) -> tuple[str, str]:
    return ("late", _("建议把关")) if check.verdict == "hold" else ("ok", _("通过"))


def _parts(check: Check) -> parts.Table:
    names = {
        "relevance": _("切题"), "completeness": _("完整"), "grounds": _("依据"), "tone": _("用语"), "template": _("不雷同"),
        "length": _("篇幅"), "delay": _("时限"),
    }  # fmt: skip
    columns = (parts.Column(_("项目"), lead=True), parts.Column(_("得分"), "n"), parts.Column(_("由哪里看出")))
    rows = [parts.Row((names[name], f"{part.value:.2f}", told(part.passage, _))) for name, part in check.parts.items()]
    return parts.Table(columns, rows, "", _("七项得分，0 最差，1 最好"))


def _many(request: HttpRequest) -> Found:
    table = table_in(request, COLUMNS, MOST, "check-replies")
    given = work.exchanges(table, _calendar(request))
    checks = work.checked(given, table.numbers)
    if taken(request):
        return csv_file(_("答复检查"), work.checked_rows(table, given, checks))
    worst = sorted(range(len(checks)), key=lambda n: -checks[n].risk)[:SHOWN]
    return {
        "count": len(checks),
        "held": sum(c.verdict == "hold" for c in checks),
        "within": [(days, f"{share:.1%}") for days, share in work.within(given).items()],
        "table": _worst(table, checks, worst),
        "shown": len(worst),
    }


def _worst(table: Table, checks: Sequence[Check], order: Sequence[int]) -> parts.Table:
    columns = (
        parts.Column(_("行"), "n"), parts.Column(_("来信"), lead=True), parts.Column(_("意见")), parts.Column(_("风险"), "n"),
        parts.Column(_("理由")),
    )  # fmt: skip
    titles, bodies = table.column("title"), table.column("body")

    def row(n: int) -> parts.Row:
        cells: tuple[Any, ...] = (
            str(table.numbers[n]), shortened(titles[n] or bodies[n], 60), _verdict(checks[n]), f"{checks[n].risk:.2f}",
            told(checks[n].reason, _),
        )  # fmt: skip
        return parts.Row(cells)

    return parts.Table(columns, [row(n) for n in order], "", _("风险最高的在前"))
