"""What others ask of documents: is this one genuine, which belong to a case, the file itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.org import queries as org

from . import rendering, rules
from .events import SENTENCES as SENTENCES
from .models import File, Issued, State
from .rules import Part as Part
from .rules import shown_code as shown_code

STATES = {"valid": gettext_lazy("有效"), "revoked": gettext_lazy("已撤销"), "expired": gettext_lazy("已过有效期")}


@dataclass(frozen=True, slots=True)
class Given:
    """A document as listed and as verified in public: the holder is masked, nothing else is personal.

    `state` is valid, revoked or expired; `hashes` the SHA-256 (hex) of files made from it. `replaces` and `replaced_by` are
    numbers: of the revoked one that this one corrects, and of the one that corrects this; `corrected` the parts that it words
    otherwise than that. `erased`: what it said is gone, and
    no file can be made of it.
    """

    number: str
    kind: str
    title: str
    case: str
    holder: str
    unit: str
    issued_at: datetime
    valid_to: date | None
    state: str
    state_label: str
    revoked_at: datetime | None
    revoked_reason: str
    code: str
    url: str
    unit_id: int
    replaces: str = ""
    replaced_by: str = ""
    corrected: tuple[rules.Changed, ...] = ()
    erased: bool = False
    hashes: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The number under which it was first issued, before anything was corrected."""
        return rules.root(self.number)

    @property
    def shown_code(self) -> str:
        return rules.shown_code(self.code)


@dataclass(frozen=True, slots=True)
class Made:
    """A file made from a document. The same document in the same state always gives the same bytes on one installation."""

    document_id: int
    name: str
    media_type: str
    data: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    @property
    def sha256(self) -> str:
        return self.digest.hex()


_SHOWN = (
    "number", "kind", "title", "case", "holder", "unit_name", "issued_at", "valid_to", "state", "revoked_at",
    "revoked_reason", "code", "url", "unit_id", "replaces", "corrected", "erased",
)  # fmt: skip


def _rows(**asked: Any) -> QuerySet[Issued, dict[str, Any]]:
    """Documents as they are shown, oldest first."""
    gone = ExpressionWrapper(Q(content=b""), output_field=BooleanField())
    found: QuerySet[Issued, dict[str, Any]] = Issued.objects.filter(**asked).annotate(erased=gone).values(*_SHOWN)
    return found.order_by("id")


def _replaced_by(number: str) -> str:
    """The number of the document that corrects this revoked one; "" when there is none."""
    return Issued.objects.filter(replaces=number).values_list("number", flat=True).first() or ""


def _given(row: dict[str, Any], today: date, replaced_by: str = "", hashes: tuple[str, ...] = ()) -> Given:
    state = rules.state_on(row.pop("state"), row["valid_to"], today)
    unit, corrected = row.pop("unit_name"), tuple(rules.Changed(**part) for part in row.pop("corrected"))
    label = str(STATES[state])
    return Given(
        **row, unit=unit, state=state, state_label=label, replaced_by=replaced_by, corrected=corrected, hashes=hashes
    )


def verify(code: str, *, today: date | None = None) -> Given:
    """What stands behind a verification code (from the QR code or typed by hand). Refuses a code that leads nowhere."""
    plain = rules.normal_code(code)
    row = _rows(code=plain).first() if plain else None
    if row is None:
        raise NotFound(_("没有查到这份文书。请核对验证码；如果确认无误，它可能不是真的，请拨打 12345 反映。"))
    hashes = File.objects.filter(document__code=plain).order_by("id").values_list("sha256", flat=True)
    instead = _replaced_by(row["number"]) if row["state"] == State.REVOKED else ""
    return _given(row, today or clock.today(), instead, tuple(bytes(h).hex() for h in hashes))


def verify_file(data: bytes, *, today: date | None = None) -> Given:
    """The document a file was made from, found by its bytes alone. Refuses a file that differs in a single bit."""
    digest = hashlib.sha256(data).digest()
    code = File.objects.filter(sha256=digest).values_list("document__code", flat=True).first()
    if code is None:
        raise NotFound(_("这个文件不是本平台出具的，或者已被改动。"))
    return verify(code, today=today)


def of_case(number: str, *, today: date | None = None) -> list[Given]:
    """The documents of a case, oldest first. The caller has checked that the case may be seen."""
    rows = list(_rows(case=number))
    instead = {row["replaces"]: row["number"] for row in rows if row["replaces"]}
    return [_given(row, today or clock.today(), instead.get(row["number"], "")) for row in rows]


def may_revoke(by: Actor, unit: int) -> bool:
    """Whether the actor may take back what this unit gave out."""
    return org.may(by, "documents.revoke", units=(unit,), region=org.unit(unit).region)


def may_reissue(by: Actor, unit: int) -> bool:
    """Whether the actor may give out a corrected document in place of a revoked one of this unit."""
    return org.may(by, "documents.reissue", units=(unit,), region=org.unit(unit).region)


def wording(number: str, by: Actor) -> list[rules.Part]:
    """What a document says, part by part, for whoever may put it right. The caller has checked that the case may be seen."""
    row = Issued.objects.filter(number=number).first()
    if row is None:
        raise NotFound
    if not may_reissue(by, row.unit_id):
        raise Forbidden(_("只有出具单位的负责人可以出具更正后的文书。"))
    content = opened(row)
    return rules.parts_of(content["holder"], content["facts"], rules.MORE_WORDS)


def opened(row: Issued) -> dict[str, Any]:
    """The sealed content of a document: `holder` and `facts`. Refuses one of which it was erased."""
    if not row.content:
        raise NotFound(_("这份文书的内容已按规定删除，不能再生成文件；真伪和状态仍可公开验证。"))
    content: dict[str, Any] = json.loads(vault.open_(row.content))
    return content


def application_form(
    title: str, number: str, rows: Sequence[tuple[str, str]], *, unit: str, handed_in: datetime
) -> bytes:
    """The form that an applicant filled in, as PDF: given to nobody and verified by nothing, the same whenever it is made."""
    day = clock.local(handed_in)
    sheet = rules.Sheet(title, number, rows=tuple(rows), unit=unit, date=rules.chinese_date(day), layout="form")
    return rendering.make_pdf(sheet, code="", url="", at=day)


def render(code: str, format_: str = "pdf") -> Made:
    """The file of a document, made anew from what was sealed when it was issued; a revoked one says so above all else.
    `format_`: pdf or docx."""
    row = Issued.objects.filter(code=rules.normal_code(code)).first()
    if row is None:
        raise NotFound
    if format_ not in rendering.MAKERS:
        raise Refused("document.format", _("文书只有 PDF 和 DOCX 两种格式。"), "format")
    content = opened(row)
    sheet = rules.compose(
        row.kind,
        title=row.title,
        number=row.number,
        holder=content["holder"],
        unit=row.unit_name,
        facts=content["facts"],
        issued=clock.local(row.issued_at),
        valid_to=row.valid_to,
    )
    if row.revoked_at is not None:
        mark = rules.revoked_mark(clock.local(row.revoked_at), row.revoked_reason, _replaced_by(row.number))
        sheet = replace(sheet, mark=mark)
    maker, media_type = rendering.MAKERS[format_]
    data = maker(sheet, code=rules.shown_code(row.code), url=row.url, at=clock.local(row.issued_at))
    return Made(row.id, f"{row.title}-{row.number}.{format_}", media_type, data)
