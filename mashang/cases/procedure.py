"""A kind of case declares its procedure here once: pages, API, rights table and drawings are all read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from django.db import models
from django.utils.functional import Promise
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mashang.kernel.actor import Actor

from .casefile import CaseFile

On = Literal["new", "case", "step"]
Label = str | Promise
EARLIEST, LATEST = datetime.fromisoformat("1900-01-01T00:00:00Z"), datetime.fromisoformat("2200-01-01T00:00:00Z")
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""What forms may name: instants that every zone can say, and numbers that a row can have."""


class Form(BaseModel):
    """What an action is given. Unknown fields are refused, text is trimmed, NULs are not accepted."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Nothing(Form):
    """The form of an action that needs no input."""


class Body(Protocol):
    def __call__(self, case: CaseFile, form: Any, *, by: Actor, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Action:
    """One verb. `leaves`/`reaches` are case states; `steps` the kinds of step it is pressed on; clocks are rule codes.

    `untimed`: it begins the step's time, so that it is offered only while no time of the step runs. `offered`: asked with
    the ids of case and step before a page offers it, by one cheap question; pressing it does not ask. `anywhere`: in any
    unit that takes part, as a window presses for people who come to it; else in the unit of the step, or that leads the case.
    """

    code: str
    label: str | Promise
    right: str
    form: type[Form]
    body: Body
    leaves: frozenset[str]
    reaches: tuple[str, ...] = ()
    on: On = "case"
    steps: frozenset[str] = frozenset()
    finishes: bool = False
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    suspends: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    first: bool = False
    by_rule: bool = False
    untimed: bool = False
    anywhere: bool = False
    offered: Callable[[int, int], bool] | None = None
    never: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Procedure:
    """`mark` stands in the case number (武平-事-2026-000318); `final` are the states in which a case is settled.

    `effects`: what a clock's expiry brings about (effect of the clock rule → action by rule); others are called overdue.
    `warnings`: what is done shortly before such an expiry; of others the unit is reminded.
    """

    kind: str
    label: str | Promise
    mark: str
    states: type[models.TextChoices]
    final: frozenset[str]
    sentences: Mapping[str, str | Promise]
    effects: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    step_kinds: Mapping[str, str | Promise] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind in registry:
            raise ValueError(f"procedure {self.kind} is declared twice")
        registry[self.kind] = self

    def action(
        self,
        code: str,
        *,
        label: str | Promise,
        right: str,
        form: type[Form] = Nothing,
        leaves: Iterable[str] = (),
        reaches: str | Sequence[str] = (),
        on: On = "case",
        steps: Iterable[str] = (),
        **options: Any,
    ) -> Callable[[Body], Body]:
        """Declare the decorated function as the body of the action `code`."""

        def declare(body: Body) -> Body:
            if code in self.actions:
                raise ValueError(f"action {self.kind}.{code} is declared twice")
            if code not in self.sentences:
                raise ValueError(f"action {self.kind}.{code} has no sentence")
            goals = (reaches,) if isinstance(reaches, str) else tuple(reaches)
            self.actions[code] = Action(
                code, label, right, form, body, frozenset(map(str, leaves)), tuple(map(str, goals)), on,
                frozenset(map(str, steps)), **options,
            )  # fmt: skip
            return body

        return declare

    @property
    def body_module(self) -> str:
        """The module in which the states are declared: the room that owns the procedure."""
        return self.states.__module__

    def state_label(self, state: str) -> str:
        return str(self.states(state).label)


registry: dict[str, Procedure] = {}
beside: dict[str, Label] = {}
"""Sentences of verbs that other rooms record on a case without its procedure, by the whole verb: 撤销文书."""
