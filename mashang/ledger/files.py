"""Secret keys in files. Needs neither Django nor a database, since a witness's machine has neither."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mashang.kernel.refused import Refused

from .rules.notes import Signer


def signer_in(path: Path, name: str, kind: int) -> Signer:
    """The signing key in the file, made there at first use. Refuses a key of another kind."""
    if not path.exists():
        write(path, Signer.fresh(name, kind).written() + "\n")
    signer = Signer.parse(path.read_text())
    if signer.kind != kind:
        raise Refused("key.kind", f"{path} 中的密钥用途不对：账本的签名密钥与见证人的密钥不能互换。", "key")
    return signer


def write(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a file of mode 600 whole or not at all. Without `replace`, of two first writers the first one counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        fresh.replace(path)
        return
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
