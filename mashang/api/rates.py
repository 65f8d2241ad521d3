"""How many calls a client may still make this minute, counted once for all processes of this machine."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from datetime import datetime
from pathlib import Path

_SLOT = struct.Struct("<II")  # the minute, the calls in it


class Rates:
    """A file with 8 bytes a client. A byte-range lock makes counting exact, whichever process serves the call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: int | None = None

    def take(self, client: int, per_minute: int, now: datetime) -> int:
        """Count one call of the client. 0 when it may go on, else the seconds until the next minute begins."""
        minute, second = divmod(int(now.timestamp()), 60)
        offset = client * _SLOT.size
        with self._lock:
            file = self._opened()
            fcntl.lockf(file, fcntl.LOCK_EX, _SLOT.size, offset)
            try:
                known = os.pread(file, _SLOT.size, offset)
                seen, count = _SLOT.unpack(known) if len(known) == _SLOT.size else (0, 0)
                count = count if seen == minute else 0
                if count >= per_minute:
                    return 60 - second
                os.pwrite(file, _SLOT.pack(minute, count + 1), offset)
                return 0
            finally:
                fcntl.lockf(file, fcntl.LOCK_UN, _SLOT.size, offset)

    def _opened(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file
