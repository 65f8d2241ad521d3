"""The stored checkpoints: columns, signatures, and the chain in which each names the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.kernel import sql
from mashang.kernel.refused import Refused

from ... import keys
from ...rules import notes
from ...rules.notes import Checkpoint, Key, Note
from ...seals import Head
from .findings import Finding


def stored() -> list[Head]:
    """Every checkpoint, the smallest first."""
    rows = sql.run("SELECT size, era, horizon::text, checkpoint FROM ledger_seal ORDER BY size").fetchall()
    return [Head(size, (era, int(horizon)), note) for size, era, horizon, note in rows]


def checked(seals: Sequence[Head], trusted: Sequence[Key]) -> tuple[list[Head], dict[int, bytes], list[Finding]]:
    """The checkpoints with size and horizon as their signed text has them; the roots, by size, that were really
    signed; and what is wrong.

    Each note is named by its digest in the next one, so that one signature, the last, vouches for all; signatures are
    verified one by one only around a break in this chain."""
    suspects, before = {len(seals) - 1}, ""
    breaks = []
    for place, seal in enumerate(seals):
        checkpoint = _read(seal)
        if checkpoint is None:
            suspects.add(place)
        elif checkpoint.extra.get("previous", "") != before:
            suspects |= {place - 1, place}
            breaks.append(place)
        before = notes.digest_of(seal.note)
    wrong = {place for place in suspects if place >= 0 and not _signed(seals[place], trusted)}
    found = [_finding("checkpoint.signature", seals[place], "签名无效，正文或签名被改动") for place in sorted(wrong)]
    for place in breaks:
        if not wrong & {place - 1, place}:
            found.append(_finding("checkpoint.missing", seals[place], "与前一个检查点不相衔接，其间有检查点被删除"))
    read, roots = [], {}
    for place, seal in enumerate(seals):
        says = seal if place in wrong else _says(seal)
        read.append(says)
        if place not in wrong:
            roots[says.size] = seal.checkpoint.root
        if says != seal:
            found.append(_finding("checkpoint.columns", seal, "登记的条数或封存界限与其签名正文不符"))
    return read, roots, found


def rollback(seals: Sequence[Head], remembered: str) -> list[Finding]:
    """Whether the checkpoint that this machine remembers is still there: a database set back as a whole is consistent
    in itself, and only memory outside it can tell."""
    if not remembered:
        return []
    try:
        known = Checkpoint.parse(Note.parse(remembered).text)
    except Refused:
        return [Finding("anchor.damaged", f"本机留存的检查点 {keys.anchor_path()} 已损坏。")]
    if any(seal.note == remembered for seal in seals):
        return []
    sealed = known.extra.get("sealed", "")
    text = f"本机留存的检查点（{known.size} 条，{sealed}）已不在账本中：账本被整体退回、截断或替换过。"
    return [Finding("anchor.missing", f"{text}如系依规恢复备份，请核实后移走 {keys.anchor_path()}。", leaf=known.size)]


def _read(seal: Head) -> Checkpoint | None:
    try:
        return seal.checkpoint
    except Refused:
        return None


def _says(seal: Head) -> Head:
    """Size and horizon as the signed text has them."""
    checkpoint = seal.checkpoint
    era, xid = checkpoint.extra.get("horizon", "0 0").split()
    return Head(checkpoint.size, (int(era), int(xid)), seal.note)


def _signed(seal: Head, trusted: Sequence[Key]) -> bool:
    """By the log's key and nothing beside it: a stored note carries one signature, so that no byte of it is free."""
    try:
        note = Note.parse(seal.note)
    except Refused:
        return False
    good, bad = note.signed_by(trusted)
    return len(good) == 1 and not bad and len(note.signatures) == 1


def _finding(code: str, seal: Head, what: str) -> Finding:
    return Finding(code, f"第 {seal.size} 条处的检查点：{what}。", leaf=seal.size)
