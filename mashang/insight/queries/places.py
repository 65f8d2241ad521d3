"""Which places the actor leads."""

from __future__ import annotations

from mashang.kernel.actor import Actor
from mashang.org import queries as org

RIGHT = "insight.cockpit"
COUNTY = 6


def counties(by: Actor) -> list[str]:
    """Codes of the counties (and cities' own level) that have units the actor leads."""
    reach = org.reach(by, RIGHT)
    regions = {u.region[:COUNTY] for u in org.units_in()}
    return sorted(
        r for r in regions if r and any(r.startswith(g.region) or g.region.startswith(r) for g in reach.grants)
    )


def default_place(by: Actor) -> str:
    """The one region that all the actor's grants lie in, "" when they reach further than one."""
    found = {grant.region for grant in org.scopes(by, RIGHT)}
    return found.pop() if len(found) == 1 else ""


def place_name(code: str) -> str:
    """A region's full name from the city down, "" for the whole. Refuses an unknown code."""
    return org.region_path(code) if code else ""
