"""Where things lie: the checkout and the one folder that running makes files in."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("MASHANG_VAR") or ROOT / "var").resolve()
KEYS = VAR / "keys"
DOCUMENTS = VAR / "documents"
BEING_MADE = VAR / "being-made"
"""Is there while the demo still makes the rest of its data."""
TOLD = VAR / "accounts.txt"
"""The demo accounts, as the demo prints them."""
