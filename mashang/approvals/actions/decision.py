"""决定、否定报备、出证、到场检查: from the decision to the finished house."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from mashang.cases import queries as cases
from mashang.cases.casefile import CaseFile, Message
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .. import papers, rules, site, store
from ..procedure import INTAKE, S, application
from ..store import ANSWER
from . import forms
from .moving import move_on

_PROPOSE = """
INSERT INTO approvals_refusal (case_id, step, grounds, basis, remedy, proposed_by, proposed_at, state, answer)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'pending', '')"""


@application.action(
    "grant", label=_("准予"), right="approvals.decide", form=forms.Grant, leaves=[S.ACCEPTED],
    reaches=[S.ACCEPTED, S.GRANTED, S.COMPLETED], on="step", steps=["decision"], finishes=True, first=True, stops=rules.STATUTORY,
    offered=store.no_refusal_pending,
)  # fmt: skip
def grant(case: CaseFile, form: forms.Grant, *, by: Actor, now: datetime) -> None:
    """Say yes. The statutory clock stops here, the promised one when the result is issued."""
    folder = store.folder(case.id)
    rules.none_pending(folder.refusal)
    if missing := [m["name"] for m in folder.materials if m["state"] == "later"]:
        raise Refused("grant.later", said("容缺材料还没有补齐：{names}。补齐后再作决定。", names=missing))
    case.fact(conclusion=form.conclusion)
    _give(case, folder, by, decided_at=now)
    case.finish("granted")
    move_on(case)


@application.action(
    "issue", label=_("出证"), right="approvals.issue", leaves=[S.ACCEPTED], reaches=[S.ACCEPTED, S.GRANTED, S.COMPLETED],
    on="step", steps=["issue"], finishes=True, first=True,
)  # fmt: skip
def issue(case: CaseFile, form: forms.Nothing, *, by: Actor, now: datetime) -> None:
    """Issue the numbered results with their QR codes; what is still to be checked on site stays open."""
    _give(case, store.folder(case.id), by)
    case.finish("issued")
    move_on(case)


def _give(case: CaseFile, folder: store.Folder, by: Actor, decided_at: datetime | None = None) -> None:
    """Number the results that come with this step and issue them with the act."""
    made = papers.results(case, folder, by=by)
    store.change(case, decided_at=decided_at, results=[number for number, _ in made])
    assert case.step is not None
    if made or case.step.kind == "issue":
        case.fact(results="、".join(name for _, name in made) or "办结通知")
    if made:
        case.tell_persons(f"“{case.title}”已出证，可在线下载或到窗口领取，欢迎评价。", channel="sms")


@application.action(
    "propose_refusal", label=_("拟不予（否定报备）"), right="approvals.decide", form=forms.ProposeRefusal,
    leaves=[S.SUBMITTED, S.ACCEPTED], on="step", steps=[INTAKE, "decision"], offered=store.no_refusal_pending,
)  # fmt: skip
def propose_refusal(case: CaseFile, form: forms.ProposeRefusal, *, by: Actor, now: datetime) -> None:
    """Report a "no" with its grounds before it goes out (否定报备制)."""
    rules.none_pending(store.folder(case.id).refusal)
    assert case.step is not None
    values = [case.id, case.step.id, form.grounds, form.basis, form.remedy, by.id, now]
    case.write_also(lambda _: (_PROPOSE, values))
    case.confide(grounds=form.grounds, basis=form.basis, remedy=form.remedy)
    case.fact(what=said("受理") if case.step.kind == INTAKE else said("许可"))
    case.tell(Message(f"{case.number} 拟不予办理，请作为第二人确认或退回。", unit=case.step.unit_id))


@application.action(
    "confirm_refusal", label=_("确认不予"), right="approvals.confirm_refusal", leaves=[S.SUBMITTED, S.ACCEPTED],
    reaches=[S.NOT_ACCEPTED, S.REFUSED], on="step", steps=[INTAKE, "decision"], finishes=True, stops=rules.STATUTORY,
    first=True, offered=store.refusal_pending, never={(S.SUBMITTED, S.REFUSED), (S.ACCEPTED, S.NOT_ACCEPTED)},
)  # fmt: skip
def confirm_refusal(case: CaseFile, form: forms.Nothing, *, by: Actor, now: datetime) -> None:
    """A second person confirms; the applicant is told grounds, basis, what would help, and the remedies (art. 38)."""
    folder, report = _reported(case, by)
    assert case.step is not None
    refused = case.step.kind != INTAKE
    case.state = S.REFUSED if refused else S.NOT_ACCEPTED
    papers.notice(
        case, folder, "refusal" if refused else "non-acceptance", by=by, grounds=report["grounds"], basis=report["basis"],
        remedy=report["remedy"],
    )  # fmt: skip
    store.change(case, decided_at=now)
    case.write_also(lambda _: (ANSWER, ["confirmed", by.id, now, "", case.id]))
    case.fact(outcome=str(S(case.state).label))
    case.finish(case.state)
    remedy = f"{report['remedy'].rstrip('。')}。" if report["remedy"] else ""
    case.tell_persons(
        f"“{case.title}”{S(case.state).label}：{report['grounds'].rstrip('。')}（{report['basis']}）。{remedy}"
        "不服的，可自知道之日起六十日内申请行政复议，或六个月内提起行政诉讼。"
    )
    case.tell_persons(f"“{case.title}”{S(case.state).label}，理由、依据和救济途径请登录查看。", channel="sms")


@application.action(
    "send_back_refusal", label=_("退回重办"), right="approvals.confirm_refusal", form=forms.SendBack,
    leaves=[S.SUBMITTED, S.ACCEPTED], on="step", steps=[INTAKE, "decision"], first=True, offered=store.refusal_pending,
)  # fmt: skip
def send_back_refusal(case: CaseFile, form: forms.SendBack, *, by: Actor, now: datetime) -> None:
    """The second person does not agree: the step goes on."""
    _reported(case, by)
    case.write_also(lambda _: (ANSWER, ["sent-back", by.id, now, form.words, case.id]))
    case.fact(words=form.words)


@application.action(
    "take_back_refusal", label=_("撤回报备"), right="approvals.decide", leaves=[S.SUBMITTED, S.ACCEPTED], on="step",
    steps=[INTAKE, "decision"], offered=store.refusal_pending,
)  # fmt: skip
def take_back_refusal(case: CaseFile, form: forms.Nothing, *, by: Actor, now: datetime) -> None:
    """Whoever reported, or a colleague of theirs, thinks again, or nobody is left to confirm: the step goes on."""
    if store.folder(case.id).refusal is None:
        raise Refused("refusal.none", "这一件没有待确认的否定报备。")
    case.write_also(lambda _: (ANSWER, ["taken-back", None, now, "", case.id]))


def _reported(case: CaseFile, by: Actor) -> tuple[store.Folder, dict[str, str]]:
    """The application and its pending report. Refuses when there is none, or when one would confirm one's own."""
    folder = store.folder(case.id)
    report = folder.refusal
    if report is None:
        raise Refused("refusal.none", "这一件没有待确认的否定报备。")
    if report["proposed_by"] == by.id:
        raise Refused("refusal.same-person", "否定报备须由另一人确认，报备人不能自己确认。")
    return folder, dict(report)


