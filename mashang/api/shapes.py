"""The shapes that cross the API: what is given and what comes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from mashang.cases.procedure import Form, Id, Instant


class NewCase(Form):
    """An application handed in for a citizen or firm. `answers` holds the form's fields, the applicant among them."""

    entry: str = Field(title="事项", min_length=1, max_length=64, description="Code of an item or package")
    part: str = Field(default="", title="第几次申请", max_length=40, description="Which application of a package")
    region: str = Field(title="办理地", pattern=r"^\d{6,12}$", description="Division code of the place")
    answers: dict[str, Any] = Field(default_factory=dict, title="表单", description="Fields of the form by code")
    materials: dict[str, Id] = Field(
        default_factory=dict, title="材料", description="Material code → document uploaded before"
    )
    reuse: tuple[str, ...] = Field(default=(), title="使用已有证照", description="Materials that are on file already")
    again: bool = Field(
        default=False, title="确认再办一件",
        description="True when one more is meant; else `applicant.again` while the applicant has the same under way",
    )  # fmt: skip


class NewAct(Form):
    """A button pressed. `data` is what the action's form asks for, see `list_actions`."""

    step: int = Field(
        default=0, title="环节", ge=0, le=2**63 - 1, description="The open step it works on; 0 for the case itself"
    )
    data: dict[str, Any] = Field(default_factory=dict, title="内容")


class NewRating(Form):
    """What the person whom a service was for said of it, brought by a calling system that shows them the questions."""

    grade: int = Field(title="评价", ge=1, le=5, description="5 best; 1 and 2 are bad ratings")
    tags: tuple[str, ...] = Field(default=(), title="原因", max_length=8)
    words: str = Field(default="", title="想说的话", max_length=500)
    channel: str = Field(default="api", title="渠道", min_length=1, max_length=20, description="Where it was given")
    second: bool = Field(
        default=False,
        title="第二次评价",
        description="True for the one rating after a bad first was put right or explained",
    )


class CasesAsked(BaseModel):
    """What a list is narrowed to, and which page of it."""

    updated_since: Instant | None = Field(default=None, description="Only what changed since then, oldest change first")
    after: str = Field(default="", max_length=200, description="`next` of the page before")
    limit: int = Field(default=100, ge=1, le=500)
    kind: str = Field(default="", max_length=40)
    state: str = Field(default="", max_length=40, description="A state, or `open` or `settled` for all of either")
    unit: int = Field(default=0, ge=0, le=2**31 - 1, description="Cases in which this unit takes part")
    region: str = Field(default="", pattern=r"^\d{0,12}$", description="Division code, also its beginning")
    channel: str = Field(default="", max_length=20)
    late: bool | None = None
    supervised: bool | None = None
    opened_from: Instant | None = None
    opened_to: Instant | None = None
    words: str = Field(default="", max_length=100, description="Words of the title, pinyin initials, or a number")


class CatalogueAsked(BaseModel):
    words: str = Field(default="", max_length=100, description="Search; without it, the whole catalogue by code")
    shape: Literal["", "item", "package"] = ""
    after: str = Field(default="", max_length=64, description="`next` of the page before (not with `words`)")
    limit: int = Field(default=100, ge=1, le=500)


class Acted(BaseModel):
    """What an act came to. `again`: the answer given to the same Idempotency-Key before."""

    number: str
    kind: str
    state: str
    state_label: str
    revision: int
    again: bool


class CaseLine(BaseModel):
    """A case as lists show it."""

    number: str
    kind: str
    title: str
    about: str
    state: str
    outcome: str
    lead_unit: int
    region: str
    channel: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    held: bool
    late: bool
    supervised: bool
    revision: int


class CasePage(BaseModel):
    """`next` opens the next page, empty on the last. `since` is what a follower passes as `updated_since` next time."""

    items: list[CaseLine]
    next: str
    since: datetime


class StepShown(BaseModel):
    id: int
    code: str
    label: str
    kind: str
    unit: int
    unit_name: str
    state: str
    opened_at: datetime | None
    due_at: datetime | None
    held: bool
    done_at: datetime | None
    result: str


class ClockShown(BaseModel):
    """`party` is whose time it is; `provisional` while the holiday notice of that year is not out."""

    code: str
    label: str
    kind: str
    step: int | None
    party: str
    limit: str
    state: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    provisional: bool


class MaterialShown(BaseModel):
    code: str
    name: str
    state: str
    document: int | None
    due: date | None


class DocumentShown(BaseModel):
    id: int
    name: str
    media_type: str
    size: int
    material: str
    at: datetime


class ResultShown(BaseModel):
    number: str
    title: str
    code: str
    state: str
    issued_at: datetime
    valid_to: date | None
    url: str
    replaces: str
    corrected: list[str]


class LineShown(BaseModel):
    at: datetime
    verb: str
    text: str
    by: str


class PersonShown(BaseModel):
    """Masked."""

    role: str
    name: str


class CaseShown(CaseLine):
    state_label: str
    lead_unit_name: str
    persons: list[PersonShown]
    steps: list[StepShown]
    clocks: list[ClockShown]
    materials: list[MaterialShown]
    documents: list[DocumentShown]
    results: list[ResultShown]
    children: list[str]
    timeline: list[LineShown]


class RatingKept(BaseModel):
    """A rating as it was kept; nothing says who gave it."""

    grade: int
    second: bool
    at: datetime


class PressShown(BaseModel):
    """An action that may be pressed now. `form` is the JSON Schema of its `data`."""

    action: str
    label: str
    step: int
    step_label: str
    form: dict[str, Any]


class Presses(BaseModel):
    revision: int
    items: list[PressShown]


class EntryLine(BaseModel):
    code: str
    shape: str
    name: str
    organ: str
    group: str
    type: str
    level: str
    online: bool
    visits: int
    detail: str
    source: str


class EntryPage(BaseModel):
    items: list[EntryLine]
    next: str


class EntryShown(BaseModel):
    """A published definition, whole. `digest` is the SHA-256 of its canonical JSON."""

    code: str
    version: int
    number: int
    digest: str
    published_at: datetime | None
    open: bool
    definition: dict[str, Any]


class FiguresShown(BaseModel):
    applications: int
    materials: int
    trips: int
    limit: str


class PartShown(BaseModel):
    code: str
    label: str


class NeedShown(BaseModel):
    code: str
    name: str
    state: str
    guidance: str
    held_as: str
    filled: bool = Field(description="Made by the platform from the answers: nobody hands it in")


class GuideShown(BaseModel):
    """What a person must know before applying; `before` and `now` are computed from the definition."""

    code: str
    name: str
    version: int
    before: FiguresShown
    now: FiguresShown
    statutory: str
    promised: str
    instant: bool
    parts: list[PartShown]
    materials: list[NeedShown]
    visits: list[str]
    fees: list[str]


class FormShown(BaseModel):
    """`questions` are asked first; a choice with `stops` ends the application with that sentence."""

    code: str
    version: int
    part: str
    questions: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    materials: list[NeedShown]


class CertificateShown(BaseModel):
    """A document given out. The holder is masked; `hashes` are the SHA-256 of files made from it."""

    number: str
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
    replaces: str = Field(description="Number of the revoked document that this one corrects")
    replaced_by: str = Field(description="Number of the document that corrects this revoked one")
    corrected: list[str] = Field(description="Labels of the parts that it words otherwise than the one it corrects")
    hashes: list[str]


class KeysShown(BaseModel):
    """Published keys of the ledger and of its witnesses, one a line, to check receipts with."""

    keys: list[str]
