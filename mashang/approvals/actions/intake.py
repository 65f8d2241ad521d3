"""收件、一次性告知、补正、受理: from the hall to the accepted application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from mashang.cases import rules as case_rules
from mashang.cases.casefile import CaseFile, Message, Party
from mashang.cases.procedure import Nothing
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import (
    Material,
    Spec,
    clean_answers,
    limits_of,
    materials_needed,
    parts_before,
    parts_of,
    split_private,
    stops,
)
from mashang.clocks.rules import APPLICANT
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, Refused
from mashang.kernel.said import said
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org import rules as org_rules

from .. import papers, rules, store
from ..procedure import INTAKE, S, application
from . import forms


@application.action(
    "hand_in", label=_("提交申请"), right="approvals.hand_in", form=forms.HandIn, on="new", reaches=S.SUBMITTED,
    starts=[rules.NOTIFY],
)  # fmt: skip
def hand_in(case: CaseFile, form: forms.HandIn, *, by: Actor, now: datetime) -> None:
    """Take in an application whatever the channel: the same rules at the counter, online and through the API."""
    version = catalogue.current(form.entry)
    spec = version.spec
    answers = _answers(spec, form, now)
    person = _applicant(case, answers, form.acting_for, by, now)
    if not form.again and not case.entries:  # whom this act registers has nothing under way
        rules.once(store.running_of(person.person_id, form.entry, form.part))
    plans = rules.plan(spec, answers, form.part, org.units_around(form.region, now.date()))
    case_rules.check_plan(plans)
    limits = limits_of(spec, answers, form.part)
    case.title, case.definition, case.channel = rules.title_of(spec, form.part), version.id, form.channel
    case.about, case.region, case.lead_unit_id = (
        rules.about_of(person.shown, answers),
        form.region,
        rules.lead_of(plans),
    )
    case.parent_id = _earlier(spec, form, person.person_id) or case.parent_id
    case.plan(plans)
    case.join(person)
    materials = _materials(case, spec, form, answers, person.person_id)
    public, private = split_private(spec, answers, form.part)
    store.make(
        case,
        {
            "entry": form.entry, "version": version.id, "part": form.part, "applicant": person.person_id,
            "public": public, "private": private, "statutory": limits.statutory, "promised": limits.promised,
            "instant": limits.instant,
        },
        materials,
    )  # fmt: skip
    case.fact(what=case.title, channel=form.channel)
    case.tell_persons(f"您的“{case.title}”已收件，五个工作日内告知是否受理。", channel="sms")


def _answers(spec: Spec, form: forms.HandIn, now: datetime) -> dict[str, Any]:
    """The form in shape. Refuses with every fault at once, each on its field, and those who cannot apply."""
    if spec.shape == "item" and spec.detail == "name":
        raise Refused("entry.name-only", "这一事项以实施单位公布为准，暂不能在这里申请。", "entry")
    if told := stops(spec, form.answers):
        raise Refused.of([Fault("entry.stops", text, "answers") for text in told])
    faults = [] if form.region else [Fault("region.missing", "请选择办理地。", "region")]
    answers: dict[str, Any] = {}
    try:
        answers = clean_answers(spec, form.answers, form.part, today=clock.local(now).date())
    except Refused as no:
        faults += [Fault(f.code, f.text, f"answers.{f.field}") for f in no.faults]
    if faults:
        raise Refused.of(faults)
    return answers


def _earlier(spec: Spec, form: forms.HandIn, person: int) -> int | None:
    """The granted case that this application of a package follows; refuses one that has none to follow."""
    before = parts_before(spec, form.part)
    if not before:
        return None
    found = store.followed(person, form.entry, before)
    if found is None:
        labels = dict(parts_of(spec))
        names = {"earlier": "、".join(labels[code] for code in sorted(before)), "this": labels[form.part]}
        raise Refused(
            "application.order", said("没有查到申请人已获批的“{earlier}”，请先办好，再申请“{this}”。", **names), "part"
        )
    return found


_ASKED = {"number": "id_number"}
"""What the form calls the fields of a person."""


def _applicant(case: CaseFile, answers: Mapping[str, Any], acting_for: int, by: Actor, now: datetime) -> Party:
    """The signed-in citizen applies in their own name, a helper in the name of someone whose mandate they have; anyone
    else registers the applicant first, once."""
    given = rules.applicant_of(answers)
    kind = org_rules.person_kind(given["id_number"])
    if acting_for:
        person = _helped(acting_for, given, by)
    elif by.kind == "person":
        person = _own(given, by, org.persons_of(by))
    else:
        new = org_actions.NewPerson(kind, given["name"], given["phone"], given["id_number"])
        try:
            person = org_actions.register_person(new, by=by, now=now, later=case.record)
        except Forbidden:
            raise
        except Refused as no:
            field = next(code for code, value in answers.items() if value is given)
            faults = [Fault(f.code, f.text, f"answers.{field}.{_ASKED.get(f.field, f.field)}") for f in no.faults]
            raise Refused.of(faults) from None
    return Party(person, "applicant", org_rules.mask_name(given["name"], kind), org.phone_tail(given["phone"]))


def _helped(person: int, given: Mapping[str, str], by: Actor) -> int:
    """Whom the actor acts for: oneself, or someone whose mandate still runs; what the form says must be that person's."""
    if by.kind == "person" and person == by.person_id:
        return _own(given, by, frozenset({person}))
    if not org.may(by, "approvals.hand_in", persons=[person], kind=application.kind):
        raise Refused("applicant.mandate", "您现在没有这位群众的委托，请先登记委托。", "acting_for")
    if not org.is_person(person, name=given["name"], number=given["id_number"]):
        text = said("填写的姓名和证件号码不是委托人的，请核对，或重新选择为谁办理。")
        numbered = person in {p.id for p in org.find_person(number=given["id_number"])}
        raise Refused("applicant.other", text, f"answers.applicant.{'name' if numbered else 'id_number'}")
    return person


