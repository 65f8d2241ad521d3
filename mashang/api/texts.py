"""Texts sorted, checked, compared, masked. Nothing is stored, so that no call needs a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext
from ninja import Router

from mashang.clocks import queries as clocks
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.text.rules import clean, find_personal, mask_personal, work

from . import sums
from .base import given, operation
from .door import Called
from .problems import pointer_to

router = Router(tags=["texts"])
MOST_PAIRS = 100_000


def _read(items: Sequence[sums.Letter], faults: Sequence[Fault] = ()) -> list[str]:
    """The text of each item. Refuses items that say nothing, and the faults found before, all at once."""
    empty = [
        Fault("text.empty", "标题和正文不能都是空的。", pointer_to("items", n, "body"))
        for n, one in enumerate(items)
        if not clean(one.title + one.body).strip()
    ]
    if faults or empty:
        raise Refused.of([*faults, *empty])
    return [f"{clean(one.title)}。{clean(one.body)}" for one in items]


def _local(at: datetime | None) -> datetime | None:
    return at and at.astimezone(ZONE)


@operation(router, "POST", "/text/classify", {200: sums.SortedTexts}, summary="What each text is about")
def classify_texts(request: Called, asked: sums.Letters) -> HttpResponse:
    """By the newest model of this installation; 409 while it has none. `reasons`: the words that decided."""
    texts = _read(asked.items)
    model = work.installed(Path(settings.VAR) / "models")
    if model is None:
        raise Refused("conflict.no-model", "这套系统还没有安装分类模型，请联系系统管理员。")
    items = [
        sums.SortedText(
            id=clean(one.id), label=v.label, confidence=round(v.confidence, 4), reasons=[mask_personal(r) for r in v.reasons]
        )
        for one, v in zip(asked.items, model.verdicts(texts), strict=True)
    ]  # fmt: skip
    return given(sums.SortedTexts(items=items))


@operation(router, "POST", "/text/check-replies", {200: sums.CheckedReplies}, summary="Whether each answer answers")
def check_replies(request: Called, asked: sums.Answers) -> HttpResponse:
    """Answers are judged among the others of the call; passages count rows as a sheet does, the first item is row 2."""
    late = [
        Fault("text.order", "答复时间早于来信时间，请核对。", pointer_to("items", n, "replied_at"))
        for n, one in enumerate(asked.items)
        if one.at and one.replied_at and one.replied_at < one.at
    ]
    _read(asked.items, late)
    home = next((u.region for u in org.units_of([request.auth.unit_id])), "")
    calendar = clocks.calendar_for(home, None)
    exchanges = [
        work.exchange(clean(o.title), clean(o.body), clean(o.reply), _local(o.at), _local(o.replied_at), calendar)
        for o in asked.items
    ]
    items = [
        sums.CheckedReply(
            id=clean(one.id), verdict=check.verdict, risk=check.risk, reason=told(check.reason, gettext), working_days=exchange.working_days,
            parts={name: sums.PartOfReply(value=round(p.value, 3), passage=told(p.passage, gettext)) for name, p in check.parts.items()},
        )
        for one, exchange, check in zip(asked.items, exchanges, work.checked(exchanges), strict=True)
    ]  # fmt: skip
    within = {str(days): round(share, 4) for days, share in work.within(exchanges).items()}
    return given(sums.CheckedReplies(items=items, within=within))


@operation(router, "POST", "/text/similar", {200: sums.PairsFound}, summary="Near-duplicates among the texts")
def find_similar(request: Called, asked: sums.Compared) -> HttpResponse:
    """Every pair told is one; of pairs at just 0.8, 99.8 % are found."""
    pairs = work.alike(_read(asked.items), asked.threshold)
    if len(pairs.first) > MOST_PAIRS:
        raise Refused("text.pairs", "近似的来信太多，请先去掉整批重复的，或提高 threshold。", "threshold")
    ids = [clean(one.id) for one in asked.items]
    items = [
        sums.Pair(first=a, second=b, first_id=ids[a], second_id=ids[b], share=round(share, 4))
        for a, b, share in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.share.tolist(), strict=True)
    ]
    return given(sums.PairsFound(items=items))


@operation(router, "POST", "/text/hot", {200: sums.Matters}, summary="Messages grouped by matter, with their heat")
def group_hot(request: Called, asked: sums.Grouped) -> HttpResponse:
    """Groups of two and more, the hottest first; personal data in titles is masked."""
    ids = [clean(one.id) for one in asked.items]
    first = {name: n for n, name in reversed(list(enumerate(ids)))}
    twice = [
        Fault("text.id", "编号不能为空，也不能与别的重复。", pointer_to("items", n, "id"))
        for n, name in enumerate(ids)
        if not name or first[name] != n
    ]
    _read(asked.items, twice)
    messages = [
        work.message(name, one.at.astimezone(ZONE), clean(one.title), clean(one.body), one.likes)
        for name, one in zip(ids, asked.items, strict=True)
    ]
    items = [
        sums.Matter(
            title=g.title, places=list(g.places), first=g.first, last=g.last, count=len(g.messages), likes=g.likes, heat=g.heat,
            current=g.current, rising=g.rising, messages=[m.id for m in g.messages],
        )
        for g in work.grouped(messages, _local(asked.at)).groups
    ]  # fmt: skip
    return given(sums.Matters(items=items))


@operation(router, "POST", "/text/mask", {200: sums.MaskedTexts}, summary="Texts with personal data starred")
def mask_texts(request: Called, asked: sums.Passages) -> HttpResponse:
    """Phones, identity numbers and bank cards whose checksum holds, plates, e-mail addresses. Lengths stay."""
    texts = [clean(one.text) for one in asked.items]
    items = [
        sums.MaskedText(id=clean(one.id), text=mask_personal(text), found=len(find_personal(text)))
        for one, text in zip(asked.items, texts, strict=True)
    ]
    return given(sums.MaskedTexts(items=items))
