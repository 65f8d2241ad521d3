"""What may become the next version of a clock: read from a form, every fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said

from .limit import Limit
from .rule import ClockRule, Extension, Ground

LONGEST = {"source": 300, "document": 100, "approver": 100}
FIVE_YEARS = {"wd": 1250, "nd": 1830, "wh": 10_000, "h": 43_900, "mo": 60, "yr": 5}
"""The most of each unit: a calendar runs ten years on, and a clock extended once still ends in it."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What an administrator filled in, as typed. `limit` is empty where each case brings its own."""

    limit: str = ""
    warn: str = ""
    grounds: tuple[str, ...] = ()
    extension: str = ""
    times: str = "1"
    approver: str = ""
    effect: str = ""
    source: str = ""
    verified: bool = False
    document: str = ""


def next_version(
    rule: ClockRule, form: NewVersion, grounds: Mapping[str, Ground], effects: Mapping[str, str]
) -> ClockRule:
    """The rule as the form changes it. What a clock is (its start, its kind, how it counts) stays. Refuses all faults
    at once; "verified" needs the number of the document in which the wording was read."""
    faults: list[Fault] = []
    limit = _limit(form.limit, "limit", faults)
    if rule.limit is not None and not form.limit:
        faults.append(Fault("rule.limit", "请填写时限。", "limit"))
    if rule.limit is None and form.limit:
        faults.append(Fault("rule.open", "这个时钟的时限由每件自己确定，不能统一规定，请不要填写。", "limit"))
    warn = _limit(form.warn, "warn", faults, periods=False)
    if limit and warn and warn.unit == limit.unit and warn.amount >= limit.amount:
        faults.append(Fault("rule.warn", "提前提醒的时间应短于时限。", "warn"))
    extension = _extension(form, limit, faults)
    if unknown := [code for code in form.grounds if code not in grounds]:
        text = said("没有这样的中止事由：{unknown}。", unknown=unknown)
        faults.append(Fault("rule.ground", text, "grounds"))
    if form.effect not in effects:
        faults.append(Fault("rule.effect", "请选择到期后果。", "effect"))
    if not form.source:
        faults.append(Fault("rule.source", "请填写依据，写明法律法规或文件的名称和条款。", "source"))
    if form.verified and not form.document:
        faults.append(Fault("rule.document", "标为已核实时，请填写核对原文的文号或公布出处。", "document"))
    faults += too_long(form, LONGEST)
    if faults:
        raise Refused.of(faults)
    kept = effects[form.effect] if form.effect != rule.effect else rule.effect_label
    same = {ground.code for ground in rule.grounds} == set(form.grounds)
    chosen = rule.grounds if same else tuple(grounds[code] for code in grounds if code in form.grounds)
    return replace(
        rule, limit=limit, warn=warn, extension=extension, effect=form.effect, effect_label=kept, source=form.source,
        grounds=chosen, verified=form.verified,
        document=form.document,
    )  # fmt: skip


def too_long(form: object, longest: Mapping[str, int]) -> list[Fault]:
    """A fault for each of its texts, by name, that has more characters than may be kept."""
    return [
        Fault("text.long", said("不能超过 {most} 个字。", most=most), name)
        for name, most in longest.items()
        if len(getattr(form, name) or "") > most
    ]


def _limit(text: str, field: str, faults: list[Fault], *, periods: bool = True) -> Limit | None:
    if not text:
        return None
    try:
        limit = Limit.parse(text, periods=periods)
    except Refused as no:
        faults.append(Fault(no.code, "请填写大于零的整数，并选择单位。", field))
        return None
    if limit.amount > FIVE_YEARS.get(limit.unit, 0):
        faults.append(Fault("rule.far", "最长五年，请改短。", field))
        return None
    return limit


def _extension(form: NewVersion, limit: Limit | None, faults: list[Fault]) -> Extension | None:
    """How far the clock may be extended; None when nothing is filled in."""
    if not form.extension:
        if form.approver:
            faults.append(
                Fault("rule.extension", "填写了批准人，请一并填写可延长多久；不得延长的，两栏都不填。", "extension")
            )
        return None
    more = _limit(form.extension, "extension", faults)
    if more and limit and more.unit != limit.unit:
        faults.append(Fault("rule.unit", "延长的单位应与时限相同。", "extension"))
    if not (form.times.isascii() and form.times.isdigit() and len(form.times) < 4 and 1 <= int(form.times) <= 9):
        faults.append(Fault("rule.times", "延长次数应在 1 到 9 之间。", "times"))
        return None
    return Extension(more, int(form.times), form.approver) if more else None
