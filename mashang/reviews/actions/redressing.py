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
from ..procedure import OFFICE, S, redress
from ..queries import checker, worked_on

AREA: dict[str, JsonValue] = {"widget": "textarea"}
CONTACT, RIGHT = "HCP-1", "HCP-10"
_BECAME = "UPDATE reviews_rating SET redress = %s WHERE id = %s"


class Open(Form):
    rating: int
    item: str


class Pass(Form):
    rating: int


class Words(Form):
    words: str = Field(title="办理情况", min_length=4, max_length=2000, json_schema_extra=AREA)


class Outcome(Form):
    words: str = Field(title="处理结果（评价人会看到）", min_length=4, max_length=2000, json_schema_extra=AREA)


class Again(Form):
    grade: str


@redress.action("open", label=_("差评立件"), right="reviews.redress", form=Open, on="new", reaches=S.OPEN, by_rule=True)
def open_(case: CaseFile, form: Open, *, by: Actor, now: datetime) -> None:
    """A bad rating is checked by the unit above and answered for by the unit that was rated; the file does not say who rated."""
    rating = Rating.objects.select_for_update().get(pk=form.rating)  # its words may be erased at this moment
    unit, grade = org.unit(rating.unit_id), str(Grade(rating.grade).label)
    checks = checker(unit, worked_on(rating.case.number), now)
    case.title, case.about = f"差评整改：{form.item}"[:120], rating.words[:100]
    case.lead_unit_id, case.region = unit.id, unit.region
    case.plan(
        [
            StepPlan("contact", "联系核实", checks.step, checks.unit.id, clocks=((CONTACT, ""),)),
            StepPlan("put_right", "整改", "put_right", unit.id, after=("contact",), clocks=((RIGHT, ""),)),
        ]
    )
    case.fact(grade=grade, rating=form.rating)
    case.write_also(lambda made: (_BECAME, [made.number, form.rating]))
    case.tell(Message(f"收到一条{grade}评价，请在一个工作日内联系核实。", unit=checks.unit.id))
    if checks.unit.id != unit.id:
        case.tell(Message(f"收到一条{grade}评价，由{checks.unit.name}核实，核实后请整改。", unit=unit.id))


@redress.action(
    "contact", label=_("已联系"), right="reviews.check", form=Words, leaves=[S.OPEN], reaches=S.CONTACTED, on="step",
    steps=["contact"], finishes=True, first=True,
)  # fmt: skip
def contact(case: CaseFile, form: Words, *, by: Actor, now: datetime) -> None:
    case.fact(words=form.words)
    case.finish("contacted")


@redress.action(
    OFFICE, label=_("已联系"), right="reviews.check_instead", form=Words, leaves=[S.OPEN], reaches=S.CONTACTED, on="step",
    steps=[OFFICE], finishes=True, first=True,
)  # fmt: skip
def office_contact(case: CaseFile, form: Words, *, by: Actor, now: datetime) -> None:
    """The same by the effectiveness office, where no lead can."""
    case.fact(words=form.words)
    case.finish("contacted")


@redress.action(
    "pass_check", label=_("改由他人核实"), right="reviews.check", form=Pass, leaves=[S.OPEN], on="step",
    steps=["contact", OFFICE], by_rule=True,
)  # fmt: skip
def pass_check(case: CaseFile, form: Pass, *, by: Actor, now: datetime) -> None:
    """Whoever should check has gone: the check passes to whoever can by now. Its clock runs on."""
    assert case.step is not None
    rating = Rating.objects.select_related("case").get(pk=form.rating)
    checks = checker(org.unit(rating.unit_id), worked_on(rating.case.number), now)
    case.step.unit_id, case.step.kind, case.step.staff = checks.unit.id, checks.step, None
    case.units = sorted({*case.units, checks.unit.id})
    case.fact(to=checks.unit.name)
    case.tell(Message(f"{case.number} 改由贵单位核实，请联系评价人。", unit=checks.unit.id))


@redress.action(
    "put_right", label=_("整改完成"), right="reviews.redress", form=Outcome, leaves=[S.CONTACTED], reaches=S.RIGHTED,
    on="step", steps=["put_right"], finishes=True, first=True,
)  # fmt: skip
def put_right(case: CaseFile, form: Outcome, *, by: Actor, now: datetime) -> None:
    case.fact(words=form.words)
    case.finish("righted")


@redress.action(
    "explain", label=_("解释说明"), right="reviews.redress", form=Outcome, leaves=[S.CONTACTED], reaches=S.EXPLAINED,
    on="step", steps=["put_right"], finishes=True,
)  # fmt: skip
def explain(case: CaseFile, form: Outcome, *, by: Actor, now: datetime) -> None:
    """What was demanded has no basis in law: explained, and the rating stands."""
    case.fact(words=form.words)
    case.finish("explained")


@redress.action(
    "rated_again",
    label=_("二次评价"),
    right="reviews.redress",
    form=Again,
    leaves=[S.RIGHTED, S.EXPLAINED],
    by_rule=True,
)
def rated_again(case: CaseFile, form: Again, *, by: Actor, now: datetime) -> None:
    """What whoever rated says of how it was put right; the first rating stays as it is."""
    case.fact(grade=form.grade)
    case.tell(Message(f"{case.number} 整改后，评价人第二次评价：{form.grade}。", unit=case.lead_unit_id))
