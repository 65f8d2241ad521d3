"""The state drawings and the rights table, read from the declarations that pages, API and tests read too."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import override

from mashang.cases.procedure import Action, Procedure, registry
from mashang.org.rights import OPERATIONS, PAGES, RIGHTS, ROLES

from . import procedures


def states_page() -> str:
    """docs/states.md: a drawing for each kind of case, and its actions with what each needs, takes and moves."""
    procedures.load()
    with override("zh-hans"):
        parts = [_procedure(p) for _, p in sorted(registry.items()) if p.body_module.startswith("mashang.")]
    head = "# States\n\nWritten by `make docs` from each room's `procedure.py` and `actions`; the drawings can't disagree with the code.\n"
    return "\n".join([head, *parts])


def _procedure(procedure: Procedure) -> str:
    arrows = "\n".join(f"    {line}" for line in _arrows(procedure))
    rows = "\n".join(_row(procedure, a) for a in procedure.actions.values())
    return (
        f"## {procedure.label} (`{procedure.kind}`)\n\n```mermaid\nstateDiagram-v2\n{arrows}\n```\n\n"
        "| action | leaves | reaches | on | right | fields | clocks |\n|---|---|---|---|---|---|---|\n" + rows + "\n"
    )


def _arrows(procedure: Procedure) -> Iterator[str]:
    """One arrow a move; actions that change no state are left to the table."""
    for state in procedure.states:
        yield f"{state.value}: {state.label}"
    for action in procedure.actions.values():
        for goal in action.reaches:
            for start in sorted(action.leaves) if action.on != "new" else ["[*]"]:
                if start != goal and goal not in action.leaves and (start, goal) not in action.never:
                    yield f"{start} --> {goal}: {action.label}"
    for end in sorted(procedure.final):
        yield f"{end} --> [*]"


def _row(procedure: Procedure, action: Action) -> str:
    leaves = "、".join(procedure.state_label(s) for s in sorted(action.leaves)) or "—"
    reaches = "、".join(procedure.state_label(s) for s in action.reaches) or "—"
    where = {"new": "新件", "case": "件"}.get(action.on) or "、".join(
        str(procedure.step_kinds.get(k, k)) for k in sorted(action.steps)
    )
    clocks = [(f"{mark}{code}") for mark, codes in _moves(action) for code in codes]
    fields = ", ".join(action.form.model_fields) or "—"
    right = f"`{action.right}`{'（按规则）' if action.by_rule else ''}"
    return f"| {action.label} `{action.code}` | {leaves} | {reaches} | {where} | {right} | {fields} | {' '.join(clocks) or '—'} |"


def _moves(action: Action) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("▶", action.starts), ("■", action.stops), ("⏸", action.suspends), ("⏵", action.resumes))


def rights_page() -> str:
    """docs/rights.md: who holds which right, and which right each page, API operation and action needs."""
    procedures.load()
    with override("zh-hans"):
        rights = "\n".join(
            f"| `{code}` | {right.label} | {'、'.join(str(ROLES[r].label) for r in sorted(right.roles) if r != 'system')} |"
            for code, right in RIGHTS.items()
        )
        needs = [(f"page `{name}`", need) for name, need in PAGES.items()]
        needs += [(f"operation `{name}`", need) for name, need in OPERATIONS.items()]
        needs += [
            (f"action `{p.kind}.{a.code}`", a.right)
            for _, p in sorted(registry.items())
            if p.body_module.startswith("mashang.")
            for a in p.actions.values()
        ]
    rows = "\n".join(f"| {what} | `{need}` |" for what, need in needs)
    return (
        "# Rights\n\nWritten by `make docs` from `mashang/org/rights.py` and the procedures. What is not listed is refused; the system,"
        " which acts by rule, holds every right. How far a role reaches (units, region, kinds, persons) stands in the grant.\n\n"
        f"| right | what | held by |\n|---|---|---|\n{rights}\n\n## What needs which\n\n| what | right |\n|---|---|\n{rows}\n"
    )
