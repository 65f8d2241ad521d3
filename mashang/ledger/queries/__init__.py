"""Reading the ledger: what was recorded, proofs of it, and the audit of the whole."""

from .history import Recorded, feed, history
from .proving import State, check, consistency, public_keys, receipt, state

__all__ = [
    "Recorded",
    "State",
    "check",
    "consistency",
    "feed",
    "history",
    "public_keys",
    "receipt",
    "state",
]
