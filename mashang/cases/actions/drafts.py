"""Drafts: what is typed is kept, sealed, until it is handed in or thrown away."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from ..models import Draft

MAX_DRAFT = 200_000
KEPT = timedelta(days=30)


def save_draft(form: str, content: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Keep what was typed in `form`, over what was kept before. Refuses more than 200,000 characters."""
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > MAX_DRAFT:
        raise Refused("draft.size", "内容太长，草稿没有保存，请把长的内容做成附件上传。")
    Draft.objects.update_or_create(owner=by.ref, form=form, defaults={"content": vault.seal(text), "updated_at": now})


def drop_draft(form: str, *, by: Actor) -> None:
    Draft.objects.filter(owner=by.ref, form=form).delete()


def forget_drafts(now: datetime) -> int:
    """Delete what nobody has gone on with for thirty days; gives how many."""
    return Draft.objects.filter(updated_at__lt=now - KEPT).delete()[0]
