"""A draft's lists in rows: materials, form, guide questions, steps, units, applications. Another button only adds rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mashang.catalogue import queries, rules
from mashang.clocks import queries as clocks
from mashang.kernel.refused import NotFound
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.portals.shared import parts

from ..admin_pages.common import number
from ..frame import who
from .drafting import drawn, in_page, save
from .entry import titles

MORE, FIRST, MOST = 5, 2, 200
AREAS = frozenset({"guidance", "standard", "help", "choices", "checks", "when"})
LEADS = frozenset({"name", "label", "text"})
TICKS = frozenset({"filled", "required", "private", "suspends"})
Choices = Sequence[tuple[str, str | Promise]]


@never_cache
@require_http_methods(["GET", "POST"])
def rows(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """One list of the draft, each thing a group of fields, with some empty ones."""
    known = queries.own_file(who(request), code)
    spec = known.base.spec
    if what not in rules.lists_of(spec):
        raise NotFound
    item = _item(request, spec, what)
    given: list[rules.Row] = [*rules.rows_of(spec, what, item), *[{}] * FIRST]
    refused, adding = None, False
    if request.method == "POST":
        given, adding = _posted(request.POST, spec, what), "more" in request.POST
        answer = None if adding else save(request, known, lambda: (rules.with_rows(spec, what, given, item), "stays"))
        if isinstance(answer, HttpResponse):
            return answer
        refused = answer
        given += [{}] * (MORE if adding else 0)
    groups = [_group(spec, what, n, row) for n, row in enumerate(given[:MOST])]
    flat = [field for group in groups for field in group.fields]
    values = {field.name: field.value for field in flat} | {"rows": len(groups)}
    count = parts.Field("rows", type="hidden", value=len(groups))
    form = drawn(request, known, f"{what}-{item}" if item else what, [count, *flat], refused, values=values)
    bound = {field.name: field for field in form.fields}
    shown = [group.bound(bound, first=n == len(given) - FIRST and refused is None) for n, group in enumerate(groups)]
    context = {
        "form": form, "groups": shown, "lone": [bound["seen"], bound["rows"]], "full": len(groups) >= MOST, "what": what,
        "title": titles()[what], "items": _items(request, spec, item), "facts": _facts(spec, what), "empty": len(given) <= FIRST,
    }  # fmt: skip
    return in_page(request, "rows", what, known, refused, **context)


def _item(request: HttpRequest, spec: rules.Spec, what: str) -> str:
    """Whose list it is in a package: the item asked for, else the first."""
    if not isinstance(spec, rules.PackageSpec) or what not in rules.OF_ITEMS:
        return ""
    codes = [i.code for i in spec.items]
    asked = request.GET.get("item", "")
    if not codes or (asked and asked not in codes):
        raise NotFound
    return asked or codes[0]


def _items(request: HttpRequest, spec: rules.Spec, item: str) -> list[parts.Tab]:
    if not item or not isinstance(spec, rules.PackageSpec):
        return []
    return [parts.Tab(i.name, f"{request.path}?item={i.code}", current=i.code == item) for i in spec.items]


def _facts(spec: rules.Spec, what: str) -> list[tuple[str, str]]:
    """What conditions can be written with: what is asked, and its choices."""
    if what not in ("materials", "form", "steps"):
        return []
    return [(words, "、".join(choices.values())) for words, choices in rules.names_of(spec).facts.values()]


def _posted(data: QueryDict, spec: rules.Spec, what: str) -> list[rules.Row]:
    count = min(number(data, "rows") or 0, MOST)
    names = (*rules.cells_of(spec, what), "was", "gone", "place")
    return [{name: data.get(f"{what}.{n}.{name}", "") for name in names} for n in range(count)]


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of one row; `open`: there is something to see or to mend in it."""

    title: str
    brief: str
    fields: Sequence[parts.Field]
    new: bool
    open: bool = False

    def bound(self, known: Mapping[str, parts.Field], *, first: bool) -> Group:
        fields = [known[field.name] for field in self.fields]
        started = self.new and any(f.value for f in fields if f.name.endswith((".name", ".label", ".text")))
        wrong = any(field.error for field in fields)
        return Group(self.title, self.brief, fields, self.new, wrong or started or (self.new and first))


