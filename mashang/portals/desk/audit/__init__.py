"""审计: the ledger read by auditors, and its proof."""

from .proof import check, checkpoint, compare, keys, progress, proof
from .record import export, record
from .signing import sign_ins

__all__ = ["check", "checkpoint", "compare", "export", "keys", "progress", "proof", "record", "sign_ins"]
