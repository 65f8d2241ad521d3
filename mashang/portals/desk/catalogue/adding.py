"""Entries that are new: a blank item, a copy, one from its file; and whole sheets of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mashang.catalogue import actions, queries, rules
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.portals.shared import forms, parts

from ..admin_pages.common import division, division_field, form_of, pressed
from ..frame import page, who
from .drafting import chosen_unit, definition_fields, definition_in, owner_field
from .listing import HERE


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A draft under a new code: blank, or as a copy (`?of=CODE`), or as a definition's file says."""
    by, now = who(request), clock.now()
    of = request.POST.get("of", request.GET.get("of", ""))
    source = queries.file_of(by, of).base.spec if of else None
    made: list[str] = []

    def begin(spec: rules.Spec, data: QueryDict) -> str:
        actions.begin(spec, unit_id=chosen_unit(request, data), by=by, now=now)
        made.append(spec.code)
        return _("已建立草稿：%(name)s") % {"name": spec.name}

    def blank(data: QueryDict) -> str:
        code, name, region = data.get("code", "").strip(), data.get("name", "").strip(), division(data)
        if source is not None:
            return begin(rules.copied(source, code, name, region), data)
        handling = rules.Handling.of(data.get("handling", "")) or rules.Handling.PROMISED
        return begin(rules.blank(code, name, data.get("organ.name", "").strip(), handling, region=region), data)

    def from_file(data: QueryDict) -> str:
        return begin(rules.read_definition(definition_in(request)), data)

    done, refused = pressed(request, {"blank": blank, "file": from_file})
    if done:
        return HttpResponseRedirect(reverse("desk:catalogue_entry", args=made))
    fields = _fields(request, source)
    button = _("复制为草稿") if source else _("建立草稿")
    context = {
        "source": source,
        "form": form_of(request, "blank", fields, button, refused, keep=True, cancel=reverse("desk:catalogue")),
        "file_form": None if source else form_of(request, "file", definition_fields(""), _("按定义建立草稿"), refused),
    }
    return page(request, "catalogue/new", HERE, 422 if refused else 200, **context)


def _fields(request: HttpRequest, source: rules.Spec | None) -> list[parts.Field]:
    kinds = tuple((h.value, str(h.label)) for h in (rules.Handling.PROMISED, rules.Handling.INSTANT))
    found = [
        parts.Field("name", _("名称"), required=True, value=source.name if source else ""),
        parts.Field("code", _("代码"), help=_("字母、数字、点、下划线和连字符，例如 tree-felling；建立以后不能改。"), required=True, size="m"),
    ]  # fmt: skip
    if source is None:
        found += [
            parts.Field("organ.name", _("实施主体"), required=True),
            parts.Field("handling", _("办件类型"), "choice", required=True, choices=kinds, value=kinds[0][0],
                        help=_("承诺件先审查后决定，即办件当场决定；环节以后可以在定义文件里改。")),
        ]  # fmt: skip
    hidden = [parts.Field("of", type="hidden", value=source.code)] if source else []
    return [*hidden, *found, _region_field(request), owner_field(request, None)]


def _region_field(request: HttpRequest) -> parts.Field:
    help_ = _("填名称或代码，如武平县、350824，边填边找；各地通用的不填。")
    return division_field("region", _("适用地区"), help_, value=queries.home_of(who(request)))


@never_cache
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """A workbook or CSV in: all its items are published, or none and every fault is told by sheet, row and column."""
    refused = None
    fields = [
        parts.Field("file", _("事项表"), "file", _("用导出的表头；Excel 文件（.xlsx）含“事项”“材料”两张表，CSV 文件只有事项；最大 10 MB。"),
                    True, attrs={"accept": ".xlsx,.xlsm,.csv"}),
        _region_field(request),
        owner_field(request, None),
    ]  # fmt: skip
    if request.method == "POST":
        try:
            done = _imported(request)
        except Refused as no:
            refused = no
        else:
            messages.success(request, _told(done))
            return HttpResponseRedirect(reverse("desk:catalogue"))
    form = forms.build(
        fields, action=request.path, button=_("导入并发布"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, cancel=reverse("desk:catalogue"),
    )  # fmt: skip
    return page(request, "catalogue/import", HERE, 422 if refused else 200, form=form)


def _imported(request: HttpRequest) -> actions.Imported:
    given = request.FILES.get("file")
    if given is None:
        raise Refused("sheet.file", "请选择要导入的文件。", "file")
    unit = chosen_unit(request, request.POST)
    return actions.import_sheet(
        given.read(), given.name or "", unit_id=unit, region=division(request.POST), by=who(request), now=clock.now()
    )


def _told(done: actions.Imported) -> str:
    counts = {"new": done.new, "changed": done.changed, "same": done.same}
    return _("导入完成：新增 %(new)d 个，修改 %(changed)d 个，没有变化 %(same)d 个。") % counts
