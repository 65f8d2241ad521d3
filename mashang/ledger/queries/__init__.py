"""Reading the ledger: what was recorded, proofs of it, and the audit of the whole."""

from .audit import Finding, Report, audit
from .history import Recorded, feed, history
from .proving import State, check, consistency, public_keys, receipt, state

__all__ = [
    "Finding",
    "Recorded",
    "Report",
    "State",
    "audit",
    "check",
    "consistency",
    "feed",
    "history",
    "public_keys",
    "receipt",
    "state",
]
