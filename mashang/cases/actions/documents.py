"""Files handed in: kept sealed under a keyed digest of their content, so that one file is stored once and read by no one else."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from mashang.kernel import sql, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .. import rules
from ..models import Document


class Readable(Protocol):
    """What an upload offers: its bytes, up to so many."""

    def read(self, size: int, /) -> bytes: ...


def place(digest: str) -> Path:
    """Where the bytes with this digest lie. The digest is ours, never the user's, so no path can be smuggled in."""
    return Path(settings.VAR) / "documents" / digest[:2] / digest[2:]


def keep(name: str, content: Readable, *, by: Actor, now: datetime, facts: dict[str, Any] | None = None) -> Document:
    """Store an upload that is not yet part of a case. Refuses wrong types, empty or oversize files, and a full disk."""
    clean = rules.file_name(name)
    data = content.read(rules.MAX_UPLOAD + 1)
    if len(data) > rules.MAX_UPLOAD:
        raise Refused("document.size", said("“{name}”超过 20 MB，请压缩或分成几份上传。", name=clean), "file")
    if not data:
        raise Refused("document.empty", said("“{name}”是空文件，请重新选择。", name=clean), "file")
    kind = rules.media_type(clean, data[:16])
    digest = vault.blind_bytes(data, "document")
    with transaction.atomic():
        _alone(digest)
        _save(place(digest), vault.seal_bytes(data))
        return Document.objects.create(
            owner=by.ref, name=clean, media_type=kind, size=len(data), digest=digest, facts=facts or {}, at=now
        )


def _alone(digest: str) -> None:
    """Until the transaction ends: who stores this content and who forgets it don't cross, or a row would lose its bytes."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])


def _save(path: Path, data: bytes) -> None:
    """Write beside, sync, then rename: after a kill there is the whole file or none."""
    if path.exists():
        return
    handle, temporary = None, ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as fault:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            text = "服务器存储空间已满，文件没有保存。已填写的内容还在，请稍后再上传或联系窗口。"
            raise Refused("document.no-space", text, "file") from fault
        raise


def forget_unattached(now: datetime) -> int:
    """Drop uploads that no case took within seven days; files that another row still names stay."""
    old = Document.objects.filter(case=None, mandate=None, at__lt=now - timedelta(days=7))
    digests = set(old.values_list("digest", flat=True))
    count, _ = old.delete()
    for digest in digests:
        with transaction.atomic():
            _alone(digest)
            if not Document.objects.filter(digest=digest).exists():
                place(digest).unlink(missing_ok=True)
    return count


def forget_erased() -> int:
    """Delete the bytes of files that were erased, where no other row names them; gives how many rows are through with it.

    Runs after the commit of the erasure, and again each night: a process killed in between leaves nothing behind.
    """
    waiting = Document.objects.exclude(erased_at=None).exclude(digest="")
    done = 0
    for digest in set(waiting.values_list("digest", flat=True)):
        with transaction.atomic():
            _alone(digest)
            if not Document.objects.filter(digest=digest, erased_at=None).exists():
                place(digest).unlink(missing_ok=True)
            done += waiting.filter(digest=digest).update(digest="")
    return done
