"""Units and their people, posts and roles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mashang.cases import queries as cases
from mashang.cases.actions import close_unit
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import said
from mashang.org import actions, queries
from mashang.org.rights import ROLES, STAFF_ROLES
from mashang.org.rules import CLOSED_KINDS
from mashang.performance import queries as performance
from mashang.portals.shared.forms import Form
from mashang.portals.shared.parts import Cell, Column, Field, Row, Table

from .common import (
    Press,
    chosen,
    day,
    division,
    division_field,
    form_of,
    my_units,
    number,
    page,
    pressed,
    told,
    unit_choices,
    who,
)


@never_cache
@require_http_methods(["GET", "POST"])
def units(request: HttpRequest) -> HttpResponse:
    """The units within one's scope, and opening another."""
    actor, now = who(request), clock.now()

    def open_unit(data: QueryDict) -> str:
        form = actions.NewUnit(
            name=data.get("name", "").strip(),
            short_name=data.get("short_name", "").strip(),
            kind=data.get("kind", ""),
            region=division(data),
            parent=number(data, "parent"),
            scheme_class=data.get("scheme_class", ""),
            credit_code=data.get("credit_code", "").strip().upper(),
        )
        actions.open_unit(form, by=actor, now=now)
        return _("已设立{name}。").format(name=form.name)

    done, refused = pressed(request, {"open": open_unit})
    if done:
        return HttpResponseRedirect(request.path)
    known = my_units(actor)
    form = form_of(request, "open", _unit_fields(known), _("设立单位"), refused, keep=True)
    return page(request, "units", "units", refused, table=_units_table(known), form=form)


def _units_table(known: Sequence[queries.UnitInfo]) -> Table:
    counts = queries.staff_counts()
    return Table(
        (Column(_("单位"), lead=True), Column(_("类型")), Column(_("地区")), Column(_("在职人数"), kind="n")),
        [
            Row(
                (
                    Cell(u.name, reverse("admin:unit", args=[u.id])),
                    u.kind_label,
                    queries.region_path(u.region),
                    counts.get(u.id, 0),
                )
            )
            for u in known
        ],
        empty=_("您的管理范围里还没有单位。"),
        caption=_("单位"),
    )


def _unit_fields(known: Sequence[queries.UnitInfo]) -> list[Field]:
    return [
        Field("name", _("单位全称"), required=True),
        Field("short_name", _("简称"), required=True, size="m"),
        Field("kind", _("类型"), "choice", required=True, choices=tuple(queries.unit_kinds())),
        division_field("region", _("行政区划"), _("填名称或代码，如武平县、350824；边填边找。"), required=True),
        Field("parent", _("上级单位"), "choice", choices=unit_choices(known)),
        _class_field({u.region for u in known}),
        Field("credit_code", _("统一社会信用代码"), size="m"),
    ]


def _class_field(regions: Collection[str], value: str = "") -> Field:
    known = {"": _("不单独考评")} | ({value: value} if value else {})
    known |= performance.unit_classes(regions)
    help_ = _("与同类单位一起考评排名；不单独考评的，数据计入上级单位。")
    return Field("scheme_class", _("考评类别"), "choice", help=help_, choices=tuple(known.items()), value=value)


def _revised_fields(actor: Actor, known: queries.UnitInfo) -> list[Field]:
    below = queries.units_under(known.id)
    kept = [queries.unit(known.parent)] if known.parent else []  # also one that lies beyond one's own scope
    above = unit_choices(kept + [u for u in my_units(actor) if u.id not in below and u.id != known.parent])
    return [
        Field("name", _("单位全称"), required=True, value=known.name),
        Field("short_name", _("简称"), required=True, size="m", value=known.short_name),
        Field("parent", _("上级单位"), "choice", choices=above, value=known.parent or ""),
    ]


def _unit_in_scope(actor: Actor, id_: int) -> queries.UnitInfo:
    found = queries.unit(id_)
    if not queries.may(actor, "org.people", units=[found.id], region=found.region, kind=""):
        raise NotFound(_("没有找到这个单位，请从单位列表中选择。"))
    return found


@never_cache
@require_http_methods(["GET", "POST"])
def unit(request: HttpRequest, id_: int) -> HttpResponse:
    """A unit: its people and posts, appointing, setting up posts, closing."""
    actor, now = who(request), clock.now()
    known = _unit_in_scope(actor, id_)
    done, refused = pressed(request, _people_presses(actor, id_, now) | _unit_presses(actor, known, now))
    if done:
        return HttpResponseRedirect(reverse("admin:units") if request.POST["do"] == "close" else request.path)
    people = queries.staff_of([id_])
    return page(
        request,
        "unit",
        "units",
        refused,
        unit=known,
        place=queries.region_path(known.region),
        people=_people_table(people),
        posts=queries.posts_of([id_], secret=True),
        appoint=_appoint_form(request, refused),
        post=_post_form(request, people, refused),
        revise=form_of(request, "revise", _revised_fields(actor, known), _("保存名称和隶属"), refused, keep=True),
        classify=form_of(request, "classify", [_class_field([known.region], known.scheme_class)], _("保存"), refused),
        close=form_of(request, "close", [], _("撤销单位"), refused, danger=True),
        told=told(f"unit:{id_}"),
    )


