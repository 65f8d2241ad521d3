"""What the administrators' pages share: the menu, buttons, forms, fields read from what was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import said
from mashang.ledger import queries as ledger
from mashang.org import queries
from mashang.org.rights import ROLES
from mashang.portals.desk import frame
from mashang.portals.shared.forms import KEPT, Form, build, draft_name, typed
from mashang.portals.shared.parts import Field, Moment, NavGroup, NavItem

LONGEST = 200
Press = Callable[[QueryDict], str]
"""What a button does with the form sent; gives the sentence shown afterwards."""

MENU = (
    ("units", gettext_lazy("单位和人员"), "org.people"),
    ("divisions", gettext_lazy("行政区划"), "org.people"),
    ("calendar", gettext_lazy("日历"), "org.calendar"),
    ("clocks", gettext_lazy("时钟目录"), ""),
    ("absences", gettext_lazy("离岗代岗"), "org.absence"),
    ("clients", gettext_lazy("接口令牌"), "org.clients"),
    ("why", gettext_lazy("能否看到"), "org.why"),
    ("rights", gettext_lazy("权限表"), ""),
)


def who(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]  # set by the gate


def side(actor: Actor, here: str) -> list[NavGroup]:
    """The administrators' menu; who only looks something up here keeps the desk's."""
    if not queries.holds(actor, "org.people"):
        return frame.side(actor, here, cases.counts(actor, now=clock.now()))
    items = [
        NavItem(str(label), reverse(f"admin:{name}"), current=name == here)
        for name, label, right in MENU
        if not right or queries.holds(actor, right)
    ]
    desk = [NavItem(_("待办"), reverse("desk:inbox")), NavItem(_("全部件"), reverse("desk:cases"))]
    back = [NavGroup(tuple(desk), _("工作台"))] if queries.holds(actor, "cases.view") else []
    return [NavGroup(tuple(items), _("管理")), *back]


def pressed(request: HttpRequest, presses: dict[str, Press]) -> tuple[bool, Refused | None]:
    """Do what the button named "do" stands for: (done, refusal). A GET does nothing. What the browser kept of the form it may
    forget once it is done."""
    if request.method != "POST":
        return False, None
    press = presses.get(request.POST.get("do", ""))
    if press is None:
        return False, Refused("malformed", _("页面已过期，请刷新后再试。"))
    try:
        messages.success(request, press(request.POST), extra_tags=request.POST.get(KEPT, "")[:LONGEST])
    except NotFound:
        raise
    except Refused as no:
        return False, no
    return True, None


def form_of(
    request: HttpRequest,
    do: str,
    fields: Sequence[Field],
    button: str,
    refused: Refused | None,
    *,
    apart: bool = False,
    keep: bool = False,
    **more: Any,
) -> Form:
    """A form that sends `do`; what was typed and what is wrong come back only to the form that was sent. `apart`: another
    form of the page has fields of the same names. `keep`: the browser keeps what is typed; not for what is said of a person."""
    mine = request.method == "POST" and request.POST.get("do") == do
    hidden = Field("do", type="hidden", value=do)
    values = typed(request.POST, fields) if mine else None
    return build(
        [hidden, *(replace(f, within=do if apart else "") for f in fields)],
        action=request.path,
        button=button,
        values=_keep(values, do),
        refused=refused if mine else None,
        draft=draft_name(f"{request.path}-{do}", fields) if keep else "",
        **more,
    )


def _keep(values: dict[str, Any] | None, do: str) -> dict[str, Any] | None:
    return None if values is None else {**values, "do": do}


def page(request: HttpRequest, name: str, here: str, refused: Refused | None, **context: Any) -> HttpResponse:
    """The page; what was refused to a button without fields of its own stands at the top."""
    drawn = any(isinstance(value, Form) and value.faults for value in context.values())
    loose = refused.faults if refused and not drawn else ()
    known = {"side": side(who(request), here), "loose": loose, "find_url": reverse("desk:find"), **context}
    return render(request, f"desk/admin/{name}.html", known, status=422 if refused else 200)


def chosen(data: QueryDict, name: str) -> int:
    """The id of what was chosen from a list. Refuses none at its field."""
    if (found := number(data, name)) is None:
        raise Refused("choice.none", "请先选择。", name)
    return found


def number(data: QueryDict, name: str) -> int | None:
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def day(data: QueryDict, name: str, *, after: int = 0) -> datetime | None:
    """The beginning of a day typed as a date; `after` days later (1: to the end of it). None when empty."""
    text = data.get(name, "")
    if not text:
        return None
    try:
        return clock.local(datetime.combine(date.fromisoformat(text) + timedelta(days=after), datetime.min.time()))
    except (ValueError, OverflowError):
        raise Refused("date.wrong", _("日期不正确，请按年-月-日填写。"), name) from None


def optional_day(data: QueryDict, name: str) -> date | None:
    found = day(data, name)
    return found.date() if found else None


def needed_day(data: QueryDict, name: str, *, after: int = 0) -> datetime:
    found = day(data, name, after=after)
    if found is None:
        raise Refused("date.missing", _("请填写日期。"), name)
    return found


def my_units(actor: Actor, right: str = "org.people") -> list[queries.UnitInfo]:
    """The open units within the actor's scope."""
    today = clock.now().date()
    return [u for u in queries.units_in(day=today) if queries.may(actor, right, units=[u.id], region=u.region, kind="")]


