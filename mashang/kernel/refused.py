"""How a rule says no: one sentence the reader can act on, or all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mashang.kernel.said import said

SHOWN = 200  # faults of a table that are named; the rest are counted


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a stable `code`, a full sentence, and the form field it belongs to."""

    code: str
    text: str
    field: str = ""


class Refused(Exception):
    """A request the rules do not allow. `faults` holds every reason; `code`, `text`, `field` are the first one's."""

    def __init__(self, code: str, text: str, field: str = "", faults: Sequence[Fault] = ()) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults) or (Fault(code, text, field),)
        self.code, self.text, self.field = code, text, field
        super().__init__(text)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Refused:
        """All faults in one refusal; the sentences are joined for readers that show only one line."""
        first = faults[0]
        return cls(first.code, "；".join(str(f.text).rstrip("。") for f in faults) + "。", first.field, faults)

    @classmethod
    def of_many(cls, faults: Sequence[Fault]) -> Refused:
        """The same of a whole table: the first two hundred, and how many more there are."""
        if len(faults) <= SHOWN:
            return cls.of(faults)
        more = said("还有 {n} 处问题没有列出，请先改正以上各处。", n=len(faults) - SHOWN)
        return cls.of([*faults[:SHOWN], Fault("more", more, faults[0].field)])


class NotFound(Refused):
    """What was asked for does not exist, or is not the asker's to know of: the two look the same from outside."""

    def __init__(self, text: str = "没有找到您要的内容，请核对编号。") -> None:
        super().__init__("not-found", text)


class Forbidden(Refused):
    """The asker may see the thing but holds no right to do this to it."""

    def __init__(self, text: str = "您没有办理这一事项的权限，请联系本单位管理员。") -> None:
        super().__init__("forbidden", text)


def together(*parts: Callable[[], Any]) -> list[Any]:
    """What each part gives. Refuses with the faults of all of them at once; what is not the asker's to know goes first."""
    found: list[Any] = []
    faults: list[Fault] = []
    for part in parts:
        try:
            found.append(part())
        except (NotFound, Forbidden):
            raise
        except Refused as no:
            faults += no.faults
    if faults:
        raise Refused.of(faults)
    return found
