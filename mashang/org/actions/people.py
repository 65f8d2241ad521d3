"""Persons: registering, showing clear data, and the accounts they sign in with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from mashang.kernel import sql, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said
from mashang.ledger.rules import Entry

from ..models import Account, Person
from ..queries import may_act
from ..rules import (
    LANDLINE,
    Facts,
    is_credit_code,
    is_mobile,
    is_person_number,
    mask_id,
    mask_name,
    mask_phone,
    plain_name,
    plain_phone,
)
from .codes import SIGN_IN, count_try
from .door import at_own_unit, check, guard, note, short_text
from .staffing import password_faults, username_faults


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A citizen ("natural") or a firm ("legal"); `number` is the identity number or the unified credit code."""

    kind: str
    name: str
    phone: str = ""
    number: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Revealed:
    name: str
    phone: str
    number: str


def person_faults(form: NewPerson) -> list[Fault]:
    """Everything wrong with a registration, at once."""
    faults = short_text(form.name, 100, "name", said("姓名或名称"))
    if form.kind not in Person.Kind.values:
        faults.append(Fault("kind.unknown", "请选择个人或企业。", "kind"))
    phone = plain_phone(form.phone)
    if phone and not is_mobile(phone) and not LANDLINE.fullmatch(phone):
        faults.append(Fault("phone.wrong", "电话号码不正确，请填写11位手机号，或带区号的固定电话。", "phone"))
    number = form.number.strip().upper()
    if number and form.kind == "natural" and not is_person_number(number):
        faults.append(Fault("number.wrong", "证件号码不正确，请对照证件逐位核对。", "number"))
    if number and form.kind == "legal" and not is_credit_code(number):
        faults.append(Fault("number.wrong", "统一社会信用代码不正确，请核对18位代码。", "number"))
    return faults


def register_person(form: NewPerson, *, by: Actor, now: datetime, later: Callable[[Entry], None] | None = None) -> int:
    """Register a citizen or firm; gives the id, the known one when the number is already registered under that name.

    `later` takes the ledger's entry where an act records it with its own. Refuses all faults at once, and a number that
    belongs to another name.
    """
    guard(by, "org.register_person", at_own_unit(by))
    check(person_faults(form))
    values = [*_values(form, now).values()]
    with transaction.atomic(savepoint=False):
        found = None
        while found is None:  # another counter takes the same person in at this instant: a moment later they are known
            found = sql.run(_TAKE_IN, [form.kind, values[_NUMBER], *values]).fetchone()
        id_, name_blind, is_new = found
        if is_new:
            facts, private = {"person": id_, "kind": form.kind}, {"name": form.name}
            note("person.registered", f"person:{id_}", by=by, now=now, facts=facts, private=private, later=later)
    if not is_new and bytes(name_blind) != vault.blind(plain_name(form.name, form.kind), "name"):
        raise Refused("number.other_name", "这个证件号码已用另一个姓名登记，请核对证件。", "number")
    return int(id_)


_COLUMNS = (
    "kind", "name_sealed", "name_masked", "name_blind", "phone_sealed", "phone_masked", "phone_blind",
    "number_sealed", "number_masked", "number_blind", "is_demo", "registered_at", "phone_signs_in",
)  # fmt: skip
_NUMBER = _COLUMNS.index("number_blind")
_TAKE_IN = f"""
WITH known AS (SELECT id, name_blind FROM org_person WHERE kind = %s AND number_blind = %s)
, made AS (
  INSERT INTO org_person ({", ".join(_COLUMNS)})
  SELECT {", ".join("%s::bytea" if c.endswith(("_sealed", "_blind")) else "%s" for c in _COLUMNS)} WHERE NOT EXISTS (SELECT FROM known)
  ON CONFLICT (kind, number_blind) WHERE number_blind IS NOT NULL DO NOTHING RETURNING id)
SELECT id, name_blind, false FROM known UNION ALL SELECT id, NULL, true FROM made"""
"""The known person with this number, else the new one; no row when another session is just writing them."""


