"""Writing a version of a scheme, rewriting a draft, fixing it for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.org import queries as org

from .. import models
from ..rules import scheme as rules
from ..rules.frozen import fingerprint
from ..rules.names import platform_faults
from ..rules.parse import read_scheme
from .common import guard, note, scheme_row

LONGEST = 200_000
CODE, VERSION, NAME = 60, 20, 120
NODE, CLASS, GRADE = 60, 60, 20
"""As many characters as their columns hold."""


def write_scheme(text: str, region: str, *, by: Actor, now: datetime) -> int:
    """Keep a new version of a scheme as a draft. Refuses with all faults of the file, and a version that is there already
    with another text: a draft is rewritten, a frozen one never. The same text again is the same draft."""
    org.region(region)
    guard(by, "performance.edit_scheme", region=region)
    scheme = _sound(text)
    key = {"code": scheme.code, "version": scheme.version, "region_id": region}
    try:
        with transaction.atomic():
            held = models.Scheme.objects.select_for_update().filter(**key).first()
            if held is None:
                held = models.Scheme.objects.create(
                    **key, name=scheme.name or scheme.code, text=text, written_at=now, written_by=by.ref
                )
                note("scheme.written", by, now, code=scheme.code, version=scheme.version, region=region)
    except IntegrityError:  # somebody else wrote the same version at the same moment
        held = models.Scheme.objects.get(**key)
    if held.frozen_at is not None:
        raise _frozen(held)
    if held.text != text:
        told = said(
            "“{code}”第{version}版已有草案，请打开那份草案修改，或换一个版本号。",
            code=scheme.code,
            version=scheme.version,
        )
        raise Refused("conflict.draft", told, "scheme.version")
    return held.pk


def rewrite_scheme(scheme: int, text: str, *, was: str, by: Actor, now: datetime) -> None:
    """Put another text in place of a draft's. `was` is the SHA-256 of the text that the writer began from: refused when
    somebody else has changed the draft since. Code and version stay; the same text again changes nothing."""
    with transaction.atomic():
        row = scheme_row(scheme, lock=True)
        guard(by, "performance.edit_scheme", region=row.region_id)
        if row.frozen_at is not None:
            raise _frozen(row)
        if row.text == text:
            return
        if fingerprint(row.text) != was:
            raise Refused("conflict.draft", "您打开之后，这份草案已被别人改过；请刷新后在新稿上修改。", "text")
        found = _sound(text)
        if (found.code, found.version) != (row.code, row.version):
            told = said(
                "这份草案是“{code}”第{version}版，改稿不换代码和版本号；要另立一版请新建方案。",
                code=row.code,
                version=row.version,
            )
            raise Refused("scheme.other-version", told, "scheme.version")
        row.name, row.text, row.written_at, row.written_by = found.name or found.code, text, now, by.ref
        row.save(update_fields=["name", "text", "written_at", "written_by"])
        note("scheme.written", by, now, code=row.code, version=row.version, region=row.region_id)


def freeze_scheme(scheme: int, *, was: str | None = None, by: Actor, now: datetime) -> None:
    """Fix a version for good (定稿): from now on it can be run, and the database refuses to change it. `was` is the SHA-256 of
    the text that was read before (None: not looked at): another text is not made final unread."""
    with transaction.atomic():
        row = scheme_row(scheme, lock=True)
        guard(by, "performance.edit_scheme", region=row.region_id)
        if row.frozen_at is not None:
            raise _frozen(row)
        if was is not None and fingerprint(row.text) != was:
            raise Refused("conflict.draft", "您打开之后，这份草案已被别人改过；请回到条目核对新稿，再定稿。")
        row.frozen_at, row.frozen_by = now, by.ref
        row.save(update_fields=["frozen_at", "frozen_by"])
        note("scheme.frozen", by, now, code=row.code, version=row.version, region=row.region_id)


def _frozen(row: models.Scheme) -> Refused:
    told = said(
        "方案“{code}”第{version}版已经定稿，不再改动；要改请另写一个新版本。", code=row.code, version=row.version
    )
    return Refused("scheme.frozen", told, "scheme.version")


def _sound(text: str) -> rules.Scheme:
    """The scheme that the text says, with measures and texts about units that are there and names that can be kept."""
    if len(text) > LONGEST:
        raise Refused("scheme.large", said("方案太长，最多 {most} 个字。", most=LONGEST), "text")
    scheme = read_scheme(text)
    faults = [
        Fault("scheme.long", said("“{place}”最多 {most} 个字。", place=place, most=most), place)
        for place, value, most in (
            ("scheme.code", scheme.code, CODE),
            ("scheme.version", scheme.version, VERSION),
            ("scheme.name", scheme.name, NAME),
            *((f"{'nodes' if key in scheme.nodes else 'indicators'}.{key[:NODE]}", key, NODE) for key in scheme.items),
            *(
                (f"indicators.{leaf.id[:NODE]}.method", key, NODE)
                for leaf in scheme.indicators.values()
                for key in leaf.inputs
            ),
            *((f"classes.{key[:CLASS]}", key, CLASS) for key in scheme.classes),
            *(("grades.names", name, GRADE) for name in (scheme.grades.names if scheme.grades else ())),
        )
        if len(value) > most
    ]
    faults += platform_faults(scheme)
    if not scheme.version:
        faults.append(Fault("scheme.no-version", "方案没有写版本（scheme.version）。", "scheme.version"))
    if any("\0" in one for one in _texts(scheme.raw)):
        faults.append(Fault("scheme.control", "方案里写了不能保存的字符（\\u0000），请删去。", "text"))
    if faults:
        raise Refused.of(faults)
    return scheme


def _texts(raw: object) -> Iterator[str]:
    """Every name and text of a file."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        yield from raw
        yield from _texts(list(raw.values()))
    elif isinstance(raw, list):
        for one in raw:
            yield from _texts(one)
