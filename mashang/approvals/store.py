"""The room's own rows, read and written with one statement each, so that an act keeps to its few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.cases.casefile import CaseFile
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import Spec, Step
from mashang.clocks import queries as clocks
from mashang.kernel import sql, vault
from mashang.kernel.refused import NotFound

_READ = """
SELECT to_jsonb(a) - 'private', a.private,
  (SELECT jsonb_agg(m ORDER BY m.id) FROM approvals_material m WHERE m.case_id = a.case_id),
  (SELECT to_jsonb(r) FROM approvals_refusal r WHERE r.case_id = a.case_id AND r.state = 'pending')
FROM approvals_application a WHERE a.case_id = %s"""
ANSWER = """
UPDATE approvals_refusal SET state = %s, answered_by = %s, answered_at = %s, answer = %s
WHERE case_id = %s AND state = 'pending'"""
"""What became of the report of a "no" that waited for its second person."""
_PENDING = "SELECT 1 FROM approvals_refusal WHERE case_id = %s AND step = %s AND state = 'pending'"
_LACKS = "SELECT 1 FROM approvals_material WHERE case_id = %s AND state IN ('later', 'missing') LIMIT 1"
_DECIDED = "SELECT decided_at IS NOT NULL FROM approvals_application WHERE case_id = %s"
_STANDS = """
SELECT a.decided_at IS NOT NULL, ARRAY(
  SELECT DISTINCT s.kind FROM cases_step s WHERE s.case_id = a.case_id AND s.state IN ('open', 'waiting') AND s.id <> %s)
FROM approvals_application a WHERE a.case_id = %s"""
_NEW = """
INSERT INTO approvals_application (case_id, entry, version, part, applicant, public, private, statutory, promised,
  instant, notices, noticed, results)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '[]', '{}')"""
_NEW_MATERIALS = """
INSERT INTO approvals_material (case_id, code, name, held_as, state, document)
SELECT %s, code, name, held_as, state, document
FROM jsonb_to_recordset(%s) AS d (code text, name text, held_as text, state text, document bigint)"""
_CHANGE = """
UPDATE approvals_application SET notices = coalesce(%s, notices), noticed = coalesce(%s::jsonb, noticed),
  accepted_at = coalesce(%s, accepted_at), decided_at = coalesce(%s, decided_at), results = results || %s::text[]
WHERE case_id = %s"""
_CHANGE_MATERIALS = """
UPDATE approvals_material m SET state = d.state, document = coalesce(d.document, m.document), due = d.due
FROM jsonb_to_recordset(%s) AS d (code text, state text, document bigint, due date)
WHERE m.case_id = %s AND m.code = d.code"""
_KEEP = """
INSERT INTO approvals_keptmaterial (person_id, code, name, document, source, kept_at)
SELECT %s, held_as, name, document, %s, %s
FROM jsonb_to_recordset(%s) AS d (held_as text, name text, document bigint)
ON CONFLICT (person_id, code) DO UPDATE SET document = excluded.document, source = excluded.source,
  kept_at = excluded.kept_at"""
_FOLLOWED = """
SELECT a.case_id FROM approvals_application a JOIN cases_case c ON c.id = a.case_id
WHERE a.applicant = %s AND a.entry = %s AND a.part = ANY (%s::text[]) AND c.state IN ('granted', 'completed')
  AND c.persons @> ARRAY[%s::int] ORDER BY a.case_id DESC LIMIT 1"""
_RUNNING = """
SELECT c.number FROM approvals_application a JOIN cases_case c ON c.id = a.case_id
WHERE a.entry = %s AND a.part = %s AND c.persons @> ARRAY[%s::int] AND c.settled_at IS NULL
ORDER BY a.case_id DESC LIMIT 5"""
_HELD = "SELECT code, document, name, source FROM approvals_keptmaterial WHERE person_id = %s"


@dataclass(frozen=True, slots=True)
class Held:
    """A material on file for a person, under the code by which definitions ask for it."""

    code: str
    document: int
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Folder:
    """An application's own rows. `row` and `materials` are as the tables have them; `refusal` is the pending report."""

    row: Mapping[str, Any]
    private: dict[str, Any]
    materials: list[dict[str, Any]]
    refusal: Mapping[str, Any] | None

    @property
    def spec(self) -> Spec:
        return catalogue.version(self.row["version"]).spec

    @property
    def answers(self) -> dict[str, Any]:
        return {**self.row["public"], **self.private}

    def handed(self) -> list[str]:
        """Codes of the materials that are here."""
        return [m["code"] for m in self.materials if m["state"] in ("handed", "held", "filled")]