def _own(given: Mapping[str, str], by: Actor, allowed: frozenset[int]) -> int:
    """The applicant must be one of those allowed: whoever signed in, or someone who gave them a mandate; under that
    person's own name."""
    name, number = given["name"], given["id_number"]
    named = [p.id for p in org.find_person(number=number)]
    person = next((p for p in named if p in allowed), by.person_id)
    known = org.person(by.person_id).number
    if person not in named and (named or known):
        text = said("申请人与登录人不是同一人。为他人办理请先登记委托。")
        if not known:
            text = said("申请人与登录人不是同一人。是您本人的，请先到“我的件”里绑定本人身份；为他人办理请先登记委托。")
        raise Refused("applicant.other", text, "answers.applicant.id_number")
    if not org.is_person(person, name=name, number=number):
        text = said("姓名与登记的不一致，请按证件填写；确是登记有误的，请带证件到窗口说明。")
        raise Refused("applicant.name", text, "answers.applicant.name")
    return person


def _materials(
    case: CaseFile, spec: Spec, form: forms.HandIn, answers: Mapping[str, Any], person: int
) -> list[dict[str, Any]]:
    """Each material called for, and how it stands; uploads are bound to the case. Refuses codes that nobody asked for."""
    held = store.held_by(person) if form.reuse else {}
    needs = materials_needed(spec, answers, form.part)
    unknown = (set(form.materials) | set(form.reuse)) - {n.material.code for n in needs}
    if unknown:
        raise Refused("material.unknown", said("这一事项不要这些材料：{names}。", names=sorted(unknown)), "materials")
    listed = []
    for need in needs:
        code, kept = need.material.code, held.get(need.material.held_as)
        document, state = form.materials.get(code), "missing"
        if document:
            state = "handed"
            case.attach({document: code})
        elif code in form.reuse and kept:
            document, state = kept.document, "held"
        elif need.material.filled:
            state = "filled"
        elif need.state == "optional":
            state = "optional"
        listed.append(
            {
                "code": code,
                "name": need.material.name,
                "held_as": need.material.held_as,
                "state": state,
                "document": document,
            }
        )
    return listed


@application.action(
    "notice", label=_("一次性告知补正"), right="approvals.notice", form=forms.Notice, leaves=[S.SUBMITTED],
    reaches=S.SUPPLEMENT, on="step", steps=[INTAKE], stops=[rules.NOTIFY], offered=store.no_refusal_pending,
)  # fmt: skip
def notice(case: CaseFile, form: forms.Notice, *, by: Actor, now: datetime) -> None:
    """Say everything missing at once, in writing. A second notice with new demands goes out, but stands as a breach."""
    folder = store.folder(case.id)
    rules.none_pending(folder.refusal)
    extra = rules.new_demands(folder.row["noticed"], form.missing) if folder.row["notices"] else []
    store.change(case, notices=folder.row["notices"] + 1, noticed=sorted({*folder.row["noticed"], *form.missing}))
    papers.notice(case, folder, "supplement", by=by, nth=folder.row["notices"] + 1, missing=list(form.missing))
    case.fact(missing="、".join(form.missing), breach=bool(extra), new=extra)
    if form.help:
        case.confide(help=form.help)
    else:
        case.fact(help="")
    case.tell_persons(f"“{case.title}”需补正：{'；'.join(form.missing)}。{form.help}", channel="sms")


