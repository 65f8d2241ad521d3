"""A case as the API shows it, put together from what the rooms answer."""

from __future__ import annotations

from mashang.approvals import queries as approvals
from mashang.cases import queries
from mashang.clocks.rules import ClockRow
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import queries as org

from . import shapes


def case(view: queries.CaseView, by: Actor) -> shapes.CaseShown:
    """Everything that hangs on the case."""
    row = view.case
    names = {u.id: u.name for u in org.units_of({row.lead_unit_id, *(s.unit_id for s in view.steps)})}
    own = {name: getattr(row, name) for name in shapes.CaseLine.model_fields if name != "lead_unit"}
    return shapes.CaseShown(
        **own, lead_unit=row.lead_unit_id, state_label=view.state_label, lead_unit_name=names.get(row.lead_unit_id, ""),
        persons=[shapes.PersonShown(role=p.role, name=p.shown) for p in view.participants],
        steps=_steps(view, names), clocks=[_clock(c) for c in queries.clocks_of(view)], materials=_materials(view),
        documents=_documents(view), results=_results(view), children=[c.number for c in view.children],
        timeline=[
            shapes.LineShown(at=line.at, verb=line.verb, text=line.text, by=line.by) for line in queries.timeline(view, by)
        ],
    )  # fmt: skip


def _steps(view: queries.CaseView, names: dict[int, str]) -> list[shapes.StepShown]:
    return [
        shapes.StepShown(
            id=s.pk, code=s.code, label=s.label, kind=s.kind, unit=s.unit_id, unit_name=names.get(s.unit_id, ""),
            state=s.state, opened_at=s.opened_at, due_at=s.due_at, held=s.held, done_at=s.done_at, result=s.result,
        )
        for s in view.steps
    ]  # fmt: skip


def _clock(row: ClockRow) -> shapes.ClockShown:
    return shapes.ClockShown(
        code=row.code, label=row.label, kind=row.kind, step=row.step_id, party=row.party, limit=row.limit, state=row.state,
        started_at=row.started_at, due_at=row.due_at, stopped_at=row.stopped_at, provisional=row.provisional,
    )  # fmt: skip


def _materials(view: queries.CaseView) -> list[shapes.MaterialShown]:
    """Of an application; other kinds of case have none."""
    if view.case.kind != "application":
        return []
    rows = approvals.folder(view.case.pk).materials
    return [shapes.MaterialShown(**{name: m[name] for name in shapes.MaterialShown.model_fields}) for m in rows]


def _documents(view: queries.CaseView) -> list[shapes.DocumentShown]:
    return [document(d.pk, d.name, d.media_type, d.size, d.material, d.at) for d in view.documents]


def document(id_: int, name: str, media_type: str, size: int, material: str, at: object) -> shapes.DocumentShown:
    return shapes.DocumentShown.model_validate(
        {"id": id_, "name": name, "media_type": media_type, "size": size, "material": material, "at": at}
    )


def _results(view: queries.CaseView) -> list[shapes.ResultShown]:
    return [
        shapes.ResultShown(
            number=g.number, title=g.title, code=g.code, state=g.state, issued_at=clock.local(g.issued_at),
            valid_to=g.valid_to, url=g.url,
            replaces=g.replaces, corrected=[c.label for c in g.corrected],
        )
        for g in documents.of_case(view.case.number)
    ]  # fmt: skip


def certificate(code: str) -> shapes.CertificateShown:
    """What stands behind a verification code."""
    given = documents.verify(code)
    values = {name: getattr(given, name) for name in shapes.CertificateShown.model_fields}
    corrected = [c.label for c in given.corrected]
    return shapes.CertificateShown.model_validate({**values, "corrected": corrected, "hashes": list(given.hashes)})


def result_code(view: queries.CaseView, number: str) -> str:
    """The code of a result of this case. Refuses another case's."""
    found = next((g.code for g in documents.of_case(view.case.number) if g.number == number), None)
    if found is None:
        raise NotFound
    return found
