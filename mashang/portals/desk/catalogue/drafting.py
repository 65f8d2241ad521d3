"""Writing a draft: its common fields in a form, everything in the definition's file; its lists stand in rows.py.

Each form carries the digest of the draft it began from; when another has written meanwhile it is refused, and what was
typed stays on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mashang.catalogue import actions, queries, rules
from mashang.kernel import clock
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.org import queries as org
from mashang.portals.shared import forms, parts

from ..admin_pages.common import division, division_field, my_units, number, unit_choices
from ..frame import page, who
from .entry import SHORT, form_name, ways
from .listing import HERE

MOST_BYTES = 1 << 20


def save(
    request: HttpRequest, known: queries.File, made: Callable[[], tuple[rules.Spec, actions.Owner]]
) -> HttpResponse | Refused:
    """Write the draft and go to the entry; what was refused is given back to be shown."""
    seen = request.POST.get("seen", "")
    try:
        spec, unit = made()
        actions.draft(spec, unit_id=unit, seen=seen, by=who(request), now=clock.now())
    except NotFound:
        raise
    except Refused as no:
        return no
    messages.success(request, _("草稿已保存。发布以后才生效。"))
    if unit not in ("stays", known.unit_id):
        messages.success(request, _("管理单位已改，立即生效。"))
    return HttpResponseRedirect(f"{reverse('desk:catalogue_entry', args=[known.code])}?left={seen[:SHORT] or 'new'}")


def drawn(
    request: HttpRequest,
    known: queries.File,
    what: str,
    fields: Sequence[parts.Field],
    refused: Refused | None,
    **more: Any,
) -> forms.Form:
    """A form on the draft: it knows which draft it began from, also when it comes back."""
    sent = request.POST.get("seen", known.seen)
    hidden = parts.Field("seen", type="hidden", value=sent)
    values = more.pop("values", None) or (forms.typed(request.POST, fields) if request.method == "POST" else None)
    back = reverse("desk:catalogue_entry", args=[known.code])
    return forms.build(
        [hidden, *fields], action=request.get_full_path(), button=_("保存草稿"), values=values, refused=refused,
        draft=form_name(known.code, what, sent), cancel=back, **more,
    )  # fmt: skip


def in_page(
    request: HttpRequest, template: str, here: str, known: queries.File, refused: Refused | None, **context: Any
) -> HttpResponse:
    """A page of the draft with the tabs of all its forms; `here` is the current one."""
    stale = refused is not None and refused.code.startswith("conflict.")
    tabs = [parts.Tab(words, href, current=name == here) for name, words, href in ways(known)]
    known_too = {"file": known, "stale": stale, "tabs": tabs, **context}
    return page(request, f"catalogue/{template}", HERE, 422 if refused else 200, **known_too)


# ── the common fields ──


def sections() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (_("名称和分类"), ("name", "aliases", "summary", "group", "type", "level", "region")),
        (_("谁来办、给谁办"), ("lead", "organ.name", "organ.nature", "organ.credit_code", "objects")),
        (_("时限"), ("handling", "statutory", "statutory_note", "promised", "promised_note")),
        (_("怎么办"), ("channels", "depth", "visits", "conditions", "quota", "commitment")),
        (_("结果和收费"), ("result.name", "result.kind", "result.validity", "result.valid_years", "fees")),
        (_("依据"), ("basis",)),
        (_("联系和救济"), ("hours", "places", "phone", "complaints", "remedies")),
        (_("编码和来源"), ("codes.basic", "codes.implementation", "codes.handling", "codes.local", "source", "unverified")),
    )  # fmt: skip


def _helps() -> dict[str, str]:
    limit = _("写成 20个工作日、30日、4个工作时或 24小时。")
    return {
        "aliases": _("群众常说的话，用顿号分开，例如 盖房子、自建房。"),
        "group": _("例如 安居、开店。"),
        "region": _("填名称或代码，如武平县、350824，边填边找；各地通用的不填。"),
        "statutory": limit,
        "promised": limit,
        "statutory_note": _("法律没有规定时限的，在这里写明。"),
        "visits": _("一行写一次必须到场的原因；不用到场就不填。"),
        "conditions": _("一行一条。"),
        "fees": _("一行一项：收费项目|标准|依据|减免；不收费就不填。"),
        "basis": _("一行一条：《城乡规划法》第四十一条。"),
        "unverified": _("一行一条，写明哪些内容还没有正式文本可以核对。"),
        "result.name": _("没有结果文书就不填。"),
        "result.valid_years": _("整数；长期有效或不适用就不填。"),
    }


NEEDED = frozenset(
    {"name", "level", "type", "organ.name", "lead", "objects", "channels", "handling", "promised", "depth"}
)
WIDE = frozenset(
    {"summary", "statutory_note", "promised_note", "quota", "commitment", "complaints", "remedies", "source"}
)


def _field(spec: rules.Spec, path: str, section: str, help_: str) -> parts.Field:
    if path == "region":
        drawn = division_field(path, rules.label_at(spec, path), help_, value=str(rules.shown(spec, path)))
        return replace(drawn, section=section)
    kind, many = rules.coded_as(spec, path)
    choices = tuple((m.value, str(m.label)) for m in kind) if kind else ()
    sort: parts.FieldType = "text"
    if kind:
        sort = "multi" if many else "choice"
    elif path in rules.LONG or path in WIDE:
        sort = "textarea"
    return parts.Field(
        path, rules.label_at(spec, path), sort, help_, path in NEEDED, rules.shown(spec, path), choices=choices,
        section=section, size="m" if path in ("statutory", "promised", "group") else "",
    )  # fmt: skip


def form_fields(spec: rules.Spec) -> list[parts.Field]:
    """Every field that a form offers, in its section."""
    offered, helps = set(rules.fields_of(spec)), _helps()
    return [_field(spec, p, title, helps.get(p, "")) for title, paths in sections() for p in paths if p in offered]


def owner_field(request: HttpRequest, value: int | None, section: str = "") -> parts.Field:
    """Whose entry it is, among the units that one may write for."""
    units = my_units(who(request), "catalogue.edit")
    kept = [u for u in org.units_of([value] if value else []) if u.id not in {one.id for one in units}]
    help_ = _("这个单位的事项管理员都能编辑；没有管理单位的，按适用地区归属，改了立即生效。")
    choices = unit_choices([*kept, *units])
    return parts.Field("unit", _("管理单位"), "choice", help_, choices=choices, value=value or "", section=section)


def chosen_unit(request: HttpRequest, data: QueryDict, value: int | None = None) -> int | None:
    """The unit that was chosen; one that is not offered, where the entry is `value`'s, is refused at its field."""
    unit = number(data, "unit")
    offered = {str(one) for one, _label in owner_field(request, value).choices}
    if data.get("unit") and str(unit) not in offered:
        raise Refused("catalogue.unit", "请从列表里选择管理单位。", "unit")
    return unit


