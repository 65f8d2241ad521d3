"""The ledger's pure part: entries, the Merkle tree, signed notes, receipts. Needs neither Django nor a database."""

from .entry import COSIGNED, ERASED, ERASURE, Entry

__all__ = ["COSIGNED", "ERASED", "ERASURE", "Entry"]
