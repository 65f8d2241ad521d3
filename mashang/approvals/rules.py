"""Which unit, which steps, which clocks: decided from the published definition and the answers alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from mashang.cases.casefile import StepPlan
from mashang.catalogue.rules import (
    DECIDING,
    INTAKE_CODE,
    Answers,
    Need,
    PackageSpec,
    Result,
    Role,
    Spec,
    Step,
    StepKind,
    missing_materials,
    parts_of,
    results_of,
    spoken,
    steps_needed,
)
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.org.queries import UnitInfo

SINGLE, JOINT, STATED = STATUTORY = DECIDING
PROMISED, NOTIFY, FOLLOW = "CN-x", "XK-BZ", "RQ-x"
"""Clock rules: 优化营商环境条例 36; 行政许可法 32(4); what may follow acceptance (安阳市政务服务条例 24)."""
VISIT, VISIT_ONLY = "site_visit", "visit"
"""Visits that stop the statutory clock, and those that do not."""
INSPECTION = "inspection"
CHECK_LIMIT = "1wd"
"""How soon an officer comes when a check is asked for (Longyan: within one working day)."""
WINDOW = Role(label="窗口", unit_kind="window")
INTAKE = Step(code=INTAKE_CODE, label="受理", role="window")


def responsible(role: Role, around: Iterable[UnitInfo]) -> int:
    """The unit that does this role's work, of those around a place, the nearest first. Refuses when there is none."""
    for unit in around:
        if role.unit_kind in ("", unit.kind) and (not role.match or any(word in unit.name for word in role.match)):
            return unit.id
    raise _nobody([role.label])


def _nobody(labels: Iterable[str]) -> Refused:
    names = list(dict.fromkeys(labels))
    text = said(
        "这个地方还没有设置：{names}。暂时不能在这里办理，请换一个办理地，或到县行政服务中心咨询。", names=names
    )
    return Refused("unit.none", text, "region")


def decision_clock(spec: Spec, statutory: str, part: str = "") -> str:
    """One organ decides in 20 working days, several together in 45 (行政许可法 art. 42); other laws set their own limit.

    What the definition says of its decision goes first.
    """
    named = (s.rule for s in spec.steps if s.kind == StepKind.DECISION and s.rule and part in ("", s.part))
    if rule := next(named, ""):
        return rule
    if isinstance(spec, PackageSpec) and len(spec.items) > 1:
        return JOINT
    return SINGLE if statutory == "20wd" else STATED


def own_limit(clock: str, statutory: str) -> str:
    """The limit to give to the clock: only a clock whose rule leaves it open takes one."""
    return statutory if clock == STATED else ""


def lead_of(plans: Sequence[StepPlan]) -> int:
    """The unit that answers for the whole: the one that decides, else the window."""
    return next((p.unit_id for p in plans if p.kind == "decision"), plans[0].unit_id)


def step_clocks(step: Step) -> tuple[tuple[str, str], ...]:
    """The step's own clocks: the statutory one that its definition names (a decision's runs for the whole, from acceptance)
    and its promise; a step that waits to be asked for starts none by itself."""
    if step.opens == "request":
        return ()
    named = (
        () if step.kind == StepKind.DECISION or not step.rule else ((step.rule, own_limit(step.rule, step.statutory)),)
    )
    return (*named, (PROMISED, step.promised)) if step.promised else named


def kind_of(step: Step) -> str:
    """What the engine calls the step: a visit that stops no clock has no button to stop one."""
    return VISIT_ONLY if step.kind == StepKind.SITE_VISIT and not step.suspends else step.kind.value


def given_with(spec: Spec, answers: Answers, part: str, code: str) -> list[Result]:
    """The results that the applicant gets when the step `code` is done: those it `produces`; what no step produces comes
    with the last step that issues, or where none does, with the last decision. Opinions without a document stay inside."""
    steps = steps_needed(spec, answers, part)
    last = [s.code for kind in (StepKind.DECISION, StepKind.ISSUE) for s in steps if s.kind == kind][-1:]
    produced = {name for s in steps for name in s.produces}
    own = next((set(s.produces) for s in steps if s.code == code), set())
    listed = results_of(spec, part)
    found = []
    for result in [r for r in listed if r.document] or listed:
        names = {result.document, result.code}
        if names & own if names & produced else [code] == last:
            found.append(result)
    return found


