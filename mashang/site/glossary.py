"""docs/glossary.md: the words of the field, paired with the names in the code. States, verbs, steps and roles are read
from their declarations, so that none is missing; the other words stand in data/terms.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from mashang.cases.procedure import Procedure
from mashang.org.rights import RIGHTS, ROLES

from .procedures import load

TERMS = Path(__file__).with_name("data") / "terms.json"
HEAD = """# Glossary

English names stand in the code, Chinese words on the screen. Written by `make docs`: the first table from
`mashang/site/data/terms.json`, the others from the declarations in the code.
"""


def page() -> str:
    """The text of docs/glossary.md."""
    terms: dict[str, list[str]] = json.loads(TERMS.read_text("utf-8"))
    lines = [HEAD, "## Words\n", *_table(("name", "中文", "meaning"), ((name, *rest) for name, rest in terms.items()))]
    for kind, procedure in sorted(load().items()):
        if not procedure.body_module.startswith("mashang."):
            continue
        lines += [f"## {procedure.label} · {kind}\n", *_table(("name", "中文", "is"), _words(procedure))]
    lines += ["## Roles\n", *_table(("name", "中文"), ((code, str(role.label)) for code, role in ROLES.items()))]
    lines += ["## Rights\n", *_table(("name", "中文"), ((code, str(right.label)) for code, right in RIGHTS.items()))]
    return "\n".join(lines)


def _words(procedure: Procedure) -> Iterator[tuple[str, str, str]]:
    for state in procedure.states:
        yield str(state.value), str(state.label), "final state" if state in procedure.final else "state"
    for code, action in procedure.actions.items():
        yield code, str(action.label), "action"
    for code, label in procedure.step_kinds.items():
        yield code, str(label), "step"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| `{row[0]}` | {' | '.join(row[1:])} |" for row in rows]
    return [*lines, ""]