def reaches_all(actor: Actor, right: str) -> bool:
    """Whether the actor holds a right over every open unit: what binds all of them is theirs to change."""
    return queries.holds(actor, right) and len(my_units(actor, right)) == len(queries.units_in(day=clock.now().date()))


SHOWN_DIVISIONS = 5


def division_field(name: str, label: str, help_: str = "", *, required: bool = False, value: str = "") -> Field:
    """Where a division is given: by its code or its name, with those that fit offered while one types."""
    look_up = {"hx-get": reverse("admin:find_division"), "autocomplete": "off", "maxlength": 60}
    return Field(name, label, "division", help_, required, division_named(value), size="m", attrs=look_up)


def division_named(code: str) -> str:
    """A division by its whole name, as its field shows it; by its code where the name would not lead back to it."""
    try:
        name = queries.region_path(code)
    except NotFound:
        return code
    return name if [r.code for r in queries.regions_like(name)] == [code] else code


def division(data: QueryDict, name: str = "region") -> str:
    """The code of the division that was given by name; what may be a code, or the beginning of one, is left as it is. Refuses a
    name that fits none, or several, with those to choose from."""
    words = data.get(name, "").strip()
    if not words or words.isascii():
        return words
    found = queries.regions_like(words)
    if len(found) == 1:
        return found[0].code
    if not found:
        text = said("没有查到叫“{name}”的行政区划，请核对名称，或者填代码。", name=words)
        raise Refused("region.unknown", text, name)
    listed = [f"{queries.region_path(r.code)}（{r.code}）" for r in found[:SHOWN_DIVISIONS]]
    text = said("“{name}”不止一处，请选其中一处，或者填代码：{places}。", name=words, places=listed)
    raise Refused("region.several", text, name)


def unit_choices(units: Sequence[queries.UnitInfo]) -> tuple[tuple[str, str], ...]:
    return tuple((str(u.id), u.name) for u in units)


def told(subject: str) -> list[Moment]:
    """What the ledger holds on a subject, newest first, with names in place of ids."""
    colleague = Actor("staff")
    entries = list(reversed(ledger.history(f"org/{subject}")))
    ids = {e.facts[name] for e in entries for name in PEOPLE if isinstance(e.facts.get(name), int)}
    names = {member.id: member.name for member in queries.staff(ids).values()}
    lines = []
    for entry in entries:
        facts = _Blank({**entry.facts, **entry.private})
        facts |= {name: names.get(facts[name], "—") for name in PEOPLE if name in facts}
        facts["role"] = ROLES[facts["role"]].label if facts.get("role") in ROLES else ""
        text = _(queries.sentence(entry.verb)).format_map(facts)
        lines.append(Moment(entry.at, text, queries.shown_name(entry.by, to=colleague)))
    return lines


PEOPLE = ("staff", "stand_in")


class _Blank(dict[str, Any]):
    """Facts for a sentence: one that was erased leaves a mark, so that the sentence still stands."""

    def __missing__(self, key: str) -> str:
        return _("（已删除）")