def _group(spec: rules.Spec, what: str, n: int, row: rules.Row) -> Group:
    given = row or rules.usual_row(what)
    kind, helps, offered = rules.kind_of(what), _helps(what), _choices(spec, what)
    described = [parts.Field(f"{what}.{n}.was", type="hidden", value=given.get("was", ""))]
    for name in rules.cells_of(spec, what):
        choices = tuple(offered.get(name, ()))
        codes = rules.codes_of(kind, name)
        choices = tuple((m.value, str(m.label)) for m in codes) if codes else choices
        sort: parts.FieldType = (
            "list" if choices else "checkbox" if name in TICKS else "textarea" if name in AREAS else "text"
        )
        value = given.get(name, "")
        if sort == "list" and value and value not in {c for c, _label in choices}:
            choices = (*choices, (value, value))
        described.append(
            parts.Field(f"{what}.{n}.{name}", str(rules.label_of(kind, name)), sort, helps.get(name, ""), bool(row) and name in LEADS, value, choices=choices)
        )  # fmt: skip
    if given.get("was"):
        place = given.get("place") or n + 1
        described.append(
            parts.Field(f"{what}.{n}.place", _("次序"), help=_("改成几，就排到第几。"), value=place, size="s")
        )
        described.append(parts.Field(f"{what}.{n}.gone", _("删去"), "checkbox", value=given.get("gone", "")))
    lead = next(given[name] for name in given if name in LEADS)
    return Group(lead or _("新的一项"), _brief(described, what, n), described, not given.get("was"))


_BRIEF = {
    "materials": ("necessity", "source"), "form": ("type", "group"), "questions": (), "steps": ("kind", "role", "promised"),
    "roles": ("match",), "parts": ("items",),
}  # fmt: skip


def _brief(fields: Sequence[parts.Field], what: str, n: int) -> str:
    """What a closed row says of itself."""
    told = []
    by_name = {field.name: field for field in fields}
    for name in _BRIEF[what]:
        field = by_name[f"{what}.{n}.{name}"]
        words = {str(c): str(label) for c, label, *_rest in field.choices}
        told.append(words.get(str(field.value), str(field.value)))
    return " · ".join(word for word in told if word)


def _choices(spec: rules.Spec, what: str) -> Mapping[str, Choices]:
    """What is chosen from what there is: units of the entry, its items and applications, the catalogue of clocks."""
    if what == "steps":
        found: dict[str, Choices] = {
            "role": [(code, role.label) for code, role in spec.roles.items()],
            "opens": list(rules.OPENS.items()),
            "rule": [
                (r.code, _("%(label)s（%(code)s）") % {"label": told(r.label, _), "code": r.code})
                for r in clocks.rules()
                if r.kind == "statutory"
            ],
            "ground": [(g.code, _(g.label)) for g in clocks.known_grounds().values()],
        }
        if isinstance(spec, rules.PackageSpec):
            found |= {"item": [(i.code, i.name) for i in spec.items], "part": list(rules.parts_of(spec))}
        return found
    return {"form": {"prefill": list(rules.PREFILL.items())}, "roles": {"unit_kind": org.unit_kinds()}}.get(what, {})


def _helps(what: str) -> dict[str, str]:
    limit = _("写成 20个工作日、30日、4个工作时或 24小时。")
    helps = {
        "code": _("不填就自动编号；各事项里同一样东西用同一个代码。"),
        "held_as": _("已有电子证照或存过档的可以免交，填证照代码。"),
        "issuer": _("来源是政府部门核发的，必须填写。"),
        "when": _("一行一个条件，都成立才要，例如 层数 ≥ 3；不填就总是要。"),
        "choices": _("一行一个选项。选了就不能申请的，写成 代码|选项|提示。"),
        "after": _("这些环节都办完才开始，用顿号分开；不填就在受理以后开始。"),
        "promised": limit,
        "statutory": limit,
        "rule": _("这个环节办理时走的法定时限；决定环节不填，就按行政许可法第四十二条。"),
        "suspends": _("勾选后，办理时法定时限停表，承诺时限不停。"),
        "produces": _("办完时发给申请人的结果，填结果名称；不填就随最后一个制证或决定环节发。"),
        "checks": _("一行一条，办理时给办理人看。"),
        "match": _("名称里有这些字的单位来办，先近后远，用顿号分开。"),
        "items": _("这次申请一并办理的事项，用顿号分开。"),
        "private": _("加密保存，只给办理人看。"),
        "unit": _("例如 层、㎡、米。"),
        "group": _("相同的排在一起。"),
    }
    if what == "parts":
        helps["code"] = _("不填就自动编号。")
    return helps
