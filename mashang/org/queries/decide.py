"""Rights decided from the actor alone: no statement is sent, so every act and every row may ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mashang.kernel.actor import Actor, Grant

from ..rights import PUBLIC, RIGHTS
from ..rules import Facts, Fragment, PersonGrant, Reach, bound, covers


def scopes(actor: Actor, right: str) -> tuple[Grant, ...]:
    """The actor's grants whose role holds the right. An unlisted right is a fault of the program: LookupError."""
    roles = RIGHTS[right].roles
    return tuple(bound(actor, grant) for grant in actor.grants if grant.role in roles)


def holds(actor: Actor, right: str) -> bool:
    """Whether the right is held at all, over whatever scope: for menus and pages that are not about one case."""
    roles = RIGHTS[right].roles
    return PUBLIC in roles or any(grant.role in roles for grant in actor.grants)


def may(
    actor: Actor,
    right: str,
    *,
    units: Iterable[int] | None = None,
    persons: Iterable[int] | None = None,
    region: str | None = None,
    kind: str | None = None,
) -> bool:
    """Whether the actor holds the right over these facts; with no fact given, whether it is held at all.

    Closed: once one fact is given, those left out count as empty, so that a scope bound to them is not met.
    Citizens and helpers are met through `persons` alone: pass the persons who take part.
    """
    if units is None and persons is None and region is None and kind is None:
        return holds(actor, right)
    if PUBLIC in RIGHTS[right].roles:
        return True
    facts = Facts.of(units or (), persons or (), region or "", kind or "")
    return any(covers(grant, facts) for grant in scopes(actor, right))


def may_in(actor: Actor, right: str, unit: int, kind: str) -> bool:
    """Whether the right is held over some cases of this kind in the unit, wherever they are."""
    return any(covers(grant, Facts.of([unit], region=grant.region, kind=kind)) for grant in scopes(actor, right))


def reach(actor: Actor, right: str = "cases.view") -> Reach:
    """The one predicate of who sees what, in its two forms: `.covers(facts)` and `.sql(alias)`."""
    return Reach(scopes(actor, right))


def may_see(actor: Actor, facts: Facts, right: str = "cases.view") -> bool:
    """Whether these facts are the actor's to see."""
    return reach(actor, right).covers(facts)


def may_act(actor: Actor, right: str, facts: Facts) -> bool:
    """Whether the actor holds the right over these facts."""
    return PUBLIC in RIGHTS[right].roles or reach(actor, right).covers(facts)


def visible_to(actor: Actor, right: str = "cases.view", alias: str = "c") -> Fragment:
    """`may_see` as a condition on rows of `alias` (units int[], persons int[], region, kind): for every list."""
    return reach(actor, right).sql(alias)


def persons_of(actor: Actor) -> frozenset[int]:
    """The persons whose cases are the actor's own: oneself, and those who gave a mandate."""
    bound_to = [grant.persons for g in actor.grants if isinstance(grant := bound(actor, g), PersonGrant)]
    return frozenset().union(*bound_to)


def for_persons(actor: Actor) -> Actor:
    """The actor with what reaches persons alone, without what an office brings: for lists of one's own."""
    return replace(actor, grants=tuple(g for g in actor.grants if isinstance(bound(actor, g), PersonGrant)))


def bounded(actor: Actor, right: str) -> bool:
    """Whether some bound (unit, region, kinds, persons) narrows the right: for the sentence on an empty list."""
    return visible_to(actor, right)[0] != "true"