@application.action(
    "ask_check", label=_("请求到场检查"), right="approvals.withdraw", leaves=[S.ACCEPTED, S.GRANTED], on="step",
    steps=["site_check"], untimed=True, anywhere=True,
)  # fmt: skip
def ask_check(case: CaseFile, form: forms.Nothing, *, by: Actor, now: datetime) -> None:
    """The builder is ready, or has put right what was found: the unit that checks is told, and its promised time begins."""
    assert case.step is not None
    if any(row.step_id for row in case.live(rules.PROMISED)):
        raise Refused("check.asked", "已经请求过了，工作人员会在承诺的时间内到场。")
    case.start_clock(rules.PROMISED, rules.CHECK_LIMIT, step=case.step)
    case.tell(Message(f"{case.number} 请求{case.step.label}。", unit=case.step.unit_id))


@application.action(
    "check_site", label=_("到场检查"), right="approvals.check_site", form=forms.CheckSite,
    leaves=[S.ACCEPTED, S.GRANTED], reaches=[S.ACCEPTED, S.GRANTED, S.COMPLETED], on="step", steps=["site_check"],
    finishes=True, first=True, never={(S.ACCEPTED, S.GRANTED), (S.ACCEPTED, S.COMPLETED)},
)  # fmt: skip
def check_site(case: CaseFile, form: forms.CheckSite, *, by: Actor, now: datetime) -> None:
    """One of the four checks. A bad finding keeps the step open: it is put right and checked again."""
    site.record(case, form, form.finding, by=by)
    good = form.finding == "good"
    case.fact(finding=said("符合") if good else said("不符合，限期改正"), good=good, photos=len(form.photos))
    if form.note:
        case.confide(note=form.note)
    else:
        case.fact(note="")
    if not good:
        assert case.step is not None
        found = f"（{form.note}）" if form.note else ""
        text = f"“{case.title}”{case.step.label}不符合要求{found}。改正后请登录，在这一件的页面上请求再次到场检查。"
        case.tell_persons(text, channel="sms")
        case.stop_clock(rules.PROMISED, of_step=True)  # the builder's turn again
        case.step.due_at = None
        return
    case.finish("good")
    if case.state == S.GRANTED:
        move_on(case)


@application.action(
    "end_checks", label=_("不再检查，办结"), right="approvals.decide", form=forms.EndChecks, leaves=[S.GRANTED],
    reaches=S.COMPLETED,
)  # fmt: skip
def end_checks(case: CaseFile, form: forms.EndChecks, *, by: Actor, now: datetime) -> None:
    """What was granted is not built: the checks that are left have no object, and the case is settled. Refuses while one is
    asked for. The permit stays as it is until it is revoked."""
    if case.id in cases.soonest([case.id]):
        raise Refused("check.asked", "申请人已经请求到场检查，请先到场检查。")
    case.outcome = "granted"
    case.confide(reason=form.reason)
    case.tell_persons(f"“{case.title}”余下的到场检查不再进行，已办结。仍要建设的，请联系办理单位。", channel="sms")
