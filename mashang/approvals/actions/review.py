"""审查、踏勘、延期: the work of several units side by side."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from mashang.cases.casefile import CaseFile
from mashang.clocks import queries as clocks
from mashang.documents.rules import chinese_date
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .. import papers, rules, site, store
from ..procedure import S, application
from . import forms
from .moving import FORWARD, move_on

STATUTORY = rules.STATUTORY
LONGEST = timedelta(days=183)
AFTER_PAUSE = "恢复计时后重新计算"


@application.action(
    "review", label=_("填写意见"), right="approvals.review", form=forms.Review, leaves=[S.ACCEPTED], on="step",
    reaches=FORWARD, steps=["review"], finishes=True, first=True,
)  # fmt: skip
def review(case: CaseFile, form: forms.Review, *, by: Actor, now: datetime) -> None:
    """The unit's opinion. A negative one does not end the case: who decides sees it and must answer for the decision."""
    case.fact(conclusion=said("通过") if form.passed else said("不通过"), passed=form.passed)
    case.confide(opinion=form.opinion)
    case.finish("passed" if form.passed else "failed")
    move_on(case)


@application.action(
    "start_visit", label=_("开始踏勘（停表）"), right="approvals.visit", form=forms.StartVisit, leaves=[S.ACCEPTED],
    on="step", steps=[rules.VISIT], suspends=STATUTORY, first=True, offered=store.suspends_nothing,
)  # fmt: skip
def start_visit(case: CaseFile, form: forms.StartVisit, *, by: Actor, now: datetime) -> None:
    """The statutory clock, where one runs, rests while the site is inspected, never the promised one; the applicant is told
    how long."""
    if form.expected <= now:
        raise Refused("visit.past", "预计完成时间应在现在之后。", "expected")
    if form.expected > now + LONGEST:
        raise Refused("visit.far", "预计完成时间离现在超过半年，请核对年份。", "expected")
    told, law, rests = clock.in_words(form.expected), "", ""
    if any(case.live(code) for code in STATUTORY):
        law, rests = _suspend(case, form.expected), "，其间法定时限停表，承诺时限不停"
        folder, time = store.folder(case.id), f"预计 {papers.moment(form.expected)} 前完成"
        papers.notice(case, folder, "special", by=by, nth=case.revision, procedure=form.purpose, time=time, law=law)
    case.fact(purpose=form.purpose, expected=told, clock=said("停表") if law else "", law=law)
    case.tell_persons(f"“{case.title}”将{form.purpose}，预计 {told} 前完成{rests}。", channel="sms")


def _suspend(case: CaseFile, expected: datetime) -> str:
    """Suspend the statutory clocks for the step in hand; gives the law that allows it."""
    code = _ground(case)
    for limit in STATUTORY:
        case.suspend_clock(limit, code, expected)
    ground = clocks.known_grounds()[code]
    return ground.article or ground.label


@application.action(
    "finish_visit", label=_("踏勘完成"), right="approvals.visit", form=forms.FinishVisit, leaves=[S.ACCEPTED], on="step",
    reaches=FORWARD, steps=[rules.VISIT], finishes=True, resumes=STATUTORY, first=True,
)  # fmt: skip
def finish_visit(case: CaseFile, form: forms.FinishVisit, *, by: Actor, now: datetime) -> None:
    """What was found on site, with photos, place and time; the statutory clock runs on once no other visit suspends it."""
    _visited(case, form, by)
    runs = [case.resume_clock(code, _ground(case)) for code in STATUTORY]
    case.fact(clock=said("停表结束") if any(runs) else "")


def _ground(case: CaseFile) -> str:
    """On what law the step in hand suspends the statutory clock."""
    return store.defined(case).ground or rules.INSPECTION


@application.action(
    "visit", label=_("现场踏勘"), right="approvals.visit", form=forms.FinishVisit, leaves=[S.ACCEPTED], on="step",
    reaches=FORWARD, steps=[rules.VISIT_ONLY], finishes=True, first=True,
)  # fmt: skip
def visit(case: CaseFile, form: forms.FinishVisit, *, by: Actor, now: datetime) -> None:
    """A visit for which the definition stops no clock: one act, with what was found."""
    _visited(case, form, by)


def _visited(case: CaseFile, form: forms.FinishVisit, by: Actor) -> None:
    site.record(case, form, "good" if form.passed else "bad", by=by)
    case.fact(photos=len(form.photos), passed=form.passed)
    case.finish("passed" if form.passed else "failed")
    move_on(case)


@application.action(
    "extend",
    label=_("延期"),
    right="approvals.confirm_refusal",
    form=forms.Extend,
    leaves=[S.ACCEPTED],
    offered=store.undecided,
)
def extend(case: CaseFile, form: forms.Extend, *, by: Actor, now: datetime) -> None:
    """The head of the organ extends the statutory limit once, and the applicant is told why (行政许可法 art. 42)."""
    codes = [code for code in STATUTORY if case.live(code)]
    if not codes:
        raise Refused("extend.none", "这一件没有正在计算的法定时限，不需要延期。", "days")
    for code in codes:
        case.extend_clock(code, f"{form.days}wd", form.ground)
    last = max((r.due_at for c in codes for r in case.live(c) if r.due_at), default=None)
    more, words = f"{form.days} 个工作日", form.ground.rstrip("。")
    until = {"due": chinese_date(clock.local(last))} if last else {"due": AFTER_PAUSE, "more": more}
    papers.notice(case, store.folder(case.id), "extension", by=by, nth=case.revision, reason=words, **until)
    case.fact(limit=more, ground=form.ground)
    paused = "" if last else f"。现在停表，到期日期在{AFTER_PAUSE}"
    case.tell_persons(f"“{case.title}”经批准延期 {more}：{words}{paused}。", channel="sms")
