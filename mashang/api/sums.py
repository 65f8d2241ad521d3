"""The shapes of what is only calculated: texts and schemes that are given, and what is found in them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, WithJsonSchema

from mashang.cases.procedure import EARLIEST, LATEST, Form
from mashang.performance.rules.statistics import LARGEST

MOST = 2000
LONGEST = 100_000
NODES, CELLS, SCORES = 500, 1_000_000, 200_000


def _written(value: Any) -> Any:
    """A number is no time here."""
    if value is not None and not isinstance(value, str):
        raise ValueError("时间请写成 2026-03-02T09:10:00+08:00。")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written), Field(ge=EARLIEST, le=LATEST)]
Text = Annotated[str, Field(max_length=LONGEST)]
Name = Annotated[str, Field(max_length=100, description="Comes back with the answer")]


class Letter(Form):
    """Title or body may be empty, not both."""

    id: Name = ""
    title: Text = ""
    body: Text = ""


class Answered(Letter):
    """A message with its answer. An empty reply is a bad answer, not a fault."""

    reply: Text
    at: Moment | None = None
    replied_at: Moment | None = None


class Told(Letter):
    """A message with its time; `id` must differ from the others'."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    at: Moment
    likes: Annotated[float, Field(strict=True, ge=0, le=1e12)] = 0.0


class Passage(Form):
    id: Name = ""
    text: Text


class Letters(Form):
    items: Annotated[list[Letter], Field(min_length=1, max_length=MOST)]


class Answers(Form):
    items: Annotated[list[Answered], Field(min_length=1, max_length=MOST)]


class Compared(Form):
    """`threshold`: share of character trigrams in common (Jaccard) from which two texts are a pair."""

    items: Annotated[list[Letter], Field(min_length=1, max_length=MOST)]
    threshold: Annotated[float, Field(strict=True, ge=0.5, le=1)] = 0.8


class Grouped(Form):
    """`at`: the moment of the current heat, the last message if left out."""

    items: Annotated[list[Told], Field(min_length=2, max_length=MOST)]
    at: Moment | None = None


class Passages(Form):
    items: Annotated[list[Passage], Field(min_length=1, max_length=MOST)]


class SortedText(BaseModel):
    """`confidence`: how often the model was right when so sure, on texts it had not seen."""

    id: str
    label: str
    confidence: float
    reasons: list[str]


class SortedTexts(BaseModel):
    items: list[SortedText]


class PartOfReply(BaseModel):
    """0 (bad) to 1 (good) and the passage that decided."""

    value: float
    passage: str


class CheckedReply(BaseModel):
    """`verdict`: `hold` from a risk of 0.5 on, else `pass`."""

    id: str
    verdict: str
    risk: float
    reason: str
    working_days: int | None
    parts: dict[str, PartOfReply]


class CheckedReplies(BaseModel):
    """`within`: share of the answers given within 5, 10, 15 working days."""

    items: list[CheckedReply]
    within: dict[str, float]


class Pair(BaseModel):
    """`first` and `second`: places in the items given, from 0."""

    first: int
    second: int
    first_id: str
    second_id: str
    share: float


class PairsFound(BaseModel):
    items: list[Pair]


class Matter(BaseModel):
    """Messages about one thing, hottest matter first; `messages` are ids in order of time."""

    title: str
    places: list[str]
    first: datetime
    last: datetime
    count: int
    likes: float
    heat: float
    current: float
    rising: bool
    messages: list[str]


class Matters(BaseModel):
    items: list[Matter]


class MaskedText(BaseModel):
    """The text, as long as it was; `found`: how many places are starred."""

    id: str
    text: str
    found: int


class MaskedTexts(BaseModel):
    items: list[MaskedText]


_CELL = {"type": ["string", "number", "null"]}
_ROWS = {"type": "array", "maxItems": MOST, "items": {"type": "object", "additionalProperties": _CELL}}
Values = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "string"}, _ROWS]}),
    Field(description="CSV as text, or rows as objects: `unit`, and a value for each indicator"),
]


class SchemeGiven(Form):
    """`scheme`: a scheme as its file has it (TOML, docs/scheme-format.md)."""

    scheme: Text
    values: Values = None


class ScoreAsked(SchemeGiven):
    values: Values


class SchemeChecked(BaseModel):
    """`units`: rows of values that were checked too."""

    code: str
    name: str
    version: str
    nodes: int
    indicators: int
    units: int
    notices: list[str]


class NodeScore(BaseModel):
    """Unrounded, null when missing; `shown` as it is displayed; rank among `of`."""

    node: str
    name: str
    score: float | None
    shown: str
    rank: int | None
    of: int


class UnitScores(BaseModel):
    """The total first."""

    unit: str
    period: str
    grade: str
    scores: list[NodeScore]


class Scored(BaseModel):
    """`digest`: SHA-256 of scheme and values in canonical form, as `mashang score run` gives it."""

    digest: str
    notices: list[str]
    units: list[UnitScores]


class RunLine(BaseModel):
    """A scoring of a period on the platform."""

    id: int
    scheme: str
    version: str
    name: str
    region: str
    period: str
    at: datetime
    digest: str


class RunPage(BaseModel):
    items: list[RunLine]


class UnitPlace(BaseModel):
    """`rank_low` to `rank_high`: the ranks that the counts leave open (90 %), among `peers` of the group."""

    unit: int
    name: str
    group: str
    score: float
    shown: str
    rank: int
    rank_low: int
    rank_high: int
    peers: int
    grade: str


class RunShown(RunLine):
    units: list[UnitPlace]


class FigureGiven(Form):
    """A figure that a unit reports, with what shows that it is true. Scheme, unit, indicator and period are its key."""

    scheme: str = Field(title="考评方案", min_length=1, max_length=60, description="Code of a scheme that is final")
    unit: int = Field(title="单位", ge=1, le=2**31 - 1)
    indicator: str = Field(
        title="指标", min_length=1, max_length=60, description="Id of the indicator, or of one of its marks"
    )
    period: str = Field(title="期间", min_length=4, max_length=7, description="As in 2026-03, 2026Q1, 2026H1 or 2026")
    value: float = Field(title="数据", strict=True, ge=-LARGEST, le=LARGEST, allow_inf_nan=False)
    evidence: str = Field(title="佐证", min_length=1, max_length=300, description="Title and number of a document")


class FigureKept(BaseModel):
    """The figure as it was first reported; `stands` is false once a correction has come after it."""

    id: int
    scheme: str
    unit: int
    indicator: str
    period: str
    value: float
    evidence: str
    at: datetime
    stands: bool


class RunsAsked(BaseModel):
    region: str = Field(default="", pattern=r"^\d{0,12}$", description="Division code, also its beginning")
    period: str = Field(default="", max_length=20, description="As in 2026-03")
    limit: int = Field(default=100, ge=1, le=500)