@application.action(
    "supplement", label=_("补正"), right="approvals.supplement", form=forms.Supplement, leaves=[S.SUPPLEMENT],
    reaches=S.SUBMITTED, starts=[rules.NOTIFY], first=True, anywhere=True,
)  # fmt: skip
def supplement(case: CaseFile, form: forms.Supplement, *, by: Actor, now: datetime) -> None:
    """The applicant hands in what was missing; the five working days to accept begin anew."""
    if not form.materials and not form.words:
        raise Refused("supplement.empty", "请上传补正的材料，或说明补正了什么。", "materials")
    given = _hand(case, store.folder(case.id), form.materials)
    if given:
        case.fact(given="、".join(given))
    if form.words:
        case.confide(**{"words" if given else "given": form.words})
    if not (given and form.words):
        case.fact(words="")
    case.tell(Message(f"{case.number} 申请人已补正，请核对。", unit=case.lead_unit_id))


def _hand(case: CaseFile, folder: store.Folder, materials: Mapping[str, int]) -> list[str]:
    """Bind new uploads to the materials they are. Refuses codes that the application has not."""
    known = {m["code"]: m["name"] for m in folder.materials}
    unknown = set(materials) - known.keys()
    if unknown:
        raise Refused("material.unknown", said("这一件没有这些材料：{names}。", names=sorted(unknown)), "materials")
    case.attach({document: code for code, document in materials.items()})
    store.change(case, materials=[{"code": c, "state": "handed", "document": d} for c, d in materials.items()])
    return [known[code] for code in materials]


@application.action(
    "accept", label=_("受理"), right="approvals.accept", form=forms.Accept, leaves=[S.SUBMITTED], reaches=S.ACCEPTED,
    on="step", steps=[INTAKE], finishes=True, first=True, stops=[rules.NOTIFY], offered=store.no_refusal_pending,
)  # fmt: skip
def accept(case: CaseFile, form: forms.Accept, *, by: Actor, now: datetime) -> None:
    """Accept what is complete, or complete but for what may follow by a date (容缺). Refuses gaps, all at once."""
    folder = store.folder(case.id)
    rules.none_pending(folder.refusal)
    barred, later = rules.must_follow(_gaps(folder))
    if barred:
        raise Refused(
            "application.incomplete",
            said("还缺：{names}。请一次性告知申请人。", names=[n.material.name for n in barred]),
        )
    if later and form.later_until is None:
        names = [n.material.name for n in later]
        raise Refused("application.later", said("{names}可以容缺后补，请填写补交期限。", names=names), "later_until")
    if form.later_until is not None and form.later_until <= now.date():
        raise Refused("application.later-past", "补交期限应在今天之后。", "later_until")
    _accepted(case, folder, now, by, [n.material for n in later], form.later_until)
    case.finish("accepted")


def _gaps(folder: store.Folder) -> list[Any]:
    handed = folder.handed()
    return rules.gaps(folder.spec, folder.answers, folder.row["part"], handed, ())


def _accepted(
    case: CaseFile,
    folder: store.Folder,
    at: datetime,
    by: Actor,
    later: Sequence[Material] = (),
    until: date | None = None,
    *,
    deemed: bool = False,
) -> None:
    """The statutory and the promised clock start side by side, and the applicant's for what is to follow `until` a day; what
    was checked is kept for next time."""
    row = folder.row
    if row["statutory"]:
        clock = rules.decision_clock(folder.spec, row["statutory"], row["part"])
        case.start_clock(clock, rules.own_limit(clock, row["statutory"]), at=at)
    if row["promised"]:
        case.start_clock(rules.PROMISED, row["promised"], at=at)
    facts: dict[str, Any] = {}
    if later and until:
        case.start_clock(rules.FOLLOW, f"{(until - at.date()).days}nd", at=at, party=APPLICANT)
        facts = {"follow": [m.name for m in later], "until": f"{until.year}年{until.month}月{until.day}日"}
    due = until.isoformat() if until else None
    store.change(case, accepted_at=at, materials=[{"code": m.code, "state": "later", "due": due} for m in later])
    checked = [m for m in folder.materials if m["state"] == "handed" and m["held_as"]]
    store.keep(case, row["applicant"], checked, case.number)
    promised = rules.spoken_promise(row["promised"], row["instant"])
    by_when = papers.acceptance(case, folder, by=by, promised=promised, deemed=deemed, **facts)
    case.fact(promised=promised, joint=case.lead_unit_id)
    follow = f"{'、'.join(facts['follow'])}请在{facts['until']}前补交，逾期视为撤回。" if facts else ""
    done = "自收到材料之日起视为受理" if deemed else "已受理"
    case.tell_persons(f"“{case.title}”{done}{by_when}。{follow}", channel="sms")


