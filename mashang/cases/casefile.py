"""卷宗: the case in hand while one act runs. Bodies read it and change it; the door writes it back in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mashang.clocks import queries as clocks
from mashang.clocks import rules as clock_rules
from mashang.clocks.rules import ClockRow
from mashang.kernel.refused import Refused
from mashang.ledger.rules import Entry

Statement = tuple[str, list[Any]]
"""One INSERT or UPDATE with its parameters."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step to be worked: `after` are the codes it waits for, `clocks` pairs of (rule code, limit or "" for the rule's)."""

    code: str
    label: str
    kind: str
    unit_id: int
    after: tuple[str, ...] = ()
    clocks: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class StepInHand:
    """The step acted on, or one that this act opens."""

    id: int
    code: str
    label: str
    kind: str
    unit_id: int
    state: str
    needs: int
    next: list[str]
    clocks: list[list[str]]
    staff: int | None = None
    opened_at: datetime | None = None
    due_at: datetime | None = None
    held: bool = False
    result: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A person who takes part: `shown` is the masked name, `phone_tail` the digest a case is tracked by."""

    person_id: int
    role: str
    shown: str
    phone_tail: bytes | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A notice owed to one reader (a person, a staff member or a unit)."""

    text: str
    person: int | None = None
    staff: int | None = None
    unit: int | None = None
    channel: str = "in-app"


