"""What differs between two definitions, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mashang.kernel.said import listed, said, strung

from .spec import Spec
from .words import label_of, named, words_of

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """`was` "" says that it is new, `now` "" that it is gone."""

    where: str
    was: str
    now: str


def differences(old: Spec, new: Spec) -> list[Change]:
    """Every field in which two definitions differ, in the definition's order; parts with a code are held side by side."""
    if type(old) is not type(new):
        kind = str(label_of(type(new), "shape"))
        return [Change(kind, old.shape, new.shape)]
    return list(_of_models(old, new, ()))


def _change(place: Place, was: str, now: str) -> Change:
    return Change(strung(place, "{one} · {other}"), was, now)


def _of_models(old: BaseModel, new: BaseModel, place: Place) -> Iterator[Change]:
    kind = type(new)
    for name in kind.model_fields:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield from _of_values(name, was, now, (*place, said("{word}", word=str(label_of(kind, name)))))


def _of_values(name: str, was: Any, now: Any, place: Place) -> Iterator[Change]:
    if isinstance(was, BaseModel) and isinstance(now, BaseModel):
        yield from _of_models(was, now, place)
    elif (before := _by_code(was)) is not None and (after := _by_code(now)) is not None:
        yield from _of_parts(before, after, place)
    else:
        yield _change(place, words_of(name, was), words_of(name, now))


def _by_code(value: Any) -> Mapping[str, BaseModel] | None:
    """Parts by their code, where each has one of its own."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, tuple):
        return None
    found = {getattr(part, "code", ""): part for part in value if isinstance(part, BaseModel)}
    return found if len(found) == len(value) and "" not in found else None


def _of_parts(before: Mapping[str, BaseModel], after: Mapping[str, BaseModel], place: Place) -> Iterator[Change]:
    for code, part in before.items():
        if code not in after:
            yield _change(place, _called(code, part), "")
    for code, part in after.items():
        if code not in before:
            yield _change(place, "", _called(code, part))
        elif before[code] != part:
            inside = (*place[:-1], said("{what}“{name}”", what=place[-1], name=named(part) or code))
            yield from _of_models(before[code], part, inside)
    if (kept := _kept(before, after)) != _kept(after, before):
        was, now = (listed([_called(c, before[c]) for c in codes]) for codes in (kept, _kept(after, before)))
        yield _change((*place, said("顺序")), was, now)


def _called(code: str, part: BaseModel) -> str:
    return named(part) or code


def _kept(these: Mapping[str, BaseModel], others: Mapping[str, BaseModel]) -> Sequence[str]:
    return [code for code in these if code in others]
