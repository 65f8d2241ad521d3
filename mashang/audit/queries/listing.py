"""How entries stand in the list: where, by what they are found, and whom they concern."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases import queries as cases
from mashang.ledger.queries import Place, Recorded
from mashang.ledger.queries import about as entries_about
from mashang.org import queries as org

from .. import rules
from ..models import Line


def lines_of(found: Sequence[tuple[Place, Recorded]]) -> list[Line]:
    """The line that each entry has in the list. Whoever moved to another unit since concerns the one they were in."""
    known = _known([entry for _place, entry in found])
    return [_line(place, entry, known.when(place)) for place, entry in found]


def _known(entries: Sequence[Recorded]) -> rules.Known:
    numbers = {entry.case for entry in entries} | {str(entry.facts.get("case", "")) for entry in entries}
    staff: set[int] = set().union(*(rules.staff_named(entry.case, entry.by) for entry in entries))
    moves: dict[int, list[tuple[Place, int]]] = {}
    for place, entry in entries_about([f"org/staff:{id_}" for id_ in staff], ("staff.transferred",)):
        if "old_unit" in entry.facts:  # the first moves that were recorded name the place left in words alone
            moves.setdefault(entry.facts["staff"], []).append((place, entry.facts["old_unit"]))
    return rules.Known(
        cases.facts_by_number(numbers),
        {member.id: member.unit for member in org.staff(staff).values()},
        {unit.id: unit.region for unit in org.units_in()},
        moves,
    )


def _line(place: Place, entry: Recorded, known: rules.Known) -> Line:
    facts = rules.concerned(entry.case, entry.facts, entry.by, known)
    era, xid, id_ = place
    return Line(
        id=id_, era=era, xid=xid, at=entry.at, verb=entry.verb, by=entry.by, subject=entry.case,
        number=rules.number_of(entry.case, entry.facts, known), units=sorted(facts.units), region=facts.region,
        kind=facts.kind,
    )  # fmt: skip