@dataclass(slots=True)
class CaseFile:
    """One case, locked. Times are aware; `clocks` are those of the case and of the step in hand that still run."""

    id: int
    number: str
    kind: str
    title: str
    about: str
    state: str
    outcome: str
    lead_unit_id: int
    region: str
    units: list[int]
    persons: list[int]
    parent_id: int | None
    definition: int | None
    channel: str
    opened_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    held: bool
    late: bool
    supervised: bool
    revision: int
    now: datetime
    step: StepInHand | None = None
    opening: list[StepInHand] = field(default_factory=list)
    clocks: list[ClockRow] = field(default_factory=list)
    began: list[ClockRow] = field(default_factory=list)
    changed: dict[int, ClockRow] = field(default_factory=dict)
    plans: list[StepPlan] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    attached: list[tuple[int, str]] = field(default_factory=list)
    also: list[Callable[[CaseFile], Statement]] = field(default_factory=list)
    drop_steps: bool = False
    finished: bool = False
    words: str = ""
    entries: list[Entry] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)

    def fact(self, **facts: Any) -> None:
        """Public facts of this act: they stand in the ledger and fill the timeline's sentence."""
        self.facts.update(facts)

    def confide(self, **facts: str) -> None:
        """Private facts: the ledger keeps a salted commitment, the text can be erased."""
        self.private.update(facts)

    def record(self, entry: Entry) -> None:
        """Record what another room did within this act, before the act itself."""
        self.entries.append(entry)

    def plan(self, steps: Sequence[StepPlan]) -> None:
        """Lay out steps; those without predecessors open with this act."""
        self.plans.extend(steps)
        self.units = sorted({*self.units, *(s.unit_id for s in steps)})

    def join(self, party: Party) -> None:
        """Let a person take part: they see the case from now on."""
        self.parties.append(party)
        self.persons = sorted({*self.persons, party.person_id})

    def tell(self, message: Message) -> None:
        """Queue a notice; it is sent after the commit."""
        self.messages.append(message)

    def tell_persons(self, text: str, channel: str = "in-app") -> None:
        """Queue a notice for everyone who takes part as a person."""
        for person in self.persons:
            self.messages.append(Message(text, person=person, channel=channel))

    def attach(self, documents: Mapping[int, str]) -> None:
        """Bind uploaded documents (id → material code) to the case with this act."""
        self.attached.extend(documents.items())

    def finish(self, result: str) -> None:
        """The step in hand is done with this result; the door opens what waited for it alone."""
        if self.step is None or self.step.state != "open":
            raise Refused("step.not-open", "这个环节现在不在办理中，请刷新页面查看最新进展。")
        self.step.state, self.step.result, self.finished = "done", result, True

    def settle(self, outcome: str) -> None:
        """The case is settled: open steps are dropped, running clocks stop."""
        self.outcome, self.settled_at, self.drop_steps = outcome, self.now, True

    def clock(self, code: str) -> ClockRow | None:
        """The running clock of this rule code, the step's before the case's."""
        rows = [self.changed.get(c.id, c) for c in self.clocks if c.code == code]
        live = [c for c in rows if c.state != "stopped"]
        return next((c for c in live if c.step_id), live[0] if live else None)

    def write_also(self, make: Callable[[CaseFile], Statement]) -> None:
        """Write a room's own row in the door's one statement; `make` is asked when the case has its identity.

        Each is one INSERT or UPDATE without a WITH of its own; two of them must not touch the same row.
        """
        self.also.append(make)

    def start_clock(
        self, code: str, limit: str = "", *, step: StepInHand | None = None, at: datetime | None = None, party: str = ""
    ) -> None:
        """Start the rule's clock for the case, or for a step; `limit` where the rule leaves it open, `party` where it is not
        the unit's time that runs."""
        unit = step.unit_id if step else self.lead_unit_id
        row = clock_rules.start(
            clocks.rule_for(code), at=at or self.now, calendar=clocks.calendar_for(self.region, unit, self.now),
            case_id=self.id, step_id=step.id if step else None, party=party or f"unit:{unit}", limit=limit or None,
        )  # fmt: skip
        self.began.append(row)

    def stop_clock(self, code: str, *, of_step: bool = False) -> None:
        """Stop the running clocks of this code that are in hand, or only the step's; none running is not a fault."""
        for row in self.live(code):
            if of_step and (self.step is None or row.step_id != self.step.id):
                continue
            self.changed[row.id] = clock_rules.stop(row, self.now)

    def suspend_clock(self, code: str, ground: str, expected: datetime | None = None) -> None:
        """Suspend the clocks of this code on a lawful ground, for the step in hand; refused where the rule does not know the
        ground."""
        of = self.step.id if self.step else None
        for row in self.live(code):
            self.changed[row.id] = clock_rules.suspend(row, self.now, ground, expected, of)

    def resume_clock(self, code: str, ground: str = "") -> bool:
        """End what the step in hand suspends (on this ground): the clocks run on when no other suspension lasts. Gives whether
        any does."""
        of, runs = self.step.id if self.step else None, False
        for row in self.live(code):
            if clock_rules.lasting(row, ground, of):
                calendar = clocks.calendar_for(self.region, self.unit_of(row), self.now)
                again = self.changed[row.id] = clock_rules.resume(row, self.now, calendar, ground, of)
                runs = runs or again.state == "running"
        return runs

    def extend_clock(self, code: str, limit: str, ground: str) -> None:
        for row in self.live(code):
            calendar = clocks.calendar_for(self.region, self.unit_of(row), self.now)
            self.changed[row.id] = clock_rules.extend(row, limit, self.now, calendar, ground)

    def live(self, code: str) -> list[ClockRow]:
        """Clocks of this code that are not stopped, as changed so far."""
        rows = (self.changed.get(c.id, c) for c in self.clocks if c.code == code)
        return [r for r in rows if r.state != "stopped"]

    def unit_of(self, row: ClockRow) -> int:
        """The unit whose opening hours the clock follows: the one with which it began."""
        return row.unit_id or self.lead_unit_id

    def pass_clocks(self, unit: int) -> None:
        """The time of the step in hand runs against this unit from now on; who has it neither lengthens nor shortens it."""
        for row in (self.changed.get(c.id, c) for c in self.clocks):
            if self.step and row.step_id == self.step.id and row.state != "stopped" and row.party.startswith("unit:"):
                self.changed[row.id] = replace(row, party=f"unit:{unit}")