def _people_presses(actor: Actor, id_: int, now: datetime) -> dict[str, Press]:
    """What the buttons beside a unit's people and posts do."""

    def appoint(data: QueryDict) -> str:
        form = actions.NewStaff(
            data.get("username", "").strip(),
            data.get("person", "").strip(),
            id_,
            data.get("phone", ""),
            data.get("password", ""),
        )
        actions.appoint(form, by=actor, now=now)
        return _("已任用{name}，请再授予角色。").format(name=form.name)

    def open_post(data: QueryDict) -> str:
        holder, stand_in = number(data, "holder"), number(data, "stand_in")
        form = actions.NewPost(id_, data.get("title", "").strip(), data.get("duties", "").strip(), holder, stand_in)
        actions.open_post(form, by=actor, now=now)
        return _("已设立岗位{title}。").format(title=form.title)

    def close_post(data: QueryDict) -> str:
        actions.close_post(number(data, "post") or 0, by=actor, now=now)
        return _("岗位已撤销。")

    return {"appoint": appoint, "post": open_post, "close_post": close_post}


def _unit_presses(actor: Actor, known: queries.UnitInfo, now: datetime) -> dict[str, Press]:
    """What the buttons about the unit itself do."""
    id_ = known.id

    def revise(data: QueryDict) -> str:
        name, short = data.get("name", "").strip(), data.get("short_name", "").strip()
        actions.revise_unit(id_, name, short, number(data, "parent"), by=actor, now=now)
        return _("{name}的名称和隶属已保存。").format(name=name)

    def classify(data: QueryDict) -> str:
        actions.classify_unit(id_, data.get("scheme_class", ""), by=actor, now=now)
        return _("考评类别已保存，从下一次考评起生效。")

    def close(data: QueryDict) -> str:
        close_unit(id_, by=actor, now=now)
        return _("{name}已撤销。").format(name=known.name)

    return {"revise": revise, "classify": classify, "close": close}


def _people_table(people: Sequence[queries.StaffInfo]) -> Table:
    names = queries.accounts_of(p.id for p in people)
    return Table(
        (Column(_("姓名"), lead=True), Column(_("账号")), Column(_("手机"))),
        [Row((Cell(p.name, reverse("admin:staff", args=[p.id])), names.get(p.id, ""), p.phone)) for p in people],
        empty=_("这个单位还没有在职人员。"),
        caption=_("人员"),
    )


def _appoint_form(request: HttpRequest, refused: Refused | None) -> Form:
    fields = [
        Field("person", _("姓名"), required=True, size="m"),
        Field("username", _("账号"), required=True, size="m", attrs={"autocomplete": "off"}),
        Field("phone", _("手机号"), "phone", size="m"),
        Field(
            "password",
            _("初始密码"),
            "password",
            help=_("不填则只能用统一身份认证登录。"),
            size="m",
            attrs={"autocomplete": "new-password"},
        ),
    ]
    return form_of(request, "appoint", fields, _("任用"), refused)


def _post_form(request: HttpRequest, people: Sequence[queries.StaffInfo], refused: Refused | None) -> Form:
    choices = tuple((str(p.id), p.name) for p in people)
    fields = [
        Field("title", _("岗位名称"), required=True, size="m"),
        Field("duties", _("岗位职责"), "textarea", required=True),
        Field("holder", _("A岗"), "choice", choices=choices),
        Field("stand_in", _("B岗"), "choice", choices=choices),
    ]
    return form_of(request, "post", fields, _("设立岗位"), refused, keep=True)


@never_cache
@require_http_methods(["GET", "POST"])
def staff(request: HttpRequest, id_: int) -> HttpResponse:
    """Someone's roles: granted, taken back; a new password; leaving."""
    actor, now = who(request), clock.now()
    member = queries.staff_member(id_)
    _unit_in_scope(actor, member.unit)

    done, refused = pressed(request, _role_presses(actor, id_, now) | _staff_presses(actor, member, now))
    if done:
        return HttpResponseRedirect(request.path)
    return page(
        request,
        "staff",
        "units",
        refused,
        member=member,
        account=queries.accounts_of([id_]).get(id_, ""),
        grants=queries.grants_of(id_, now),
        grant=_grant_form(request, actor, refused),
        revise=form_of(request, "revise", _own_fields(member), _("保存姓名和手机号"), refused),
        password=form_of(request, "password", [_new_password()], _("重设密码"), refused),
        transfer=form_of(request, "transfer", [_new_unit(actor, member)], _("调动"), refused),
        factor=form_of(request, "factor", [], _("停用两步验证"), refused),
        leave=form_of(request, "leave", [], _("办理离岗"), refused, danger=True),
        told=told(f"staff:{id_}"),
    )


