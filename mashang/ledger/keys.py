"""Where the log's keys are kept: under `var/keys`, or given by the environment (MASHANG_LEDGER_KEY). Beside them lies
the anchor, the last checkpoint this machine signed, so that a database set back to an older state is noticed."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection

from mashang.kernel.refused import Refused

from . import files
from .rules import notes
from .rules.notes import Key, Signer


def signer(*, first: bool) -> Signer:
    """The key that signs checkpoints. The first one is made here; later, a key that is gone is refused, because a new
    one in silence would look like another log."""
    if settings.LEDGER_KEY:
        return Signer.parse(settings.LEDGER_KEY)
    path = _folder() / "ledger.key"
    if not path.exists() and not first:
        raise Refused(
            "ledger.key-lost",
            f"账本的签名私钥 {path} 不见了：请从备份恢复，或运行 mashang ledger key --new 启用新密钥并重新公布公钥。",
        )
    made = files.signer_in(path, settings.LEDGER_NAME, notes.LOG)
    _publish("ledger.pub", made.key)
    return made


def renew() -> Signer:
    """A new signing key in place of the old one; the old public key stays published, since it signed the past."""
    if settings.LEDGER_KEY:
        raise Refused("key.environment", "签名私钥由环境变量 MASHANG_LEDGER_KEY 给出，请在那里更换。")
    fresh = Signer.fresh(settings.LEDGER_NAME, notes.LOG)
    files.write(_folder() / "ledger.key", fresh.written() + "\n", replace=True)
    _publish("ledger.pub", fresh.key)
    return fresh


def published() -> list[Key]:
    """The public keys under which checkpoints were signed."""
    keys = _keys("ledger.pub")
    if settings.LEDGER_KEY:
        present = Signer.parse(settings.LEDGER_KEY).key
        keys = [*(k for k in keys if k != present), present]
    return keys


def witnesses() -> list[Key]:
    """The witnesses whose co-signatures are accepted."""
    return _keys("witnesses.pub")


def trust(witness: Key) -> None:
    """Accept a witness from now on."""
    _publish("witnesses.pub", witness)


def anchor() -> str:
    """The last checkpoint that this machine signed for this database, or ""."""
    path = anchor_path()
    return path.read_text() if path.exists() else ""


def anchor_path() -> Path:
    """Where the machine keeps it: beside the keys, outside the database that it is to be held against."""
    return _folder() / f"{connection.settings_dict['NAME']}.checkpoint"


def set_anchor(note: str) -> None:
    """Keep this signed checkpoint in place of the one before."""
    files.write(anchor_path(), note, replace=True)


def _folder() -> Path:
    return Path(settings.VAR) / "keys"


def _publish(name: str, key: Key) -> None:
    if key not in _keys(name):
        path = _folder() / name
        text = path.read_text() if path.exists() else ""
        files.write(path, f"{text}{key}\n", replace=True)


def _keys(name: str) -> list[Key]:
    path = _folder() / name
    return notes.keys_in(path.read_text()) if path.exists() else []
