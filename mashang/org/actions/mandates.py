"""委托代办: who lets whom act, found without telling who is registered, confirmed, recorded and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.said import said
from mashang.ledger import queries as ledger

from ..models import Mandate, Person, Staff
from ..queries import PersonInfo, address_of, find_person, may_act
from ..rules import is_mobile, plain_name, plain_phone
from .codes import check_code, just_sent, send_code
from .door import at_own_unit, check, guard, kinds_text, note, short_text
from .people import person_row

PURPOSE = "mandate"
HOUR = timedelta(hours=1)
MISSES = 5


@dataclass(frozen=True, slots=True)
class NewMandate:
    """Who lets whom act, for which kinds (None = all), how long, and what shows it. `digest`: SHA-256 of the paper."""

    person: int
    starts_at: datetime
    ends_at: datetime
    evidence: str
    helper_person: int | None = None
    helper_staff: int | None = None
    kinds: frozenset[str] | None = None
    digest: str = ""


def find_helper(name: str, phone: str, *, by: Actor, now: datetime) -> int:
    """The registered person of exactly this name and phone, for the citizen who wants to be helped by them.

    Nobody may learn here whose phone is registered: an unknown phone, a phone of another name and a firm's phone are
    refused in the same words after the same work, nothing found is shown but what was typed, and whoever missed five
    times within an hour has to wait. Each miss is recorded, without what was typed.
    """
    if by.kind != "person":
        raise NotFound
    subject = f"person:{by.person_id}"
    faults = short_text(name, 100, "helper_name", said("受托人姓名"))
    if not is_mobile(plain_phone(phone)):
        faults.append(Fault("phone.wrong", "手机号码不正确，请填写11位手机号。", "helper_phone"))
    check(faults)
    missed = [e for e in ledger.history(f"org/{subject}") if e.verb == "helper.not_found" and e.at > now - HOUR]
    if len(missed) >= MISSES:
        raise Refused("helper.too-many", "没有找到受托人的次数过多，请一小时后再试，或到窗口登记。", "helper_phone")
    digests = {
        "phone_blind": vault.blind(plain_phone(phone), "phone"),
        "name_blind": vault.blind(plain_name(name), "name"),
    }
    found = Person.objects.filter(**digests, kind="natural").order_by("-phone_signs_in", "id").first()
    if found is None:
        with transaction.atomic():
            note("helper.not_found", subject, by=by, now=now, facts={"person": by.person_id})
        text = "没有找到姓名和手机号都相符的受托人，请核对；对方没有用手机验证码登录过的，请先登录一次，或到窗口登记。"
        raise Refused("helper.unknown", text, "helper_phone")
    return found.pk


def look_up_person(words: str, *, by: Actor, now: datetime) -> list[PersonInfo]:
    """Persons with exactly this number of a paper (credit code) or phone, masked, for a counter that registers a mandate.

    Parts of either find nobody. Who was found, and by whom, is recorded. Refuses what can be neither, and nobody found.
    """
    guard(by, "org.mandate", at_own_unit(by))
    words = words.strip()
    if "\x00" in words or not 6 <= len(words) <= 30:
        raise Refused("person.words", "请填写完整的证件号码或手机号。", "words")
    found = find_person(number=words, phone=words)
    if not found:
        raise Refused("person.unknown", "没有找到，请核对证件号码或手机号；还没有登记过的请先登记。", "words")
    with transaction.atomic():
        for one in found:
            note("person.looked_up", f"person:{one.id}", by=by, now=now, facts={"person": one.id})
    return found


def ask_mandate(form: NewMandate, *, by: Actor, now: datetime) -> None:
    """The first half of a mandate that the person confirms: everything is checked, and a code goes to their own phone.

    A code that was just sent for this is still good: none is sent beside it. Refuses all faults at once, a person without a
    phone, and asking for codes too often.
    """
    if by.kind != "person" or by.person_id != form.person:
        raise NotFound
    check(_mandate_faults(form, True, now))
    phone = _own_phone(form.person)
    if not just_sent(phone, PURPOSE, now=now):
        send_code(phone, PURPOSE, now=now)


def confirm_mandate(person: int, code: str, *, by: Actor, now: datetime) -> None:
    """The person proves by the code that it is them. Outside any transaction: a wrong try counts though it is refused."""
    if by.kind != "person" or by.person_id != person:
        raise NotFound
    check_code(_own_phone(person), code, PURPOSE, now=now)


def _own_phone(person: int) -> str:
    phone = address_of(person=person)
    if not is_mobile(phone):
        raise Refused("mandate.no_phone", "您没有登记手机号，不能用验证码确认，请带证件到窗口登记委托。")
    return phone


def record_mandate(form: NewMandate, *, by: Actor, now: datetime) -> int:
    """A person lets a helper act in their name. Recorded by the person, or at a counter on paper or in person.

    Refuses all faults at once, and a mandate that stands already.
    """
    with transaction.atomic():
        person_row(form.person)
        own = by.kind == "person" and by.person_id == form.person
        if not own:
            guard(by, "org.mandate", at_own_unit(by))
        check(_mandate_faults(form, own, now))
        try:
            with transaction.atomic():
                row = Mandate.objects.create(
                    person_id=form.person,
                    helper_person_id=form.helper_person,
                    helper_staff_id=form.helper_staff,
                    kinds=kinds_text(form.kinds),
                    starts_at=form.starts_at,
                    ends_at=form.ends_at,
                    evidence=form.evidence,
                    evidence_digest=form.digest,
                    recorded_by=by.ref,
                    recorded_in_id=by.unit_id or None,
                    recorded_at=now,
                )
        except IntegrityError as fault:  # two at once: the second finds the first
            if "org_mandate_once" not in str(fault):
                raise
            raise Refused.of([TWICE]) from fault
        helper = {"helper_person": form.helper_person, "helper_staff": form.helper_staff}
        period = {"from": form.starts_at.isoformat(), "to": form.ends_at.isoformat()}
        facts = {"person": form.person, "mandate": row.pk, "evidence": form.evidence, **helper, **period}
        note("mandate.recorded", f"person:{form.person}", by=by, now=now, facts=facts)
    return row.pk


TWICE = Fault("mandate.twice", "同样的委托在这段时间已经登记。", "helper")


def _mandate_faults(form: NewMandate, own: bool, now: datetime) -> list[Fault]:
    faults = []
    if form.starts_at >= form.ends_at or form.ends_at <= now:
        faults.append(Fault("mandate.period", "委托的结束时间必须晚于开始时间和现在。", "ends_at"))
    if (form.helper_person is None) == (form.helper_staff is None):
        faults.append(Fault("mandate.helper", "请指定一位受托人。", "helper"))
    if form.helper_person == form.person:
        faults.append(Fault("mandate.self", "受托人不能是本人。", "helper"))
    if form.helper_person is not None and not Person.objects.filter(pk=form.helper_person).exists():
        faults.append(Fault("mandate.helper_unknown", "没有找到受托人，请先登记受托人。", "helper"))
    if form.helper_staff is not None and not Staff.objects.filter(pk=form.helper_staff, left_at=None).exists():
        faults.append(Fault("mandate.helper_unknown", "没有找到这位代办员，请从在职名单中选择。", "helper"))
    if form.evidence not in Mandate.Evidence.values or (form.evidence == "code" and not own):
        faults.append(
            Fault("mandate.evidence", "请登记委托的凭据：书面委托书、本人到场，或由本人登录确认。", "evidence")
        )
    if form.evidence == "paper" and len(form.digest) != 64:
        faults.append(Fault("mandate.paper", "请上传书面委托书。", "paper"))
    if not faults and _stands(form):
        faults.append(TWICE)
    return faults


def _stands(form: NewMandate) -> bool:
    """Whether the same mandate stands in some of the time already."""
    same = Q(person=form.person, helper_person=form.helper_person, helper_staff=form.helper_staff)
    overlapping = Q(starts_at__lt=form.ends_at, ends_at__gt=form.starts_at)
    alike = Mandate.objects.filter(same, overlapping, kinds=kinds_text(form.kinds))
    return alike.exclude(ends_at=F("starts_at")).exists()  # ended before it began


def revoke_mandate(id_: int, *, by: Actor, now: datetime) -> None:
    """End a mandate now: by the person, the helper, or a counter. Refuses one that is over; to anyone else there is none."""
    with transaction.atomic():
        row = Mandate.objects.select_for_update().filter(pk=id_, ends_at__gt=now).first()
        mine = row is not None and by.kind == "person" and by.person_id in (row.person_id, row.helper_person_id)
        mine = mine or (row is not None and by.kind == "staff" and by.id == row.helper_staff_id)
        if row is None or not (mine or may_act(by, "org.mandate", at_own_unit(by))):
            raise NotFound("没有找到这项委托，可能已经结束。")
        row.revoked_at, row.ends_at = now, max(now, row.starts_at)
        row.save(update_fields=["revoked_at", "ends_at"])
        facts = {"person": row.person_id, "mandate": id_}
        note("mandate.revoked", f"person:{row.person_id}", by=by, now=now, facts=facts)
