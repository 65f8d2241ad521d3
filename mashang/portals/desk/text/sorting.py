"""分类: what a letter is about, by the newest model that an administrator has laid into the models folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mashang.kernel.refused import Fault, Refused
from mashang.portals.shared import parts
from mashang.text.rules import work

from .frame import Found, Way, csv_file, file_fields, letter_in, shortened, table_in, taken, text_page

if TYPE_CHECKING:
    from mashang.text.rules.model import Model

MOST, SHOWN = 20_000, 300


@require_http_methods(["GET", "POST"])
def classify(request: HttpRequest) -> HttpResponse:
    """Without a model there is no form, only how one is installed."""
    model = work.installed(Path(settings.VAR) / "models")
    if model is None:
        return text_page(request, "classify", {}, ready=False)
    fields = [
        parts.Field("title", _("来信标题")),
        parts.Field("body", _("来信"), "textarea", required=True),
    ]
    ways = {
        "one": Way(_("分一件"), fields, _("分类"), partial(_one, model)),
        "file": Way(
            _("分一批"),
            file_fields(_("文本，或标题和正文（英文列名 text、title、body 也可以）"), MOST),
            _("分这一批"),
            partial(_many, model),
        ),
    }
    return text_page(request, "classify", ways, ready=True, labels=model.labels)


def _one(model: Model, request: HttpRequest) -> Found:
    faults: list[Fault] = []
    title, body = letter_in(request, faults)
    if faults:
        raise Refused.of(faults)
    [verdict] = model.verdicts([f"{title}。{body}"])
    return {
        "label": verdict.label, "confidence": f"{verdict.confidence:.0%}", "reasons": shortened("、".join(verdict.reasons))
    }  # fmt: skip


def _many(model: Model, request: HttpRequest) -> Found:
    """The least sure first: those are for a person to look at."""
    table = table_in(request, (), MOST, "classify")
    texts = work.sortable(table)
    verdicts = model.verdicts(texts)
    if taken(request):
        return csv_file(_("分类"), work.sorted_rows(table, verdicts))
    order = sorted(range(len(texts)), key=lambda n: verdicts[n].confidence)[:SHOWN]
    columns = (
        parts.Column(_("行"), "n"), parts.Column(_("来信"), lead=True), parts.Column(_("类别")), parts.Column(_("把握"), "n"),
        parts.Column(_("由哪些词看出")),
    )  # fmt: skip
    rows = [
        parts.Row((
            str(table.numbers[n]), shortened(texts[n], 80), verdicts[n].label, f"{verdicts[n].confidence:.0%}",
            shortened("、".join(verdicts[n].reasons)),
        ))
        for n in order
    ]  # fmt: skip
    counts = [(label, sum(v.label == label for v in verdicts)) for label in model.labels]
    return {
        "count": len(texts), "counts": sorted(counts, key=lambda c: -c[1]), "shown": len(rows),
        "table": parts.Table(columns, rows, "", _("把握最小的在前")),
    }  # fmt: skip