def _values(form: NewPerson, now: datetime) -> dict[str, Any]:
    """By column, in the order of `_COLUMNS`."""
    name, phone, number = form.name.strip(), plain_phone(form.phone), form.number.strip().upper()
    return {
        "kind": form.kind,
        "name_sealed": vault.seal(name),
        "name_masked": mask_name(name, form.kind),
        "name_blind": vault.blind(plain_name(name, form.kind), "name"),
        "phone_sealed": vault.seal(phone) if phone else None,
        "phone_masked": mask_phone(phone) if phone else "",
        "phone_blind": vault.blind(phone, "phone") if phone else None,
        "number_sealed": vault.seal(number) if number else None,
        "number_masked": (mask_id(number) if form.kind == "natural" else number) if number else "",
        "number_blind": vault.blind(number, "number") if number else None,
        "is_demo": form.demo,
        "registered_at": now,
        "phone_signs_in": False,
    }


def open_account(person: int, username: str, password: str, *, by: Actor, now: datetime, demo_label: str = "") -> int:
    """An account with password for a person; demo accounts may have a weak one. Refuses a second account."""
    with transaction.atomic():
        row = person_row(person)
        if by.kind != "person" or by.person_id != person:
            guard(by, "org.register_person", at_own_unit(by))
        account = Account(username=username, is_demo=bool(demo_label), demo_label=demo_label)
        faults = username_faults(username) + ([] if demo_label else password_faults(password, account))
        if row.account_id is not None:
            faults.append(Fault("account.twice", "这位申请人已有账号，可以直接登录。", "username"))
        check(faults)
        account.set_password(password)
        account.demo_password = password if demo_label else ""
        account.save()
        row.account = account
        row.save(update_fields=["account"])
        note("account.opened", f"person:{person}", by=by, now=now, facts={"person": person, "account": account.pk})
    return account.pk


def account_for_phone(phone: str, name: str, kind: str = "natural", number: str = "", *, now: datetime) -> int | None:
    """The account of whoever proved this phone by a code; None when it is new and no name was given yet.

    `kind` as in `NewPerson`. Whoever was registered at a counter with this phone is taken over only as the same kind and
    under the same name; with a `number` only who is registered with name, number and phone is meant, else it is refused.
    A number is never recorded from here: what nobody checked would open what is registered under it.
    """
    phone = plain_phone(phone)
    digest = vault.blind(phone, "phone")
    known = Person.objects.filter(phone_blind=digest, phone_signs_in=True).first()
    if known is not None or not name:
        return known.account_id if known else None
    form = NewPerson(kind, name, phone, number)
    check(person_faults(form))
    if number.strip():
        count_try(phone, SIGN_IN)
    by = Actor.system("sign-in")
    with transaction.atomic():
        if number.strip():
            return _bind(_registered(form, now), None, by, now)
        named = Person.objects.select_for_update().filter(phone_blind=digest, account=None, kind=kind)
        row = named.filter(name_blind=vault.blind(plain_name(name, kind), "name")).order_by("pk").first()
        if row is None:
            row = Person(**_values(form, now))
            row.save()
            facts = {"person": row.pk, "kind": row.kind}
            note("person.registered", f"person:{row.pk}", by=by, now=now, facts=facts, private={"name": name})
        return _bind(row, None, by, now)


