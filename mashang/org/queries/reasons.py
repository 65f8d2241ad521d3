"""为什么(不)能看到: each grant and each gap in a full sentence, for administrators."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.said import listed, said

from ..models import GrantRow
from ..rights import PUBLIC, RIGHTS, ROLES
from ..rules import CLOSED_KINDS, Facts, PersonGrant, covers, persons_of
from .decide import scopes
from .places import region_table, unit_table


def why(actor: Actor, right: str, facts: Facts, now: datetime | None = None) -> list[str]:
    """Sentences that name what lets the actor use the right on these facts, or every gap that keeps them from it."""
    wanted = RIGHTS[right]
    if PUBLIC in wanted.roles:
        return [said("“{label}”对公众开放，{name}可以看到。", label=wanted.label, name=actor.name)]
    held = scopes(actor, right)
    if reached := [grant for grant in held if covers(grant, facts)]:
        return [_allows(actor, right, grant, facts) for grant in reached]
    sentences = [said("{name}不能对本件行使“{label}”，原因如下。", name=actor.name, label=wanted.label)]
    if not held:
        roles = [str(ROLES[r].label) for r in ROLES if r in wanted.roles and r != "system"]
        own = list(dict.fromkeys(str(ROLES[g.role].label) for g in actor.grants if g.role != PUBLIC)) or said("无")
        sentences.append(
            said(
                "{name}现有的角色是：{own}；能“{label}”的角色是：{roles}。",
                name=actor.name,
                own=own,
                label=wanted.label,
                roles=roles,
            )
        )
    sentences += [gap for grant in held for gap in _gaps(grant, facts)]
    if actor.kind == "staff":
        sentences += _past(actor, right, now or clock.now())
    return sentences


def _allows(actor: Actor, right: str, grant: Grant, facts: Facts) -> str:
    label = ROLES[grant.role].label
    if isinstance(grant, PersonGrant):
        how = said("本人是本件的当事人") if grant.role == "citizen" else said("当事人已委托其代办")
        return said("{name}能对本件行使“{label}”：{how}。", name=actor.name, label=RIGHTS[right].label, how=how)
    through = ""
    if grant.units is not None:
        through = said("，本件的办理单位{units}在此范围内", units=unit_names(grant.units & facts.units))
    return said(
        "{name}能对本件行使“{label}”：持有“{role}”角色，范围是{scope}{through}。",
        name=actor.name,
        label=RIGHTS[right].label,
        role=label,
        scope=scope_text(grant),
        through=through,
    )


def _gaps(grant: Grant, facts: Facts) -> list[str]:
    """What of this grant does not meet the facts."""
    label = ROLES[grant.role].label
    gaps = []
    persons = persons_of(grant)
    if persons is not None and persons.isdisjoint(facts.persons):
        own, other = said("本人不是本件的当事人"), said("本件当事人没有委托其代办，或委托已到期")
        gaps.append(said("以“{label}”身份：{whose}。", label=label, whose=own if grant.role == "citizen" else other))
    if grant.units is not None and grant.units.isdisjoint(facts.units):
        handled = unit_names(facts.units) if facts.units else said("（尚未确定）")
        gaps.append(
            said(
                "“{label}”角色的单位范围是{units}，本件的办理单位{handled}不在其中。",
                label=label,
                units=unit_names(grant.units),
                handled=handled,
            )
        )
    if not facts.region.startswith(grant.region):
        gaps.append(
            said(
                "“{label}”角色的地区范围是{own}，本件在{place}。",
                label=label,
                own=_place(grant.region),
                place=_place(facts.region),
            )
        )
    return gaps + _gaps_of_kind(grant, facts, label, persons is not None)


def _gaps_of_kind(grant: Grant, facts: Facts, label: object, own: bool) -> list[str]:
    gaps = []
    if grant.kinds is not None and facts.kind not in grant.kinds:
        gaps.append(
            said(
                "“{label}”角色只限办件类别{kinds}，本件的类别是“{kind}”。",
                label=label,
                kinds=_quoted(grant.kinds),
                kind=facts.kind,
            )
        )
    if grant.kinds is None and not own and facts.kind in CLOSED_KINDS:
        gaps.append(
            said(
                "本件属于保密类别“{kind}”，“{label}”角色没有点名授权这一类别，按规定回避。",
                kind=facts.kind,
                label=label,
            )
        )
    return gaps


def _past(actor: Actor, right: str, now: datetime) -> list[str]:
    """Grants of one's own that are over or not yet begun."""
    rows = GrantRow.objects.filter(staff_id=actor.person_id, role__in=RIGHTS[right].roles).order_by("id")
    sentences = []
    for row in rows:
        label = ROLES[row.role].label
        if row.ends_at is not None and row.ends_at <= now:
            sentences.append(said("“{label}”角色已于{day}到期或被收回。", label=label, day=_day(row.ends_at)))
        elif row.starts_at > now:
            sentences.append(said("“{label}”角色要到{day}才生效。", label=label, day=_day(row.starts_at)))
    return sentences


def _day(instant: datetime) -> str:
    local = clock.local(instant)
    return said("{year}年{month}月{day}日", year=local.year, month=local.month, day=local.day)


def _place(code: str) -> str:
    known = region_table().get(code)
    if known:
        return said("“{name}”", name=known.name)
    return said("代码{code}的地区", code=code) if code else said("（未注明地区）")


def _quoted(words: Collection[str]) -> str:
    return listed([said("“{name}”", name=word) for word in sorted(words)])


def unit_names(ids: Collection[int]) -> str:
    """The topmost of the units by name, so that a subtree is named by its root."""
    table = unit_table()
    tops = [table[i] for i in sorted(ids) if i in table and table[i].parent not in ids]
    names = [said("“{name}”", name=u.name) for u in tops[:5]] or [said("（无）")]
    shown = said("{names}等", names=names) if len(tops) > 5 else listed(names)
    return said("{names}及下属单位", names=shown) if tops and len(ids) > len(tops) else shown


def scope_text(grant: Grant) -> str:
    """How far a grant reaches, in words: 全部单位 · 漳州市 · 仅限“…”."""
    if isinstance(grant, PersonGrant):
        return said("本人的办件") if grant.role == "citizen" else said("委托人的办件")
    parts = [said("全部单位") if grant.units is None else unit_names(grant.units)]
    if grant.region:
        parts.append(said("{place}范围", place=_place(grant.region)))
    if grant.kinds is not None:
        parts.append(said("仅限{kinds}", kinds=_quoted(grant.kinds)))
    return listed(parts)
