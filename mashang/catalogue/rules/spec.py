"""What an item (事项) is: the fields of law and standard that the platform acts on, frozen once published.

The parts are small values; `ItemSpec` is stored whole as JSON in an immutable version row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from .codes import (
    Channel,
    Depth,
    FieldType,
    Handling,
    ItemType,
    Level,
    MaterialForm,
    MaterialKind,
    Moment,
    Necessity,
    OrganNature,
    ResultKind,
    ServiceObject,
    Source,
    StepKind,
)

Answers = Mapping[str, Any]


def _printable(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in text):
        raise ValueError("不能含有控制字符")
    return text


Plain = Annotated[str, AfterValidator(_printable)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_printable)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(-[a-z0-9_]+)*$", max_length=40)]
EntryCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Limit = Annotated[str, StringConstraints(pattern=r"^([1-9]\d{0,3}(wd|nd|wh|h))?$")]
"""20wd, 30nd, 4wh, 24h; empty: not known."""


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def finite(value: Any) -> Decimal | None:
    """The number that this is; None for anything else, as for words, NaN and Infinity."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


class When(Value):
    """A condition on one answer. An answer not given leaves it undetermined, never true or false; so does one that is no
    number where sizes are compared."""

    fact: Plain
    op: Literal["eq", "ne", "in", "lt", "le", "gt", "ge"] = "eq"
    value: Annotated[
        Plain | tuple[Plain, ...], BeforeValidator(lambda v: str(v) if isinstance(v, int | Decimal) else v)
    ]

    def holds(self, answers: Answers) -> bool | None:
        given = answers.get(self.fact)
        if given is None or given == "":
            return None
        if self.op == "in":
            return str(given) in self.value if isinstance(self.value, tuple) else None
        if self.op in ("eq", "ne"):
            return (str(given) == str(self.value)) is (self.op == "eq")
        return self._compared(given)

    @property
    def sizes(self) -> bool:
        """Whether numbers are compared."""
        return self.op in ("lt", "le", "gt", "ge")

    def _compared(self, given: Any) -> bool | None:
        left, right = finite(given), finite(self.value)
        if left is None or right is None:
            return None
        return {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[self.op]


def all_hold(conditions: tuple[When, ...], answers: Answers) -> bool | None:
    """Every condition: False as soon as one fails, None while one is undetermined."""
    found = [c.holds(answers) for c in conditions]
    return False if False in found else None if None in found else True


class Choice(Value):
    """`stops`: the sentence shown to who chooses it and can therefore not apply."""

    code: Code
    label: Name
    stops: Text = ""


class Question(Value):
    """A guide question (引导问题) asked before the form; its answer is a fact like any field's."""

    code: Code
    text: Name
    help: Text = ""
    choices: tuple[Choice, ...]


class Field(Value):
    """One thing asked on the form. The same `code` in two items of a package is asked once.

    `private`: sealed at rest, shown by role. `prefill`: what is filled in of
    the signed-in applicant's registration: "person" (name, number, phone) or "firm.name". `past`: a date of what has happened
    already, which cannot lie ahead.
    """

    code: Code
    label: Name
    type: FieldType = FieldType.TEXT
    group: Text = ""
    help: Text = ""
    required: bool = True
    private: bool = False
    unit: Text = ""
    choices: tuple[Choice, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    max_length: int = 200
    prefill: Plain = ""
    past: bool = False
    when: tuple[When, ...] = ()


class Material(Value):
    """One material. The same `code` in two items is handed in once; `held_as`: the code under which registers or an
    earlier case may hold it already, so that it is reused and not asked again; `filled`: the platform makes it from the
    answers, so nobody need hand it in."""

    code: Code
    name: Name
    kind: MaterialKind = MaterialKind.EITHER
    form: MaterialForm = MaterialForm.BOTH
    necessity: Necessity = Necessity.REQUIRED
    source: Source = Source.APPLICANT
    issuer: Text = ""
    originals: int = 0
    copies: int = 1
    held_as: Plain = ""
    filled: bool = False
    sample: Text = ""
    blank: Text = ""
    guidance: Text = ""
    standard: Text = ""
    basis: Text = ""
    when: tuple[When, ...] = ()


class Role(Value):
    """Which unit does a step: `match` are words of the unit's name, `unit_kind` its kind in org, searched from the
    applicant's township upward."""

    label: Name
    match: tuple[Plain, ...] = ()
    unit_kind: Plain = ""


class Step(Value):
    """A piece of work (环节). It opens when all of `after` are done, or when asked for (`opens` = "request").

    `statutory`, `promised`: its own limits; `rule`: the clock rule (by its code, as XK-20) that runs while it is open, of a decision the
    one that runs from acceptance; `suspends`: it stops the statutory clock of the whole on `ground`, never the promised
    one; `produces`: kinds of document (or codes of results) that the applicant gets when it is done.
    """

    code: Code
    label: Name
    kind: StepKind = StepKind.REVIEW
    role: Code = "window"
    after: tuple[Code, ...] = ()
    item: Plain = ""
    part: Plain = ""
    statutory: Limit = ""
    promised: Limit = ""
    rule: Plain = ""
    suspends: bool = False
    ground: Plain = ""
    moment: Moment | None = None
    opens: Literal["ready", "request"] = "ready"
    checks: tuple[Text, ...] = ()
    produces: tuple[Plain, ...] = ()
    when: tuple[When, ...] = ()


class Visit(Value):
    """One time the applicant must come in person. The same `code` in two items of a package happens once."""

    code: Code = "visit"
    reason: Text = ""


class Fee(Value):
    item: Text = ""
    standard: Text = ""
    basis: Text = ""
    relief: Text = ""
    online_pay: bool = True


class Result(Value):
    """`code` is the material code under which other items ask for this result; `document` the kind in documents."""

    code: Code
    name: Name
    kind: ResultKind = ResultKind.CERTIFICATE
    document: Plain = ""
    validity: Text = ""
    valid_years: int = 0


class Basis(Value):
    law: Name
    article: Text = ""
    text: Text = ""


class Organ(Value):
    name: Text = ""
    credit_code: Text = ""
    nature: OrganNature = OrganNature.STATUTORY


class Codes(Value):
    """基本编码, 实施编码, 业务办理项编码, 地方编码."""

    basic: Text = ""
    implementation: Text = ""
    handling: Text = ""
    local: Text = ""


class Common(Value):
    """What items and packages share: how they are found, who they serve, what is asked first."""

    code: EntryCode
    name: Name
    aliases: tuple[Name, ...] = ()
    summary: Text = ""
    group: Text = ""
    region: Text = ""
    level: Level = Level.COUNTY
    objects: tuple[ServiceObject, ...] = ()
    channels: tuple[Channel, ...] = ()
    depth: Depth = Depth.NONE
    questions: tuple[Question, ...] = ()
    steps: tuple[Step, ...] = ()
    roles: Mapping[Plain, Role] = {}
    hours: Text = ""
    places: Text = ""
    phone: Text = ""
    complaints: Text = ""
    remedies: Text = ""
    source: Text = ""
    unverified: tuple[Text, ...] = ()


class ItemSpec(Common):
    """`detail` "name": only published names are known (a list of another place); limits are the implementing unit's to say
    and nobody can apply here. `instant_when`: conditions under which a promised item is done at once (零日办)."""

    shape: Literal["item"] = "item"
    detail: Literal["full", "name"] = "full"
    codes: Codes = Codes()
    type: ItemType = ItemType.PUBLIC_SERVICE
    organ: Organ = Organ()
    handling: Handling = Handling.PROMISED
    statutory: Limit = ""
    statutory_note: Text = ""
    promised: Limit = ""
    promised_note: Text = ""
    instant_when: tuple[When, ...] = ()
    instant_limit: Limit = "4wh"
    visits: tuple[Visit, ...] = ()
    conditions: tuple[Text, ...] = ()
    quota: Text = ""
    commitment: Text = ""
    form: tuple[Field, ...] = ()
    materials: tuple[Material, ...] = ()
    fees: tuple[Fee, ...] = ()
    result: Result | None = None
    basis: tuple[Basis, ...] = ()


class Part(Value):
    """One application inside a package: the items it covers at once."""

    code: Code
    label: Name
    items: tuple[EntryCode, ...]
    handling: Handling = Handling.PROMISED
    help: Text = ""


class ReplacedVisit(Value):
    """A kind of visit that the package spares the applicant, and how."""

    code: Code
    by: Name


class PackageSpec(Common):
    """一件事: items done together. Their definitions are embedded when published, so a running case can't shift under foot."""

    shape: Literal["package"] = "package"
    lead: Name
    parts: tuple[Part, ...]
    items: tuple[ItemSpec, ...]
    replaced_visits: tuple[ReplacedVisit, ...] = ()
    basis: tuple[Basis, ...] = ()

    def item(self, code: str) -> ItemSpec:
        return next(i for i in self.items if i.code == code)

    def items_of(self, part: str) -> tuple[ItemSpec, ...]:
        """The items of one part, or all of them."""
        return tuple(self.item(c) for p in self.parts if part in ("", p.code) for c in p.items)


Spec = ItemSpec | PackageSpec