def plan(spec: Spec, answers: Answers, part: str, around: Collection[UnitInfo]) -> list[StepPlan]:
    """The step graph: intake first, then the definition's steps, each in the hands of the nearest unit. Refuses a place
    without some of those units, naming all of them at once."""
    nobody: list[str] = []
    steps: list[StepPlan] = []
    for step in (INTAKE, *steps_needed(spec, answers, part)):
        role = spec.roles.get(step.role, WINDOW)
        try:
            unit = responsible(role, around)
        except Refused:
            nobody.append(role.label)
            continue
        if step is INTAKE:
            steps.append(StepPlan(step.code, step.label, "intake", unit))
        else:
            after = step.after or (INTAKE.code,)
            steps.append(StepPlan(step.code, step.label, kind_of(step), unit, after, step_clocks(step)))
    if nobody:
        raise _nobody(nobody)
    return steps


def gaps(spec: Spec, answers: Answers, part: str, handed: Collection[str], held: Collection[str]) -> list[Need]:
    """Everything still missing, at once (行政许可法 art. 32(4))."""
    return missing_materials(spec, answers, handed, part, held)


def must_follow(needs: Iterable[Need]) -> tuple[list[Need], list[Need]]:
    """Gaps split into those that bar acceptance and those that may follow by a date (容缺, 安阳市政务服务条例 art. 24)."""
    listed = list(needs)
    return [n for n in listed if n.state == "required"], [n for n in listed if n.state == "deferrable"]


def spoken_promise(promised: str, instant: bool) -> str:
    """The promise as a sentence says it: 3 个工作日内, or 当场; nothing where none is made."""
    return f"{spoken(promised)}内" if promised else "当场" if instant else ""


def title_of(spec: Spec, part: str) -> str:
    """What the case is called: the entry's name, and which of its applications this is."""
    labels = dict(parts_of(spec))
    return f"{spec.name}（{labels[part]}）" if len(labels) > 1 and part in labels else spec.name


def about_of(shown: str, answers: Answers) -> str:
    """The case's subject in one line, without personal data in clear: who (masked) and the figure that matters."""
    area = next(
        (f"，{answers[key]}\N{NO-BREAK SPACE}㎡" for key in ("building_area", "area", "land_area") if answers.get(key)),
        "",
    )
    return f"{shown}{area}"


def new_demands(before: Collection[str], now: Collection[str]) -> list[str]:
    """What a second notice asks that the first did not: each is a breach of telling once (一次性告知)."""
    return sorted(set(now) - set(before))


def applicant_of(answers: Mapping[str, Any]) -> Mapping[str, str]:
    """The person or firm that applies, as the form has it. Refuses a form without one."""
    for value in answers.values():
        if isinstance(value, Mapping) and {"name", "id_number", "phone"} <= value.keys():
            return value
    raise Refused("applicant.missing", "请填写申请人的姓名、证件号码和手机号码。", "answers")


def none_pending(report: Mapping[str, Any] | None) -> None:
    """Refuses to go on while the report of a "no" waits for its second person: what was decided on it would be lost."""
    if report:
        raise Refused("refusal.pending", "这一件已报备拟不予，请先确认、退回或撤回否定报备。")


def once(running: Sequence[str]) -> None:
    """Refuses the same application for the same person while one is under way, unless it is said to be meant."""
    if running:
        text = said("申请人已有一件同样的在办（{number}）。确实要另办一件的，请确认再办一件。", number=running[0])
        raise Refused("applicant.again", text, "again")


GROUNDS: Mapping[str, str] = {
    "expired": said("处理目的已实现、保存期限届满（个人信息保护法第四十七条第一款第一、二项）"),
    "withdrawn": said("本人撤回同意（个人信息保护法第四十七条第一款第三项）"),
    "unlawful": said("违法或者错误收集（个人信息保护法第四十七条第一款第四项）"),
}
"""On what personal data may be erased; only what was collected wrongly need not be kept for its time first."""


def erasure_faults(ground: str, reference: str, settled: date | None, until: date | None, today: date) -> list[Fault]:
    """Why personal data may not be erased (yet), all at once (个人信息保护法 art. 19, 47; the archives' law keeps decisions)."""
    if settled is None or until is None:
        return [Fault("erase.open", "这一件还没有办结，办结后才能删除个人信息。")]
    faults = []
    if ground not in GROUNDS:
        faults.append(Fault("erase.ground", "请选择删除的依据。", "ground"))
    elif ground != "unlawful" and today < until:
        text = said("这一件的保存期限到 {day} 届满，届满前只能因违法或者错误收集而删除。", day=until.isoformat())
        faults.append(Fault("erase.kept", text, "ground"))
    if not reference.strip():
        faults.append(Fault("erase.reference", "请填写批准删除的文号。", "reference"))
    elif len(reference) > 60 or any(ord(c) < 32 for c in reference):
        faults.append(Fault("erase.reference", "文号不能超过60个字，也不能换行。", "reference"))
    return faults
