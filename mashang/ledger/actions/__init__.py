"""Writing to the ledger: record acts, seal them, erase private facts, take in co-signatures."""

from .cosigning import adopt
from .erasing import erase
from .recording import record, recording
from .sealing import seal

__all__ = ["adopt", "erase", "record", "recording", "seal"]