def bind_identity(name: str, number: str, *, by: Actor, now: datetime) -> int:
    """Whoever signed in by a code becomes the person whom a counter registered with exactly this name, number and phone.
    Gives that person's account: from now on the phone signs in there.

    Refuses who is known by a number already, all faults of what was typed, and, in one sentence and counted as tries of
    the code, whatever does not match: nobody learns here who is registered.
    """
    own = Person.objects.filter(pk=by.person_id).first() if by.kind == "person" else None
    if own is None:
        raise NotFound
    if own.number_blind is not None or own.phone_sealed is None or not own.phone_signs_in:
        raise Refused("identity.known", "您已经绑定本人身份，不用再绑定。")
    form = NewPerson(own.kind, name, vault.open_(own.phone_sealed), number)
    missing = [] if number.strip() else [Fault("number.missing", "请填写证件号码。", "number")]
    check([*person_faults(form), *missing])
    count_try(form.phone, SIGN_IN)
    with transaction.atomic():
        row = _registered(form, now)
        own = person_row(own.pk)
        account, own.account, own.phone_signs_in = own.account, None, False
        own.save(update_fields=["account", "phone_signs_in"])
        return _bind(row, account, by, now)


def _registered(form: NewPerson, now: datetime) -> Person:
    """The person with exactly this name, number and phone. Refuses in one sentence whatever does not match."""
    values = _values(form, now)
    exact = {name: values[name] for name in ("kind", "name_blind", "number_blind", "phone_blind")}
    row = Person.objects.select_for_update().filter(**exact).first()
    if row is None:
        text = said("没有找到姓名、证件号码和手机号都相符的登记，请核对；登记的手机号不是这个的，请带证件到窗口办理。")
        raise Refused("identity.unknown", text, "number")
    return row


def _bind(row: Person, account: Account | None, by: Actor, now: datetime) -> int:
    """Let the proved phone sign in as this person: to their account, else to `account`, else to a new one."""
    opened = row.account is None and account is None
    if opened:
        account = Account(username=f"p{row.pk}-{bytes(row.phone_blind or b'').hex()[:8]}")
        account.set_unusable_password()
        account.save()
    row.account, row.phone_signs_in = row.account or account, True
    row.save(update_fields=["account", "phone_signs_in"])
    facts = {"person": row.pk, "account": row.account_id}
    note("account.opened" if opened else "person.phone_bound", f"person:{row.pk}", by=by, now=now, facts=facts)
    return int(row.account_id or 0)


def account_for_claims(kind: str, claims: dict[str, str], *, now: datetime) -> Account:
    """The account that a provider of identities vouches for: staff by account name, persons by phone and name.

    Refuses whom nobody appointed, and a person without phone or name.
    """
    if kind == "staff":
        account = Account.objects.active().filter(kind="staff", username=claims["preferred_username"]).first()
        if account is None:
            raise Refused("identity.unknown", "统一身份认证的账号还没有在本平台开通，请联系本单位管理员。")
        return account
    if not claims["phone_number"] or not claims["name"]:
        raise Refused("identity.incomplete", "统一身份认证没有提供姓名和手机号，请改用手机验证码登录。")
    account_id = account_for_phone(claims["phone_number"], claims["name"], now=now)
    return Account.objects.get(pk=account_id)


def person_row(id_: int) -> Person:
    row = Person.objects.select_for_update().filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这位申请人。")
    return row


def reveal(person: int, *, within: Facts, case: str, reason: str, by: Actor, now: datetime) -> Revealed:
    """The clear name, phone and number of someone taking part in a case; who looked, and why, is recorded.

    `within`: the facts of that case. Refuses readers without the right over the case, and a missing reason
    (个人信息保护法 art. 51; every full view is logged with its reason).
    """
    own = by.kind == "person" and by.person_id == person
    if not own and (person not in within.persons or not may_act(by, "org.reveal", within)):
        raise Forbidden("您没有查看完整个人信息的权限，请联系本单位管理员。")
    if not own:
        check(short_text(reason, 200, "reason", said("查看理由")))
    with transaction.atomic():
        row = Person.objects.filter(pk=person).first()
        if row is None:
            raise NotFound("没有找到这位申请人。")
        facts = {"person": person, "case": case}
        note("person.revealed", f"person:{person}", by=by, now=now, facts=facts, private={"reason": reason})
    clear = [vault.open_(data) if data else "" for data in (row.name_sealed, row.phone_sealed, row.number_sealed)]
    return Revealed(*clear)
