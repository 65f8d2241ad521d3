"""Who acts: a value made once a request, from which every right is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["staff", "person", "client", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held over some cases. `units` None means every unit, `region` is a code prefix ("" = all), `kinds` None all."""

    role: str
    units: frozenset[int] | None = None
    region: str = ""
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the account; `person_id` the citizen, firm or staff member behind it; `name` is what timelines show."""

    kind: ActorKind
    id: int = 0
    person_id: int = 0
    name: str = ""
    unit_id: int = 0
    grants: tuple[Grant, ...] = ()

    @property
    def ref(self) -> str:
        """The opaque reference that the ledger keeps in place of a name, like "staff:12"."""
        return (
            f"{self.kind}:{self.id}" if self.id else f"{self.kind}:{self.name}" if self.kind == "system" else self.kind
        )

    @classmethod
    def system(cls, name: str) -> Actor:
        """A sweep or a job: acts by rule, holds the role "system" everywhere."""
        return cls("system", name=name, grants=(Grant("system"),))


ANONYMOUS = Actor("anonymous", name="访客", grants=(Grant("public"),))
