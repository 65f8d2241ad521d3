"""差评整改: the unit above checks with whoever rated, the rated unit puts right or explains."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from pydantic import Field, JsonValue

from mashang.cases.casefile import CaseFile, Message, StepPlan
from mashang.cases.procedure import Form
from mashang.kernel.actor import Actor
from mashang.org import queries as org

from ..models import Grade, Rating
from ..procedure import S, redress
from ..queries import checking_unit

AREA: dict[str, JsonValue] = {"widget": "textarea"}
CONTACT, RIGHT = "HCP-1", "HCP-10"
_BECAME = "UPDATE reviews_rating SET redress = %s WHERE id = %s"


class Open(Form):
    rating: int
    item: str


class Words(Form):
    words: str = Field(title="办理情况", min_length=4, max_length=2000, json_schema_extra=AREA)


@redress.action("open", label=_("差评立件"), right="reviews.redress", form=Open, on="new", reaches=S.OPEN, by_rule=True)
def open_(case: CaseFile, form: Open, *, by: Actor, now: datetime) -> None:
    """A bad rating is checked by the unit above and answered for by the unit that was rated; the file does not say who rated."""
    rating = Rating.objects.select_for_update().get(pk=form.rating)  # its words may be erased at this moment
    unit, grade = org.unit(rating.unit_id), str(Grade(rating.grade).label)
    case.title, case.about = f"差评整改：{form.item}"[:120], rating.words[:100]
    case.lead_unit_id, case.region = unit.id, unit.region
    checks = checking_unit(unit, now)
    case.plan(
        [
            StepPlan("contact", "联系核实", "contact", checks.id, clocks=((CONTACT, ""),)),
            StepPlan("put_right", "整改", "put_right", unit.id, after=("contact",), clocks=((RIGHT, ""),)),
        ]
    )
    case.fact(grade=grade, rating=form.rating)
    case.write_also(lambda made: (_BECAME, [made.number, form.rating]))
    case.tell(Message(f"收到一条{grade}评价，请在一个工作日内联系核实。", unit=checks.id))
    if checks.id != unit.id:
        case.tell(Message(f"收到一条{grade}评价，由{checks.name}核实，核实后请整改。", unit=unit.id))


@redress.action(
    "contact", label=_("已联系"), right="reviews.check", form=Words, leaves=[S.OPEN], reaches=S.CONTACTED, on="step",
    steps=["contact"], finishes=True, first=True,
)  # fmt: skip
def contact(case: CaseFile, form: Words, *, by: Actor, now: datetime) -> None:
    case.fact(words=form.words)
    case.finish("contacted")


@redress.action(
    "put_right", label=_("整改完成"), right="reviews.redress", form=Words, leaves=[S.CONTACTED], reaches=S.RIGHTED,
    on="step", steps=["put_right"], finishes=True, first=True,
)  # fmt: skip
def put_right(case: CaseFile, form: Words, *, by: Actor, now: datetime) -> None:
    case.fact(words=form.words)
    case.finish("righted")


@redress.action(
    "explain", label=_("解释说明"), right="reviews.redress", form=Words, leaves=[S.CONTACTED], reaches=S.EXPLAINED,
    on="step", steps=["put_right"], finishes=True,
)  # fmt: skip
def explain(case: CaseFile, form: Words, *, by: Actor, now: datetime) -> None:
    """What was demanded has no basis in law: explained, and the rating stands."""
    case.fact(words=form.words)
    case.finish("explained")