@application.action(
    "deem_accepted", label=_("视为受理"), right="approvals.accept", form=Nothing, leaves=[S.SUBMITTED], reaches=S.ACCEPTED,
    on="step", steps=[INTAKE], finishes=True, stops=[rules.NOTIFY], by_rule=True,
)  # fmt: skip
def deem_accepted(case: CaseFile, form: Nothing, *, by: Actor, now: datetime) -> None:
    """Nobody said in time what is missing: accepted as of the day the materials came (行政许可法 art. 32(4)). A "no" that
    nobody confirmed by then is overtaken."""
    running, folder = case.clock(rules.NOTIFY), store.folder(case.id)
    store.overtake(case)
    _accepted(case, folder, running.started_at if running else case.opened_at, by, deemed=True)
    case.finish("deemed")


@application.action(
    "withdraw", label=_("撤回申请"), right="approvals.withdraw", form=forms.Withdraw,
    leaves=[S.SUBMITTED, S.SUPPLEMENT, S.ACCEPTED], reaches=S.WITHDRAWN, anywhere=True, offered=store.undecided,
)  # fmt: skip
def withdraw(case: CaseFile, form: forms.Withdraw, *, by: Actor, now: datetime) -> None:
    """The applicant takes the application back before the decision, at a window too; then they are told that it was done."""
    if store.decided(case.id):
        raise Refused("withdraw.decided", "这一件已经作出决定，不能再撤回申请。不再需要的，请联系办理单位。")
    store.overtake(case)
    case.confide(reason=form.reason)
    case.tell(Message(f"{case.number} 申请人已撤回。", unit=case.lead_unit_id))
    if by.kind == "staff":
        case.tell_persons(
            f"“{case.title}”（{case.number}）已由窗口按您的要求撤回；不是您要求的，请联系窗口。", channel="sms"
        )


@application.action(
    "hand_later", label=_("补交容缺材料"), right="approvals.supplement", form=forms.HandLater, leaves=[S.ACCEPTED],
    anywhere=True, offered=store.lacks,
)  # fmt: skip
def hand_later(case: CaseFile, form: forms.HandLater, *, by: Actor, now: datetime) -> None:
    """What was left to follow is handed in; work went on meanwhile. Refuses what is here already: it was checked."""
    folder = store.folder(case.id)
    if here := [m["name"] for m in folder.materials if m["code"] in form.materials and m["code"] in folder.handed()]:
        raise Refused("material.here", said("{names}已经交过，不能再换。", names=here), "materials")
    case.fact(given="、".join(_hand(case, folder, form.materials)))
    if not {m["code"] for m in folder.materials if m["state"] == "later"} - form.materials.keys():
        case.stop_clock(rules.FOLLOW)
    case.tell(Message(f"{case.number} 申请人已补交容缺材料，请核对。", unit=case.lead_unit_id))


def _to_follow(case: CaseFile) -> list[str]:
    """What is still to follow, by name. Refuses when all of it came between the end of its time and this act."""
    names = [m["name"] for m in store.folder(case.id).materials if m["state"] == "later"]
    if not names:
        raise Refused("later.here", "容缺材料已经补齐。")
    return names


@application.action(
    "remind_later", label=_("补交提醒"), right="cases.expire", form=Nothing, leaves=[S.ACCEPTED], by_rule=True
)
def remind_later(case: CaseFile, form: Nothing, *, by: Actor, now: datetime) -> None:
    """Shortly before the application counts as withdrawn the applicant is reminded of what is to follow."""
    missing = "、".join(_to_follow(case))
    case.fact(missing=missing)
    running = case.clock(rules.FOLLOW)
    until = f"请在 {clock.in_words(running.due_at)} 前" if running and running.due_at else "请尽快"
    case.tell_persons(f"“{case.title}”的{missing}{until}补交，逾期视为撤回申请。", channel="sms")


@application.action(
    "lapse",
    label=_("视为撤回"),
    right="cases.expire",
    form=Nothing,
    leaves=[S.ACCEPTED],
    reaches=S.LAPSED,
    by_rule=True,
)
def lapse(case: CaseFile, form: Nothing, *, by: Actor, now: datetime) -> None:
    """What was to follow never came: deemed withdrawn (安阳市政务服务条例 art. 24). A "no" that waits is overtaken."""
    _to_follow(case)
    store.overtake(case)
    case.tell_persons(f"“{case.title}”逾期未补交材料，视为撤回；可以随时重新申请。", channel="sms")
    case.tell(Message(f"{case.number} 申请人逾期未补交容缺材料，视为撤回。", unit=case.lead_unit_id))
