"""Whether a log has only grown from one checkpoint to a later one: what a witness asks before it signs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from . import merkle, notes
from .notes import Checkpoint, Key, Note

FORMAT = "mashang-consistency/1"
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Growth:
    """A later checkpoint (its note) and, if there was an earlier one, the proof that leads from it."""

    old: str
    new: str
    proof: tuple[bytes, ...]

    @classmethod
    def parse(cls, text: str) -> Growth:
        """From the JSON that `consistency` gives, or from a bare checkpoint. Refuses anything else."""
        if len(text) > LARGEST:
            raise notes.bad_note("文件过大，不是检查点。")
        if not text.lstrip().startswith("{"):
            Checkpoint.parse(Note.parse(text).text)
            return cls("", text, ())
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise notes.bad_note("文件不是 JSON 格式，可能没有下载完整。") from fault
        old, new, proof = data.get("old"), data.get("new"), data.get("proof")
        whole = isinstance(old, str) and isinstance(new, str) and isinstance(proof, list)
        if data.get("format") != FORMAT or not whole or not all(isinstance(item, str) for item in proof):
            raise notes.bad_note(said("文件不是一致性证明（应注明格式 {format}）。", format=FORMAT))
        return cls(old, new, tuple(notes.unb64(item) for item in proof))


def check(growth: Growth, keys: Sequence[Key], seen: str) -> Checkpoint:
    """The later checkpoint, if one of the log's keys signed it and the log has only grown since `seen`, the note of
    the earlier one ("" the first time). Refuses otherwise; a refusal of code "growth.fork" is evidence of a log that
    shows different people different things."""
    later = Note.parse(growth.new)
    new = signed_by_log(later, keys)
    if not seen:
        return new
    old = Checkpoint.parse(Note.parse(seen).text)
    if old.origin != new.origin:
        text = said("检查点来自“{new}”，而以前见证的是“{old}”。", new=new.origin, old=old.origin)
        raise Refused("growth.origin", text)
    if new.size < old.size:
        text = said("账本变短了：以前见过 {old} 条，这份检查点只有 {new} 条。", old=old.size, new=new.size)
        raise Refused("growth.shrunk", text)
    if new.size > old.size and (not growth.old or Checkpoint.parse(Note.parse(growth.old).text).size != old.size):
        template = "需要从第 {old} 条到第 {new} 条的一致性证明：请账本方运行 mashang ledger consistency {old}。"
        raise Refused("growth.proof", said(template, old=old.size, new=new.size))
    try:
        roots = merkle.roots_from_consistency(old.size, new.size, old.root, growth.proof)
    except ValueError:
        roots = (b"", b"")
    if roots != (old.root, new.root):
        text = said("账本不是从第 {old} 条处原样增长而来，历史被改动过，不能见证。", old=old.size)
        raise Refused("growth.fork", text)
    return new


def signed_by_log(note: Note, keys: Sequence[Key]) -> Checkpoint:
    """The checkpoint in the note. Refuses one that the log itself, by its name, has not signed."""
    checkpoint = Checkpoint.parse(note.text)
    good, bad = note.signed_by([k for k in keys if k.kind == notes.LOG and k.name == checkpoint.origin])
    if bad or not good:
        text = said("检查点没有“{origin}”的有效签名，请核对公钥。", origin=checkpoint.origin)
        raise Refused("growth.signature", text)
    return checkpoint
