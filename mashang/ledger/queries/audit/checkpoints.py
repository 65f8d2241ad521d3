"""The stored checkpoints: columns, signatures, and the chain in which each names the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mashang.kernel import sql
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from ... import keys, seals
from ...rows import Horizon
from ...rules import notes
from ...rules.notes import Checkpoint, Key, Note
from .findings import Finding

_AT_ONCE = 5000
_NEXT = f"""SELECT size, era, horizon::text::bigint, checkpoint FROM ledger_seal
WHERE %s::bigint IS NULL OR size < %s::bigint ORDER BY size DESC LIMIT {_AT_ONCE}"""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as its signed text has it; one whose signature is wrong as its row has it, without a root."""

    size: int
    horizon: Horizon
    root: bytes = b""
    previous: str = ""


def checked(trusted: Sequence[Key]) -> tuple[list[Signed], list[Finding]]:
    """Every checkpoint, the smallest first, and what is wrong with them.

    Each is named by its digest in the next one: the signature of the last vouches for all. From the last one down,
    a signature is verified only where the one above doesn't vouch."""
    read: list[Signed] = []
    found: list[Finding] = []
    for size, horizon, note in _descending():
        above = read[-1] if read and read[-1].root else None
        vouched = above is not None and above.previous == notes.digest_of(note)
        if not vouched and not _signed(note, trusted):
            found.append(_finding("checkpoint.signature", size, said("签名无效，正文或签名被改动")))
            read.append(Signed(size, horizon))
            continue
        says = _says(note)
        if above is not None and not vouched:
            found.append(_finding("checkpoint.missing", above.size, said("与前一个检查点不相衔接，其间有检查点被删除")))
        if (says.size, says.horizon) != (size, horizon):
            found.append(_finding("checkpoint.columns", size, said("登记的条数或封存界限与其签名正文不符")))
        read.append(says)
    if read and read[-1].previous:
        found.append(_finding("checkpoint.missing", read[-1].size, said("此前的检查点被删除")))
    return sorted(read, key=lambda signed: signed.size), found[::-1]


def rollback(remembered: str) -> list[Finding]:
    """Whether the checkpoint that this machine remembers is still there: a database set back as a whole is consistent
    in itself, and only memory outside it can tell."""
    if not remembered:
        return []
    try:
        known = Checkpoint.parse(Note.parse(remembered).text)
    except Refused:
        return [Finding("anchor.damaged", said("本机留存的检查点 {path} 已损坏。", path=str(keys.anchor_path())))]
    stored = seals.at_size(known.size)
    if stored is not None and stored.note == remembered:
        return []
    sealed = known.extra.get("sealed", "")
    text = said(
        "本机留存的检查点（{size} 条，{sealed}）已不在账本中：账本被整体退回、截断或替换过。如系依规恢复备份，请核实后移走 {path}。",
        size=known.size, sealed=sealed, path=str(keys.anchor_path()),
    )  # fmt: skip
    return [Finding("anchor.missing", text, leaf=known.size)]


def _descending() -> Iterator[tuple[int, Horizon, str]]:
    last: int | None = None
    while rows := sql.run(_NEXT, [last, last]).fetchall():
        for size, era, xid, note in rows:
            yield size, (era, xid), note
        last = rows[-1][0]


def _says(note: str) -> Signed:
    """A note of ours, whose form is therefore known."""
    _, size, root, *extra = note.split("\n\n")[0].split("\n")
    words = dict(line.partition(" ")[::2] for line in extra)
    era, xid = words["horizon"].split(" ")
    return Signed(int(size), (int(era), int(xid)), notes.unb64(root), words.get("previous", ""))


def _signed(note: str, trusted: Sequence[Key]) -> bool:
    """By the log's key and nothing beside it: a stored note carries one signature, so that no byte of it is free."""
    try:
        read = Note.parse(note)
    except Refused:
        return False
    good, bad = read.signed_by(trusted)
    return len(good) == 1 and not bad and len(read.signatures) == 1


def _finding(code: str, size: int, what: str) -> Finding:
    return Finding(code, said("第 {size} 条处的检查点：{what}。", size=size, what=what), leaf=size)
