"""Proofs from the sealed tree: receipts of cases, consistency between checkpoints, the keys to check them with."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.kernel import sql, vault
from mashang.kernel.refused import NotFound, Refused

from .. import keys, seals
from ..rules import growth, merkle
from ..rules.entry import CHECKPOINTS, COSIGNED
from ..rules.growth import Growth
from ..rules.notes import Checkpoint, Note
from ..rules.receipt import FORMAT, Verdict, verify
from ..seals import Head
from .history import read_body

# An entry's leaf is that of the mark before it and the entries between, of which there are fewer than 256: the limit
# tells the planner, who otherwise expects a ninth of the table.
_ACTS = """SELECT e.era, e.xid::text::bigint, e.id, e.body, m.leaf + (SELECT count(*) FROM (
 SELECT era, xid, id FROM ledger_entry WHERE (era, xid, id) >= (m.era, m.xid, m.entry_id)
 ORDER BY era, xid, id LIMIT 256) b WHERE (b.era, b.xid, b.id) < (e.era, e.xid, e.id))
FROM ledger_entry e
LEFT JOIN LATERAL (SELECT * FROM ledger_mark WHERE (era, xid, entry_id) <= (e.era, e.xid, e.id)
 ORDER BY era DESC, xid DESC, entry_id DESC LIMIT 1) m ON (e.era, e.xid) < (%s::int, %s::bigint::text::xid8)
WHERE e.subject = %s ORDER BY e.id"""
_SEALED = """SELECT EXISTS (SELECT FROM ledger_entry
 WHERE subject = %s AND (era, xid) < (%s::int, %s::bigint::text::xid8))"""
_OPEN = "SELECT entry_id, name, sealed FROM ledger_private WHERE entry_id = ANY (%s::bigint[])"
_COSIGNED = "SELECT body FROM ledger_entry WHERE subject = %s ORDER BY id DESC LIMIT 64"

_CHECKPOINTS = """SELECT size, checkpoint FROM ledger_seal WHERE %s::bigint IS NULL OR size < %s::bigint
ORDER BY size DESC LIMIT %s"""
_OLDEST = """SELECT body FROM ledger_entry WHERE (era, xid) >= (%s::int, %s::bigint::text::xid8)
ORDER BY era, xid, id LIMIT 1"""


@dataclass(frozen=True, slots=True)
class State:
    """How far the ledger is sealed: leaves, checkpoint (a signed note with its co-signatures, "" before the first),
    entries not yet sealed."""

    size: int
    checkpoint: str
    waiting: int


def state() -> State:
    """How far the ledger is sealed just now."""
    last = seals.head()
    era, low = last.horizon if last else (0, 0)
    found = sql.run(
        "SELECT count(*) FROM ledger_entry WHERE (era, xid) >= (%s::int, %s::bigint::text::xid8)", [era, low]
    ).fetchone()
    waiting: int = found[0] if found else 0
    return State(last.size, _cosigned(last, _cosignatures()), waiting) if last else State(0, "", waiting)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed checkpoint: `leaves` entries under `root` (base64), when it was signed, by which key, which witnesses
    co-signed it. One that can't be read any more is `damaged`: of it there is only the number it is kept under."""

    leaves: int
    root: str = ""
    at: datetime | None = None
    log: str = ""
    witnesses: tuple[str, ...] = ()
    damaged: bool = False


def checkpoints(before: int | None = None, limit: int = 20) -> list[Sealed]:
    """Checkpoints, the latest first, those of fewer than `before` leaves."""
    cosignatures: dict[int, list[str]] = {}
    for facts in _cosignatures():
        cosignatures.setdefault(facts["size"], []).append(str(facts["witness"]).partition("+")[0])
    rows = sql.run(_CHECKPOINTS, [before, before, limit]).fetchall()
    return [_shown(size, note, tuple(dict.fromkeys(cosignatures.get(size, [])))) for size, note in rows]


def _shown(size: int, text: str, witnesses: tuple[str, ...]) -> Sealed:
    try:
        note = Note.parse(text)
        says = Checkpoint.parse(note.text)
        sealed = says.extra.get("sealed")
        at = datetime.fromisoformat(sealed) if sealed else None
    except (Refused, ValueError):
        return Sealed(size, damaged=True)
    log = next((f"{name}+{id_.hex()}" for name, id_, _ in note.signatures), "")
    return Sealed(size, _b64(says.root), at, log, witnesses, damaged=says.size != size)


def waiting_since() -> datetime | None:
    """When the oldest entry was recorded that is not sealed yet; None when all are, or when it can't be read any more."""
    last = seals.head()
    era, low = last.horizon if last else (0, 0)
    row = sql.run(_OLDEST, [era, low]).fetchone()
    body = read_body(row[0]) if row else None
    return datetime.fromisoformat(body["at"]) if body else None


