"""Recording acts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mashang.kernel import sql, vault

from ..rules.entry import Entry, body_of, commitment

# A transaction's number below the sealed horizon can only come from another server: after a restore a new era begins.
_ERA = """coalesce((SELECT era + (pg_current_xact_id() < horizon)::int FROM ledger_seal
 ORDER BY size DESC LIMIT 1), 1)"""
_ONE = f"INSERT INTO ledger_entry (era, subject, body) VALUES ({_ERA}, %s, %s)"
_MANY = f"""INSERT INTO ledger_entry (era, subject, body)
SELECT {_ERA}, subject, body FROM unnest(%s::text[], %s::text[]) AS t (subject, body)"""
_NUMBERED = """SELECT nextval('ledger_entry_id_seq') AS id, subject, body, place
FROM jsonb_to_recordset(%s) AS t (subject text, body text, place int)"""
_WRITTEN = f"INSERT INTO ledger_entry (id, era, subject, body) SELECT id, {_ERA}, subject, body FROM recorded"
_CONFIDED = """INSERT INTO ledger_private (entry_id, name, sealed)
SELECT id, name, decode(sealed, 'hex') FROM jsonb_to_recordset(%s) AS p (place int, name text, sealed text)
JOIN recorded USING (place)"""


def record(entries: Sequence[Entry]) -> None:
    """Write entries in the caller's transaction with one statement."""
    if entries:
        sql.together(recording(entries))


def recording(entries: Sequence[Entry]) -> list[sql.Part]:
    """The same as parts of a statement that the caller sends with its own: an act then costs one round trip."""
    if not any(entry.private for entry in entries):
        if len(entries) == 1:
            return [("recorded", _ONE, [entries[0].case, body_of(entries[0])])]
        return [("recorded", _MANY, [[e.case for e in entries], [body_of(e) for e in entries]])]
    public, private = [], []
    for place, entry in enumerate(entries):
        commitments = {}
        for name, value in entry.private.items():
            salt = os.urandom(16)
            commitments[name] = commitment(salt, name, value)
            private.append({"place": place, "name": name, "sealed": vault.seal(salt.hex() + value).hex()})
        public.append({"place": place, "subject": entry.case, "body": body_of(entry, commitments)})
    return [
        ("recorded", _NUMBERED, [sql.as_json(public)]),
        ("written", _WRITTEN, []),
        ("confided", _CONFIDED, [sql.as_json(private)]),
    ]