@never_cache
@require_http_methods(["GET", "POST"])
def fields(request: HttpRequest, code: str) -> HttpResponse:
    """The fields that every item has (or every package); the rest is in its lists and in the definition's file."""
    known = queries.own_file(who(request), code)
    spec = known.base.spec
    described = form_fields(spec)
    described.append(owner_field(request, known.unit_id, described[-1].section))
    refused = None
    if request.method == "POST":
        typed = forms.typed(request.POST, described)

        def made() -> tuple[rules.Spec, actions.Owner]:
            chosen: actions.Owner = (
                chosen_unit(request, request.POST, known.unit_id) if "unit" in request.POST else "stays"
            )
            return _edited(spec, request.POST, typed), chosen

        answer = save(request, known, made)
        if isinstance(answer, HttpResponse):
            return answer
        refused = answer
    form = drawn(request, known, "fields", described, refused)
    return in_page(request, "fields", "fields", known, refused, form=form)


def _edited(spec: rules.Spec, data: QueryDict, typed: Mapping[str, Any]) -> rules.Spec:
    """The draft with what was typed; a region given by name is found, and what is wrong with it told with the rest."""
    faults: list[Fault] = []
    try:
        region = division(data)
    except Refused as no:
        faults, region = list(no.faults), spec.region
    try:
        made = rules.edited(spec, {**typed, "region": region})
    except Refused as no:
        raise Refused.of([*no.faults, *faults]) from None
    if faults:
        raise Refused.of(faults)
    return made


# ── the file ──


def definition_fields(text: str, *, needed: bool = True) -> list[parts.Field]:
    typed = {"spellcheck": "false", "class": "code", "autocomplete": "off", "wrap": "soft"}
    return [
        parts.Field("definition", _("定义"), "textarea", _("定义文件（.toml）的原文，写法和平台自带的定义一样；注释不保存。"), needed, text, attrs=typed),
        parts.Field("file", _("或者选择定义文件"), "file", _(".toml 或 .json，选了文件就以文件为准。"), attrs={"accept": ".toml,.json"}),
    ]  # fmt: skip


def definition_in(request: HttpRequest) -> str:
    """The definition that was typed or uploaded. Refuses a file that is no text."""
    given = request.FILES.get("file")
    if given is None:
        return request.POST.get("definition", "").replace("\r\n", "\n")
    if (given.size or 0) > MOST_BYTES:
        raise Refused("definition.size", "定义文件超过 1 MB，请检查是不是选错了文件。", "file")
    try:
        text: str = given.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("definition.encoding", "定义文件应是 UTF-8 编码的文本。", "file") from None
    return text.replace("\r\n", "\n")


@never_cache
@require_http_methods(["GET", "POST"])
def definition(request: HttpRequest, code: str) -> HttpResponse:
    """The whole definition as a file, to be typed into or brought in."""
    known = queries.own_file(who(request), code)
    spec = known.base.spec
    text, refused = rules.written_definition(spec), None
    if request.method == "POST":
        text = request.POST.get("definition", "")

        def made() -> tuple[rules.Spec, actions.Owner]:
            nonlocal text
            text = definition_in(request)
            given = rules.read_definition(text)
            rules.same_kind(spec, given)
            return given, "stays"

        answer = save(request, known, made)
        if isinstance(answer, HttpResponse):
            return answer
        refused = answer
    described = definition_fields(text)
    form = drawn(request, known, "definition", described, refused, values={"definition": text})
    return in_page(request, "definition", "definition", known, refused, form=form)
