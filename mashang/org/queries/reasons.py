"""为什么(不)能看到: each grant and each gap in a full sentence, for administrators."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant

from ..models import GrantRow
from ..rights import PUBLIC, RIGHTS, ROLES
from ..rules import CLOSED_KINDS, Facts, PersonGrant, covers, persons_of
from .decide import scopes
from .places import region_table, unit_table


def why(actor: Actor, right: str, facts: Facts, now: datetime | None = None) -> list[str]:
    """Sentences that name what lets the actor use the right on these facts, or every gap that keeps them from it."""
    wanted = RIGHTS[right]
    if PUBLIC in wanted.roles:
        return [f"“{wanted.label}”对公众开放，{actor.name}可以看到。"]
    held = scopes(actor, right)
    if reached := [grant for grant in held if covers(grant, facts)]:
        return [_allows(actor, right, grant, facts) for grant in reached]
    sentences = [f"{actor.name}不能对本件行使“{wanted.label}”，原因如下。"]
    if not held:
        roles = "、".join(str(ROLES[r].label) for r in ROLES if r in wanted.roles and r != "system")
        own = "、".join(dict.fromkeys(str(ROLES[g.role].label) for g in actor.grants if g.role != PUBLIC)) or "无"
        sentences.append(f"{actor.name}现有的角色是：{own}；能“{wanted.label}”的角色是：{roles}。")
    sentences += [gap for grant in held for gap in _gaps(grant, facts)]
    if actor.kind == "staff":
        sentences += _past(actor, right, now or clock.now())
    return sentences


def _allows(actor: Actor, right: str, grant: Grant, facts: Facts) -> str:
    label = ROLES[grant.role].label
    if isinstance(grant, PersonGrant):
        how = "本人是本件的当事人" if grant.role == "citizen" else "当事人已委托其代办"
        return f"{actor.name}能对本件行使“{RIGHTS[right].label}”：{how}。"
    through = ""
    if grant.units is not None:
        through = f"，本件的办理单位{unit_names(grant.units & facts.units)}在此范围内"
    return f"{actor.name}能对本件行使“{RIGHTS[right].label}”：持有“{label}”角色，范围是{scope_text(grant)}{through}。"


def _gaps(grant: Grant, facts: Facts) -> list[str]:
    """What of this grant does not meet the facts."""
    label = ROLES[grant.role].label
    gaps = []
    persons = persons_of(grant)
    if persons is not None and persons.isdisjoint(facts.persons):
        whose = "本人不是本件的当事人" if grant.role == "citizen" else "本件当事人没有委托其代办，或委托已到期"
        gaps.append(f"以“{label}”身份：{whose}。")
    if grant.units is not None and grant.units.isdisjoint(facts.units):
        handled = unit_names(facts.units) if facts.units else "（尚未确定）"
        gaps.append(f"“{label}”角色的单位范围是{unit_names(grant.units)}，本件的办理单位{handled}不在其中。")
    if not facts.region.startswith(grant.region):
        gaps.append(f"“{label}”角色的地区范围是{_place(grant.region)}，本件在{_place(facts.region)}。")
    if grant.kinds is not None and facts.kind not in grant.kinds:
        gaps.append(f"“{label}”角色只限办件类别{_quoted(grant.kinds)}，本件的类别是“{facts.kind}”。")
    if grant.kinds is None and persons is None and facts.kind in CLOSED_KINDS:
        gaps.append(f"本件属于保密类别“{facts.kind}”，“{label}”角色没有点名授权这一类别，按规定回避。")
    return gaps


def _past(actor: Actor, right: str, now: datetime) -> list[str]:
    """Grants of one's own that are over or not yet begun."""
    rows = GrantRow.objects.filter(staff_id=actor.person_id, role__in=RIGHTS[right].roles).order_by("id")
    sentences = []
    for row in rows:
        label = ROLES[row.role].label
        if row.ends_at is not None and row.ends_at <= now:
            sentences.append(f"“{label}”角色已于{_day(row.ends_at)}到期或被收回。")
        elif row.starts_at > now:
            sentences.append(f"“{label}”角色要到{_day(row.starts_at)}才生效。")
    return sentences


def _day(instant: datetime) -> str:
    local = clock.local(instant)
    return f"{local.year}年{local.month}月{local.day}日"


def _place(code: str) -> str:
    known = region_table().get(code)
    return f"“{known.name}”" if known else (f"代码{code}的地区" if code else "（未注明地区）")


def _quoted(words: Collection[str]) -> str:
    return "、".join(f"“{word}”" for word in sorted(words))


def unit_names(ids: Collection[int]) -> str:
    """The topmost of the units by name, so that a subtree is named by its root."""
    table = unit_table()
    tops = [table[i] for i in sorted(ids) if i in table and table[i].parent not in ids]
    names = "、".join(f"“{u.name}”" for u in tops[:5]) or "（无）"
    more = "等" if len(tops) > 5 else ""
    below = "及下属单位" if tops and len(ids) > len(tops) else ""
    return names + more + below


def scope_text(grant: Grant) -> str:
    """How far a grant reaches, in words: 全部单位 · 漳州市 · 仅限“…”."""
    if isinstance(grant, PersonGrant):
        return "本人的办件" if grant.role == "citizen" else "委托人的办件"
    parts = ["全部单位" if grant.units is None else unit_names(grant.units)]
    if grant.region:
        parts.append(_place(grant.region) + "范围")
    if grant.kinds is not None:
        parts.append("仅限" + _quoted(grant.kinds))
    return "、".join(parts)
