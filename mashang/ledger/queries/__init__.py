"""Reading the ledger: what was recorded, proofs of it, and the audit of the whole."""

from .audit import Finding, Report, audit
from .history import Place, Recorded, about, entries, history, news
from .proving import (
    Sealed,
    State,
    check,
    checkpoint_at,
    checkpoints,
    consistency,
    grown,
    has_receipt,
    public_keys,
    receipt,
    state,
    waiting_since,
)

__all__ = [
    "Finding",
    "Place",
    "Recorded",
    "Report",
    "Sealed",
    "State",
    "about",
    "audit",
    "check",
    "checkpoint_at",
    "checkpoints",
    "consistency",
    "entries",
    "grown",
    "has_receipt",
    "history",
    "news",
    "public_keys",
    "receipt",
    "state",
    "waiting_since",
]