def folder(case_id: int) -> Folder:
    """The application of a case, with its answers opened. Refuses a case that is none."""
    found = sql.run(_READ, [case_id]).fetchone()
    if found is None:
        raise NotFound("这一件不是行政审批申请。")
    row, private, materials, refusal = found
    return Folder(
        sql.read_json(row),
        sql.read_json(vault.open_(private)),
        sql.read_json(materials or "[]"),
        sql.read_json(refusal or "null"),
    )


def lacks(case_id: int, step: int) -> bool:
    """Whether a material is not here that was to come."""
    return sql.run(_LACKS, [case_id]).fetchone() is not None


def overtake(case: CaseFile) -> None:
    """A "no" that nobody confirmed yet is answered by what happened meanwhile."""
    case.write_also(lambda _: (ANSWER, ["overtaken", None, case.now, "", case.id]))


def refusal_pending(case_id: int, step: int) -> bool:
    """Whether a "no" of this step waits for its second person."""
    return sql.run(_PENDING, [case_id, step]).fetchone() is not None


def no_refusal_pending(case_id: int, step: int) -> bool:
    return not refusal_pending(case_id, step)


def decided(case_id: int) -> bool:
    """Whether a "yes" was said, or a "no" confirmed."""
    row = sql.run(_DECIDED, [case_id]).fetchone()
    return bool(row and row[0])


def stands(case: CaseFile) -> tuple[bool, frozenset[str]]:
    """Whether it is decided, and the kinds of the steps that are left beside the one in hand."""
    row = sql.run(_STANDS, [case.step.id if case.step else 0, case.id]).fetchone()
    return (bool(row[0]), frozenset(row[1])) if row else (False, frozenset())


def undecided(case_id: int, step: int) -> bool:
    return not decided(case_id)


def suspends_nothing(case_id: int, step: int) -> bool:
    """Whether the step suspends no clock of the case now."""
    return not any(p.of == step and p.end is None for row in clocks.clocks_of(case_id) for p in row.pauses)


def defined(case: CaseFile) -> Step:
    """The step in hand as the definition has it under which the case began; a plain one where it stands in none."""
    assert case.step is not None and case.definition is not None
    steps = catalogue.version(case.definition).spec.steps
    plain = Step(code=case.step.code, label=case.step.label)
    return next((s for s in steps if s.code == case.step.code), plain)


def followed(person_id: int, entry: str, parts: Iterable[str]) -> int | None:
    """The person's latest case of these applications of a package that was granted; None when there is none."""
    row = sql.run(_FOLLOWED, [person_id, entry, sorted(parts), person_id]).fetchone()
    return int(row[0]) if row else None


def running_of(person_id: int, entry: str, part: str) -> list[str]:
    """Numbers of the person's applications for the same that are still under way, the newest first."""
    return [row[0] for row in sql.run(_RUNNING, [entry, part, person_id]).fetchall()]


def held_by(person_id: int) -> dict[str, Held]:
    """What is on file for the person already, by code."""
    return {row[0]: Held(*row) for row in sql.run(_HELD, [person_id]).fetchall()}


def make(case: CaseFile, values: Mapping[str, Any], materials: Iterable[Mapping[str, Any]]) -> None:
    """Queue the new application's rows with the door's statements."""
    head = [
        values["entry"], values["version"], values["part"], values["applicant"],
        sql.as_json(values["public"]), vault.seal(sql.as_json(values["private"])),
        values["statutory"], values["promised"], values["instant"],
    ]  # fmt: skip
    listed = sql.as_json(list(materials))
    case.write_also(lambda made: (_NEW, [made.id, *head]))
    case.write_also(lambda made: (_NEW_MATERIALS, [made.id, listed]))


def change(
    case: CaseFile,
    *,
    materials: Iterable[Mapping[str, Any]] = (),
    notices: int | None = None,
    noticed: list[str] | None = None,
    accepted_at: datetime | None = None,
    decided_at: datetime | None = None,
    results: Sequence[str] = (),
) -> None:
    """Queue changes of the application and its materials with the door's statements."""
    told = None if noticed is None else sql.as_json(noticed)
    if (notices, noticed, accepted_at, decided_at) != (None,) * 4 or results:
        case.write_also(lambda _: (_CHANGE, [notices, told, accepted_at, decided_at, list(results), case.id]))
    if listed := list(materials):
        case.write_also(lambda _: (_CHANGE_MATERIALS, [sql.as_json(listed), case.id]))


def keep(case: CaseFile, person: int, materials: Iterable[Mapping[str, Any]], source: str) -> None:
    """Queue materials that are checked to be kept on file for the person: one a code, in the order in which all lock them."""
    by_code = {m["held_as"]: {"held_as": m["held_as"], "name": m["name"], "document": m["document"]} for m in materials}
    if by_code:
        values = [person, source, case.now, sql.as_json([by_code[code] for code in sorted(by_code)])]
        case.write_also(lambda _: (_KEEP, values))
