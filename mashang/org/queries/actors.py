"""Who is asking: an account, with what it holds now, made into an `Actor`; kept a few seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.utils.translation import gettext

from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import NotFound
from mashang.kernel.said import said, told

from ..events import SENTENCES
from ..kept import Kept
from ..models import Account, ApiClient, GrantRow, Mandate, Person, Staff, running
from ..rights import ROLES
from ..rules import PersonGrant, acting_for
from .people import away_at, staff
from .places import units_under
from .spread import grant_of, kinds_of


@dataclass(frozen=True, slots=True)
class Session:
    """What the gate needs of an account. `auth_hash` changes with the password and ends older sessions."""

    actor: Actor
    auth_hash: str
    needs_mfa: bool
    has_mfa: bool


@dataclass(frozen=True, slots=True)
class Client:
    """A calling system: the actor it is, and how many calls a minute it may make."""

    actor: Actor
    per_minute: int


_sessions: Kept[tuple[datetime, Session]] = Kept()
_clients: Kept[tuple[datetime, Client | None]] = Kept()
_workers: Kept[list[int]] = Kept()
DRIFT = timedelta(seconds=30)


def session_for(account: int, now: datetime) -> Session:
    """The account's actor and sign-in facts. Refuses one that is unknown, closed, or belongs to someone who left."""
    made, session = _sessions.get(account, lambda: (now, _session(account, now)))
    if abs(now - made) > DRIFT:  # the clock was turned: seeds and tests
        return _session(account, now)
    return session


def actor_for(account: Account | int, now: datetime | None = None) -> Actor:
    """Who the account is and what it holds at an instant (the present one by default)."""
    return session_for(account if isinstance(account, int) else account.pk, now or clock.now()).actor


def _session(account_id: int, now: datetime) -> Session:
    account = Account.objects.active().filter(pk=account_id).select_related("staff", "person").first()
    if account is None:
        raise NotFound("这个账号不存在或已停用，请联系本单位管理员。")
    if hasattr(account, "staff"):
        actor = _staff_actor(account, account.staff, now)
    elif hasattr(account, "person"):
        actor = _person_actor(account, account.person, now)
    else:
        raise NotFound("这个账号还没有登记身份，请联系本单位管理员。")
    needs = any(ROLES[grant.role].mfa for grant in actor.grants)
    return Session(actor, account.get_session_auth_hash(), needs, needs and has_second_factor(account.pk))


def has_second_factor(account: int) -> bool:
    """Whether the account has an authenticator by now, whatever is kept."""
    return bool(Authenticator.objects.filter(user_id=account, type=Authenticator.Type.TOTP).exists())


def _staff_actor(account: Account, member: Staff, now: datetime) -> Actor:
    if member.left_at is not None and member.left_at <= now:
        raise NotFound("这个账号的使用人已离岗，账号不再有效。")
    covered = covering(member.pk, now)
    grants: list[Grant] = []
    for row in GrantRow.objects.filter(running(now), staff_id__in=[member.pk, *covered]).order_by("id"):
        if row.staff_id == member.pk or ROLES[row.role].hands_over:
            grants.append(grant_of(row))
    grants += _helped(Q(helper_staff=member), now)
    return Actor("staff", account.pk, account.pk, member.name, member.unit_id, (Grant("public"), *grants))


def _person_actor(account: Account, person: Person, now: datetime) -> Actor:
    own = PersonGrant("citizen", persons=frozenset({person.id}))
    helped = _helped(Q(helper_person=person), now)
    return Actor("person", account.pk, person.id, person.name_masked, 0, (Grant("public"), own, *helped))


def _helped(who: Q, now: datetime) -> list[Grant]:
    rows = Mandate.objects.filter(running(now), who).order_by("id")
    return [PersonGrant("helper", kinds=kinds_of(m.kinds), persons=frozenset({m.person_id})) for m in rows]


def covering(member: int, at: datetime) -> frozenset[int]:
    """Whom someone stands in for at an instant, through chains of absences (AB 岗)."""
    away = away_at(at)
    return frozenset(a.staff for a in away if a.staff != member and acting_for(a.staff, at, away) == member)