def grown(old: int, new: int) -> dict[str, Any]:
    """The proof of `consistency`, checked with the published keys as a witness checks it. Refuses a log that did not
    merely grow between the two, and sizes without a checkpoint."""
    proof = consistency(old, new)
    growth.check(Growth.parse(json.dumps(proof)), keys.published(), proof["old"])
    return proof


def checkpoint_at(size: int) -> str:
    """The signed note of a checkpoint with the co-signatures taken in for it."""
    sealed = seals.at_size(size)
    if sealed is None:
        raise NotFound("没有这一条数的检查点。")
    return _cosigned(sealed, _cosignatures())


def receipt(case_number: str, *, private: bool = False) -> dict[str, Any]:
    """The receipt of a case (JSON): every sealed act with its proof, under the last checkpoint, or under the last one
    that a witness co-signed if all of them are in it. `private` discloses the personal data with its salts: only for
    the person concerned. Refuses when the number is unknown or nothing of it is sealed yet."""
    last = seals.head()
    era, low = last.horizon if last else (0, 0)
    rows = sql.run(_ACTS, [era, low, case_number]).fetchall() if case_number else []  # those of "" are of no case
    if not rows:
        raise NotFound
    sealed = [row for row in rows if row[4] is not None]
    if last is None or not sealed:
        raise Refused("ledger.unsealed", "这一件的办理记录尚未封存，请稍后再领取回执。")
    cosignatures = _cosignatures()
    last = _best(last, max(row[4] for row in sealed), cosignatures)
    proofs = seals.proofs([merkle.inclusion_ranges(row[4], last.size) for row in sealed])
    opened = _opened([row[2] for row in sealed]) if private else {}
    acts = []
    for (era, xid, id_, body, leaf), proof in zip(sealed, proofs, strict=True):
        act = {"leaf": leaf, "era": era, "xid": xid, "id": id_, "body": body, "proof": [_b64(h) for h in proof]}
        acts.append(act | ({"private": opened[id_]} if id_ in opened else {}))
    return {
        "format": FORMAT,
        "case": case_number,
        "checkpoint": _cosigned(last, cosignatures),
        "acts": acts,
        "waiting": len(rows) - len(sealed),
    }


def has_receipt(case_number: str) -> bool:
    """Whether `receipt` has anything to give yet: something of the case is sealed."""
    last = seals.head()
    row = sql.run(_SEALED, [case_number, *last.horizon]).fetchone() if last else None
    return bool(row and row[0])


def check(text: str) -> Verdict:
    """A receipt's verdict under the keys that this installation has published: for a page where anyone may check one."""
    return verify(text, [*keys.published(), *keys.witnesses()])


def public_keys() -> str:
    """The published keys of the log and of its witnesses, one a line, to check receipts with."""
    return "".join(f"{key}\n" for key in [*keys.published(), *keys.witnesses()])


def consistency(old: int, new: int | None = None) -> dict[str, Any]:
    """The proof (JSON) that the log of `old` leaves is the beginning of the one of `new` (the last checkpoint if not
    given): what a witness asks for before it signs. Refuses sizes that have no checkpoint."""
    first = seals.at_size(old)
    last = seals.head() if new is None else seals.at_size(new)
    if first is None or last is None or first.size > last.size:
        raise Refused("ledger.size", "没有这一条数的检查点，或先后顺序不对。", "size")
    (proof,) = seals.proofs([merkle.consistency_ranges(first.size, last.size)])
    return {
        "format": "mashang-consistency/1",
        "old": first.note,
        "new": last.note,
        "proof": [_b64(h) for h in proof],
    }


def _cosignatures() -> list[dict[str, Any]]:
    """The latest that were taken in, the newest first: size and signature line of each; damaged ones are passed over."""
    bodies = [read_body(body) for (body,) in sql.run(_COSIGNED, [CHECKPOINTS]).fetchall()]
    facts = [body["facts"] for body in bodies if body and body["verb"] == COSIGNED]
    return [said for said in facts if {"size", "line", "witness"} <= said.keys()]


def _best(last: Head, leaf: int, cosignatures: list[dict[str, Any]]) -> Head:
    """The last co-signed checkpoint that holds the leaf, else the last one."""
    covering = [facts["size"] for facts in cosignatures if facts["size"] > leaf]
    return (covering and seals.at_size(max(covering))) or last


def _cosigned(sealed: Head, cosignatures: list[dict[str, Any]]) -> str:
    """The checkpoint with the co-signatures taken in for it."""
    lines = [facts["line"] for facts in reversed(cosignatures) if facts["size"] == sealed.size]
    return sealed.note + "".join(dict.fromkeys(lines))


def _opened(ids: list[int]) -> dict[int, dict[str, dict[str, str]]]:
    """Entry → name → salt and value, of what was not erased."""
    found: dict[int, dict[str, dict[str, str]]] = {}
    for id_, name, sealed in sql.run(_OPEN, [ids]).fetchall():
        text = vault.open_(sealed)
        found.setdefault(id_, {})[name] = {"salt": text[:32], "value": text[32:]}
    return found


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
