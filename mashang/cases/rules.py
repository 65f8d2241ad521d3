"""What is allowed and how things are named, without a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from mashang.clocks.rules import APPLICANT, ClockRow
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.said import said
from mashang.org import queries as org
from mashang.org.rules import Facts
from mashang.text import rules as text

from .casefile import StepInHand, StepPlan
from .procedure import Action, Form, Procedure

MAX_UPLOAD = 20 * 1024 * 1024

_SAID = {
    "missing": "请填写这一项。",
    "extra_forbidden": "这一项不在表单里，请删除。",
    "string_too_short": "请填写这一项。",
    "string_too_long": "内容太长，最多 {max_length} 个字。",
    "string_type": "请填写文字。",
    "string_pattern_mismatch": "格式不对，请核对后重填。",
    "int_parsing": "请填写整数。",
    "int_type": "请填写整数。",
    "float_parsing": "请填写数字。",
    "decimal_parsing": "请填写数字。",
    "bool_parsing": "请选择是或否。",
    "date_from_datetime_parsing": "请填写日期，例如 2026-03-02。",
    "date_parsing": "请填写日期，例如 2026-03-02。",
    "datetime_parsing": "请填写时间，例如 2026-03-02 09:30。",
    "datetime_from_date_parsing": "请填写时间，例如 2026-03-02 09:30。",
    "greater_than_equal": "不能小于 {ge}。",
    "less_than_equal": "不能大于 {le}。",
    "greater_than": "必须大于 {gt}。",
    "less_than": "必须小于 {lt}。",
    "enum": "请从列出的选项中选择。",
    "literal_error": "请从列出的选项中选择。",
    "list_type": "请逐项填写。",
    "too_short": "至少填写 {min_length} 项。",
    "too_long": "最多填写 {max_length} 项。",
    "dict_type": "请按表单逐项填写。",
}


def parse(form: type[Form], data: Mapping[str, Any] | Form) -> Form:
    """The form filled in. Refuses with every fault at once, each on its field (一次性告知 holds for forms too)."""
    if isinstance(data, form):
        return data
    values = data.model_dump() if isinstance(data, Form) else dict(data)
    if _suspect(values) and (
        faults := [Fault("form.nul", "内容含有无法保存的字符，请删除后重填。", path) for path in _nuls(values)]
    ):
        raise Refused.of(faults)
    try:
        return form.model_validate(values)
    except ValidationError as errors:
        raise Refused.of([fault_of(e) for e in errors.errors(include_url=False)]) from None


def fault_of(error: Any) -> Fault:
    """One of pydantic's findings, in a sentence for whoever filled in the form. The API's come without what was typed."""
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        text = str(context.get("error", "")) or "内容不对，请核对后重填。"
    elif error["type"] == "string_too_short" and context["min_length"] > 1 and error.get("input", "-").strip():
        text = said("太短了，请至少写 {n} 个字。", n=context["min_length"])
    else:
        text = said(_SAID.get(error["type"], "内容不对，请核对后重填。"), **context)
    return Fault(f"form.{error['type']}", text, ".".join(str(part) for part in error["loc"]))


def _suspect(values: Mapping[str, Any]) -> bool:
    """Whether it is worth looking for them one by one: as JSON a NUL is an escape, and a surrogate cannot be."""
    try:
        return b"\\u0000" in to_json(values, fallback=str)
    except ValueError:  # a surrogate, or nested too deep to say
        return True


def _nuls(value: Any, path: str = "") -> list[str]:
    """Paths of texts that hold a NUL or a lone surrogate: PostgreSQL can store neither."""
    if isinstance(value, str):
        return [path] if "\x00" in value or re.search("[\ud800-\udfff]", value) else []
    if isinstance(value, Mapping):
        return [p for k, v in value.items() for p in (_nuls(str(k), path) + _nuls(v, f"{path}.{k}".strip(".")))]
    if isinstance(value, (list, tuple)):
        return [p for i, v in enumerate(value) for p in _nuls(v, f"{path}.{i}".strip("."))]
    return []


def verb_of(procedure: Procedure, action: str) -> Action:
    """The declared action. Refuses what this kind of case does not know."""
    verb = procedure.actions.get(action)
    if verb is None or verb.on == "new":
        raise NotFound("这一类件没有这个操作，请刷新页面。")
    return verb


def may_press(verb: Action, by: Actor, facts: Facts, lead_unit: int, step: StepInHand | None) -> bool:
    """A step is worked by its own unit, a case by its lead unit, what may be pressed anywhere by each that takes part; who
    takes part as a person acts on their own case."""
    if verb.by_rule and by.kind != "system":
        return False
    unit = step.unit_id if verb.on == "step" and step else lead_unit
    units = {unit, *facts.units} if verb.anywhere else {unit}
    return org.may(by, verb.right, units=units, persons=facts.persons, region=facts.region, kind=facts.kind)


def too_late(procedure: Procedure, verb: Action, state: str, kind: str, step_state: str, label: str) -> Refused | None:
    """Why the case, or its step of this `kind`, `step_state` and `label`, is past the action or not there yet; None while it
    may be pressed."""
    if state not in verb.leaves:
        now = procedure.state_label(state)
        text = said("这一件现在是“{state}”，不能再{action}，请看最新进展。", state=now, action=verb.label)
        return Refused("conflict.state", text)
    if verb.on != "step" or not kind:
        return None
    if kind not in verb.steps:
        return Refused("conflict.step", said("“{step}”这个环节不办“{action}”。", step=label, action=verb.label))
    if step_state != "open":
        return Refused("conflict.step-done", said("“{step}”已经办过或还没有开始，请看最新进展。", step=label))
    return None


def number_prefix(region: str, mark: str, now: datetime) -> str:
    """The fixed part of a case number, as 武平-事-2026."""
    return f"{region}-{mark}-{now.year}"


_DASHES = re.compile("[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")


def typed_number(words: str) -> str:
    """A case number as somebody typed it, put right: full-width letters, digits and dashes, and spaces anywhere."""
    return re.sub(r"\s", "", _DASHES.sub("-", text.narrow(words)))


def bare_number(number: str) -> bool:
    """Whether it lacks the prefix: 2026-000318."""
    return re.fullmatch(r"\d{4}-\d{6}", number, re.ASCII) is not None


def track_faults(number: str, tail: str) -> list[Fault]:
    """What is missing to find a case without an account."""
    faults = [] if number else [Fault("track.number", "请填写件的编号。", "number")]
    if not re.fullmatch(r"\d{4}", tail, re.ASCII):
        faults.append(Fault("track.tail", "请填写手机号的后四位数字。", "tail"))
    return faults


@lru_cache(maxsize=4096)
def _title_tokens(title: str) -> frozenset[str]:
    """Pairs of characters, and the pinyin initials read from each character on, so that any part of a title is found."""
    letters = text.initials(title)
    return frozenset({*text.bigrams(title), *(letters[i : i + 12] for i in range(len(letters) - 1))})


def search_tokens(title: str, words: str, number: str) -> list[str]:
    """What a case is found by: its number, the words of its title and subject, the pinyin initials of its title."""
    return sorted({*_title_tokens(title), *text.bigrams(words), *text.bigrams(number), number})


def search_query(words: str) -> str:
    """The words typed, as a tsquery: all must match, Latin letters and digits by their beginning."""
    terms = text.search_terms(words)
    return " & ".join(f"'{term}'{':*' if term.isascii() else ''}" for term in terms)


def check_plan(plans: Sequence[StepPlan]) -> None:
    """A step graph must name each step once, wait only for steps it has, and never in a circle. Refuses with all faults."""
    codes = [p.code for p in plans]
    faults = [
        Fault("plan.twice", said("环节“{code}”重复。", code=c))
        for c in sorted({c for c in codes if codes.count(c) > 1})
    ]
    known = set(codes)
    faults += [
        Fault("plan.unknown", said("环节“{code}”要等的“{before}”不存在。", code=p.code, before=a))
        for p in plans
        for a in p.after
        if a not in known
    ]
    left = {p.code: {a for a in p.after if a in known} for p in plans}
    while ready := {code for code, after in left.items() if not after}:
        left = {code: after - ready for code, after in left.items() if code not in ready}
    if left:
        faults.append(Fault("plan.circle", said("环节互相等待，无法开始：{names}。", names=sorted(left))))
    if faults:
        raise Refused.of(faults)


_SIGNS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
)


def media_type(name: str, head: bytes) -> str:
    """The type of an upload, decided by its content and matched with its name. Refuses all but PDF, JPG, PNG, DOCX, XLSX."""
    ending = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    kinds = [(kind, endings) for sign, kind, endings in _SIGNS if head.startswith(sign)]
    if not kinds:
        raise Refused(
            "document.type", said("“{name}”不是可以接收的文件，请上传 PDF、JPG、PNG、DOCX 或 XLSX。", name=name), "file"
        )
    for kind, endings in kinds:
        if ending in endings:
            return kind
    raise Refused(
        "document.ending", said("“{name}”的内容与文件名后缀不符，请改正文件名后重新上传。", name=name), "file"
    )


def file_name(name: str) -> str:
    """A name that is safe to show and to save: no folders, no control characters, at most 120 characters."""
    bare = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff<>:\"|?*]", "", bare).strip(" .")
    if not clean:
        raise Refused("document.name", "文件没有可用的名称，请改名后重新上传。", "file")
    stem, dot, ending = clean.rpartition(".")
    return f"{stem[:110]}{dot}{ending[:9]}" if dot else clean[:120]


def main_clock(rows: Iterable[ClockRow], *, stopped: bool = False) -> ClockRow | None:
    """The clock a reader is shown: the promised one that ends first, else the statutory one that ends first; none that runs
    against the applicant. With `stopped`, one that stands still where none runs: of what is done."""
    own = [r for r in rows if (stopped or r.state != "stopped") and r.party != APPLICANT]
    return min(own, key=_shown_first, default=None)


def _shown_first(row: ClockRow) -> tuple[bool, bool, bool, datetime]:
    return row.state == "stopped", row.kind != "promised", row.due_at is None, row.due_at or row.started_at