def _role_presses(actor: Actor, id_: int, now: datetime) -> dict[str, Press]:
    """What the buttons beside someone's roles do."""

    def grant(data: QueryDict) -> str:
        form = actions.NewGrant(
            id_,
            data.get("role", ""),
            unit=number(data, "unit"),
            region=division(data),
            kinds=_kinds(data.get("kinds", "")),
            starts_at=day(data, "starts_at"),
            ends_at=day(data, "ends_at", after=1),
            reason=data.get("reason", "").strip(),
        )
        actions.grant_role(form, by=actor, now=now)
        return _("已授予{role}。").format(role=ROLES[form.role].label)

    def revoke(data: QueryDict) -> str:
        actions.revoke_role(number(data, "grant") or 0, by=actor, now=now)
        return _("授权已收回。")

    return {"grant": grant, "revoke": revoke}


def _kinds(text: str) -> frozenset[str] | None:
    """Kinds of case by name or code, parted by commas; None for all. Refuses what is none."""
    known = {**cases.kinds(), **{code: code for code in CLOSED_KINDS}}
    codes = {name: code for code, label in known.items() for name in (code, label)}
    named = {one.strip() for one in text.replace("，", ",").replace("、", ",").split(",")} - {""}
    if unknown := sorted(named - codes.keys()):
        text = said("没有“{kind}”这一类办件，可填：{known}。", kind=unknown[0], known=[*cases.kinds().values()])
        raise Refused("kinds.unknown", text, "kinds")
    return frozenset(codes[name] for name in named) or None


def _staff_presses(actor: Actor, member: queries.StaffInfo, now: datetime) -> dict[str, Press]:
    """What the buttons about someone's account and place of work do."""
    id_ = member.id

    def revise(data: QueryDict) -> str:
        actions.revise_staff(id_, data.get("name", ""), data.get("phone", ""), by=actor, now=now)
        return _("姓名和手机号已保存。")

    def password(data: QueryDict) -> str:
        actions.set_password(id_, data.get("password", ""), by=actor, now=now)
        return _("密码已重设，请当面告知本人。")

    def leave(data: QueryDict) -> str:
        actions.let_go(id_, by=actor, now=now)
        return _("{name}已离岗，账号停用，授权收回。").format(name=member.name)

    def transfer(data: QueryDict) -> str:
        actions.transfer(id_, chosen(data, "to"), by=actor, now=now)
        return _("{name}已调动，请在新单位授予角色。").format(name=member.name)

    def factor(data: QueryDict) -> str:
        actions.drop_second_factor(id_, by=actor, now=now)
        return _("两步验证已停用，本人下次登录时重新启用。")

    return {"revise": revise, "password": password, "transfer": transfer, "factor": factor, "leave": leave}


def _own_fields(member: queries.StaffInfo) -> list[Field]:
    kept = _("现为 %(phone)s，不填则不变。") % {"phone": member.phone} if member.phone else ""
    return [
        Field("name", _("姓名"), required=True, value=member.name, size="m"),
        Field("phone", _("新手机号"), "phone", kept, size="m"),
    ]


def _new_unit(actor: Actor, member: queries.StaffInfo) -> Field:
    others = unit_choices([u for u in my_units(actor) if u.id != member.unit])
    return Field("to", _("调到"), "choice", required=True, choices=others)


def _new_password() -> Field:
    new = {"autocomplete": "new-password"}
    return Field(
        "password", _("新密码"), "password", help=_("至少10位，不要用常见密码。"), required=True, size="m", attrs=new
    )


def _grant_form(request: HttpRequest, actor: Actor, refused: Refused | None) -> Form:
    fields = [
        Field(
            "role",
            _("角色"),
            "choice",
            required=True,
            choices=tuple((r, role.label) for r, role in STAFF_ROLES.items()),
        ),
        Field(
            "unit",
            _("单位范围"),
            "choice",
            help=_("含下属单位；不选为全部单位。"),
            choices=unit_choices(my_units(actor)),
        ),
        division_field("region", _("地区范围"), _("填名称或代码，含下级区划；不填为全部地区。")),
        Field(
            "kinds", _("办件类别"), help=_("如办件、督办件，用逗号分开；不填为全部普通类别，保密类别须点名。"), size="m"
        ),
        Field("starts_at", _("起"), "date"),
        Field("ends_at", _("止"), "date", help=_("含当天；不填为长期。")),
        Field("reason", _("授权理由")),
    ]
    return form_of(request, "grant", fields, _("授予"), refused, keep=True)
