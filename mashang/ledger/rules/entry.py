"""One entry of the ledger: what is written, how its bytes are made, and how a private fact is committed to."""

from __future__ import annotations

import hmac
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mashang.kernel.clock import local
from mashang.kernel.refused import Refused

ERASED = "（已删除）"
ERASURE = "private.erased"
COSIGNED = "checkpoint.cosigned"
CHECKPOINTS = "checkpoint"  # stands for the case number in entries about checkpoints
_NO_PRIVATE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """An act to record. `case` is the case number ("" for none), `by` an opaque reference like "staff:12", `facts` are
    public for ever and hold no personal data; each of `private` is kept apart, sealed, and can be erased."""

    case: str
    verb: str
    by: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is stored. (`era`, `xid`, `id`) is its place: entries are sealed in this order."""

    era: int
    xid: int
    id: int
    case: str
    body: str

    @property
    def leaf(self) -> bytes:
        """The bytes of the Merkle leaf: every column, each behind its length (4 bytes, big-endian), after the number
        of columns (2 bytes). PostgreSQL's binary COPY gives a row in this very form, so a million are hashed unread."""
        case, body = self.case.encode(), self.body.encode()
        head = struct.pack(">hiiiqiqi", 5, 4, self.era, 8, self.xid, 8, self.id, len(case))
        return b"".join((head, case, struct.pack(">i", len(body)), body))

    @classmethod
    def of_leaf(cls, leaf: bytes) -> Row:
        """The columns again from the bytes of a leaf."""
        _, _, era, _, xid, _, id_, length = struct.unpack_from(">hiiiqiqi", leaf)
        end = 38 + length
        return cls(era, xid, id_, leaf[38:end].decode(), leaf[end + 4 :].decode())


def place_of(leaf: bytes) -> tuple[int, int, int]:
    """(era, xid, id) of a leaf's bytes, without reading the rest."""
    era, xid, id_ = struct.unpack_from(">i4xq4xq", leaf, 6)
    return era, xid, id_


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same facts always give the same bytes. Instants, dates and decimals
    become text. Refuses what UTF-8 cannot hold; NaN and unknown types are errors of the caller."""
    text = _encode(value)
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise Refused("ledger.text", "内容中含有无法保存的字符，请删除后再提交。") from fault
    return text


def body_of(entry: Entry, commitments: Mapping[str, str] = _NO_PRIVATE) -> str:
    """The text that is stored and hashed. Private facts appear in it only as commitments, in hex, under "withheld":
    the last key, so that an audit sees at a body's end whether it holds any."""
    body: dict[str, Any] = {"at": local(entry.at).isoformat(), "by": entry.by, "facts": entry.facts, "verb": entry.verb}
    if commitments:
        body["withheld"] = commitments
    return canonical(body)


def commitment(salt: bytes, name: str, value: str) -> str:
    """HMAC-SHA256 of name and value keyed by 16 random bytes, in hex. Without the salt, which goes when the value
    is erased, not even a value of few possibilities can be guessed from it."""
    return hmac.digest(salt, f"{name}\x00{value}".encode(), "sha256").hex()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return local(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"the ledger does not keep a {type(value).__name__}")


_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False, default=_plain
).encode