def stand_in(member: int, at: datetime) -> int | None:
    """Who acts for a staff member who is away at an instant; None when the member is there."""
    acting = acting_for(member, at, away_at(at))
    return None if acting == member else acting


def standing_for(actor: Actor, at: datetime) -> list[int]:
    """Whose desk is the actor's at an instant: one's own, and those one stands in for."""
    return [actor.id, *sorted(covering(actor.id, at))] if actor.kind == "staff" else []


def colleagues_at_work(actor: Actor, at: datetime) -> list[int]:
    """Whose desks in the actor's unit are not the actor's. What lies with anyone else, who left or was moved, is everybody's."""
    mine = standing_for(actor, at)
    workers = _workers.get(
        actor.unit_id,
        lambda: list(Staff.objects.filter(unit=actor.unit_id, left_at=None).values_list("pk", flat=True)),
    )
    return [staff for staff in workers if staff not in mine]


def client_for(token: str, now: datetime) -> Client | None:
    """The calling system behind a token; None when unknown, expired or revoked."""
    digest = vault.blind(token, "token")
    made, client = _clients.get(digest, lambda: (now, _client(digest, now)))
    return client if abs(now - made) <= DRIFT else _client(digest, now)


def _client(digest: bytes, now: datetime) -> Client | None:
    row = ApiClient.objects.filter(token_blind=digest, revoked_at=None).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    units = None if row.unit_id is None else units_under(row.unit_id)
    grants = tuple(Grant(scope, units, row.region) for scope in row.scopes.split(","))
    actor = Actor("client", row.id, 0, row.name, row.unit_id or 0, (Grant("public"), *grants))
    return Client(actor, row.per_minute)


_names: Kept[tuple[str, str]] = Kept()


def shown_name(ref: str, *, to: Actor) -> str:
    """Who a ledger reference is, for a reader: colleagues read name and unit, others read only which unit acted."""
    return shown_names([ref], to=to)[ref]


def shown_names(refs: Collection[str], *, to: Actor) -> dict[str, str]:
    """`shown_name` of many by reference, for lists: a statement for each kind of those that are not kept."""
    others = _names.get_all([ref for ref in refs if ref != to.ref], _names_of)
    own = {to.ref: gettext("您") if to.kind == "person" else to.name} if to.ref in refs else {}
    colleague = to.kind in ("staff", "system")
    return own | {ref: told(full if colleague else open_, gettext) for ref, (open_, full) in others.items()}


def _names_of(refs: Collection[str]) -> dict[str, tuple[str, str]]:
    """How each is told to others, and to colleagues."""
    named = {ref: (kind, int(key)) for ref in refs for kind, _, key in [ref.partition(":")] if key.isdigit()}

    def ids(wanted: str) -> list[int]:
        return [id_ for kind, id_ in named.values() if kind == wanted]

    members = staff(ids("staff"))
    persons = dict(Person.objects.filter(account_id__in=ids("person")).values_list("account_id", "name_masked"))
    clients = dict(ApiClient.objects.filter(pk__in=ids("client")).values_list("pk", "name"))
    found = {}
    for ref in refs:
        kind, id_ = named.get(ref, (ref.partition(":")[0], 0))
        if kind == "staff" and (member := members.get(id_)):
            found[ref] = member.unit_name, f"{member.name}（{member.unit_name}）"
        elif kind == "person" and id_:
            found[ref] = said("申请人"), persons.get(id_) or said("申请人")
        elif kind == "client" and id_:
            found[ref] = (clients.get(id_) or said("外部系统"),) * 2
        else:
            found[ref] = (said("系统") if kind == "system" else said("访客"),) * 2
    return found


def sentence(verb: str) -> str:
    """The sentence of a verb of this room, with its facts still to be filled in."""
    return str(SENTENCES.get(verb, verb))


def demo_accounts() -> list[tuple[str, str, str]]:
    """(what they are, account, password) of the demo county's accounts, for the sign-in page in demo mode."""
    rows = Account.objects.active().filter(is_demo=True).exclude(demo_password="").order_by("kind", "id")
    return list(rows.values_list("demo_label", "username", "demo_password"))
