"""Taking in what a witness on another machine has co-signed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from .. import keys, seals
from ..rules import notes
from ..rules.entry import CHECKPOINTS, COSIGNED, Entry
from ..rules.notes import Checkpoint, Key, Note
from .recording import record


def adopt(note: str, witness: Key, *, by: Actor, now: datetime) -> int:
    """Take in a checkpoint that the witness co-signed; gives its size. The co-signature becomes an entry of the ledger
    itself, so that it can no more be taken away. Refuses a checkpoint that is not ours, or not signed by the witness.
    """
    if witness.kind != notes.WITNESS:
        raise Refused("witness.key", "这不是见证人的公钥（类型应为 cosignature/v1）。", "key")
    read = Note.parse(note)
    size = Checkpoint.parse(read.text).size
    ours = seals.at_size(size)
    if ours is None or Note.parse(ours.note).text != read.text:
        raise Refused("witness.foreign", "这份检查点不是本账本签发的，不能收录。", "note")
    if read.signed_by([witness]) != ([witness], []):
        raise Refused("witness.signature", f"检查点上没有“{witness.name}”的有效联署。", "note")
    (signature,) = (s for name, id_, s in read.signatures if (name, id_) == (witness.name, witness.id))
    facts = {"size": size, "witness": str(witness), "line": notes.line(witness, signature)}
    keys.trust(witness)
    with transaction.atomic():
        record([Entry(CHECKPOINTS, COSIGNED, by.ref, now, facts)])
    return size
