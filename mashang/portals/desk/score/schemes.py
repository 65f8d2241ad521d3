"""考评方案: versions, a version in words and beside another one, writing, rewriting and fixing it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.rules.frozen import fingerprint
from mashang.performance.rules.words import class_words, described, grade_words
from mashang.portals.shared import forms, parts
from mashang.portals.shared.words import stamp

from ..frame import page, who
from .frame import placed, tabs

MOST_BYTES = 1024 * 1024
CHANGE_LAMPS: Mapping[str, parts.LampState] = {"added": "ok", "removed": "late", "changed": "warn"}


def may_edit(by: Actor, scheme: queries.SchemeInfo) -> bool:
    return org.may(by, "performance.edit_scheme", region=scheme.region)


def state_lamp(scheme: queries.SchemeInfo) -> tuple[str, str]:
    return ("ok", _("已定稿")) if scheme.frozen_at else ("warn", _("草案"))


def named(scheme: queries.SchemeInfo) -> str:
    return _("%(name)s 第%(version)s版") % {"name": scheme.name, "version": scheme.version}


@require_GET
def schemes(request: HttpRequest) -> HttpResponse:
    """Versions of the reader's regions, with who wrote them and how many runs used them."""
    by = who(request)
    found = queries.versions(by)
    columns = (
        parts.Column(_("方案"), lead=True), parts.Column(_("版本"), "n"), parts.Column(_("地区")), parts.Column(_("状态")),
        parts.Column(_("写定")), parts.Column(_("用于计算"), "n"),
    )  # fmt: skip
    rows = [
        parts.Row(
            (
                parts.Cell(v.scheme.name, reverse("desk:score_scheme_words", args=[v.scheme.id]), v.scheme.code),
                v.scheme.version, org.region(v.scheme.region).name, state_lamp(v.scheme),
                parts.Cell(org.shown_name(v.written_by, to=by), sub=stamp(v.written_at)),
                ngettext("%(n)d 次", "%(n)d 次", v.runs) % {"n": v.runs} if v.runs else "",
            ),
            key=str(v.scheme.id),
        )
        for v in found
    ]  # fmt: skip
    context = {
        "tabs": tabs(by, "schemes"),
        "table": parts.Table(columns, rows, _("您能查看的地区还没有考评方案。"), _("考评方案")),
        "may_write": bool(queries.regions_to_write_for(by)) if org.holds(by, "performance.edit_scheme") else False,
    }
    return page(request, "score/schemes", "score", **context)


@require_GET
def scheme_words(request: HttpRequest, scheme: int) -> HttpResponse:
    """A version in words: its tree, what differs for classes, grades, key tasks."""
    by = who(request)
    info, rule = queries.scheme_for(scheme, by), queries.scheme_rule(scheme, by)
    names = queries.class_names(queries.scheme_text(scheme, by))
    others = [v.scheme for v in queries.versions(by) if v.scheme.id != scheme]
    runs = queries.runs(by, scheme)
    context = {
        "info": info,
        "region": org.region(info.region).name,
        "state": state_lamp(info),
        "lines": [
            (line, min(line.depth, 4), _weight(line.weight), queries.measure_label(line.measure))
            for line in described(rule)
        ],
        "classes": [(names.get(k, k), [told(w, _) for w in class_words(rule, r)]) for k, r in rule.classes.items()],
        "grades": told(grade_words(rule), _),
        "tasks": _("、").join(dict.fromkeys(task for leaf in rule.indicators.values() for task in leaf.covers)),
        "runs": runs,
        "other": next((s for s in others if (s.code, s.region) == (info.code, info.region)), next(iter(others), None)),
        "may_edit": may_edit(by, info),
        "begun": request.GET.get("begun", "")[:40],
    }
    return page(request, "score/words", "score", **context)


def _weight(weight: float | None) -> str:
    return "" if weight is None else f"{weight:g}"


@require_GET
def compare(request: HttpRequest, scheme: int) -> HttpResponse:
    """What differs between a version and another one, in sentences."""
    by = who(request)
    new = queries.scheme_for(scheme, by)
    others = [v.scheme for v in queries.versions(by) if v.scheme.id != scheme]
    asked = request.GET.get("with", "")
    old = next((s for s in others if str(s.id) == asked), None)
    if old is None:
        old = next((s for s in others if (s.code, s.region) == (new.code, new.region)), None)
    rows = []
    if old is not None:
        names = queries.class_names(queries.scheme_text(scheme, by))
        kinds = {"added": _("新增"), "removed": _("删去"), "changed": _("改动")}
        rows = [
            parts.Row((told(names.get(c.about, c.about), _), (CHANGE_LAMPS[c.kind], kinds[c.kind]), told(c.text, _)))
            for c in queries.scheme_changes(old.id, new.id, by)
        ]
    columns = (parts.Column(_("条目"), lead=True), parts.Column(_("变化")), parts.Column(_("内容")))
    choices = [(s.id, f"{named(s)}（{org.region(s.region).name}）") for s in others]
    context = {
        "info": new,
        "old": old,
        "region": org.region(new.region).name,
        "filters": [parts.Filter("with", _("与哪一版比较"), choices)],
        "table": parts.Table(columns, rows, _("计分规则没有不同，只可能是注释或排列有别。"), _("两版的不同")),
    }
    return page(request, "score/compare", "score", **context)


def _fields(regions: list[org.RegionInfo], text: str) -> list[parts.Field]:
    choices = [(r.code, r.name) for r in regions]
    return [
        parts.Field(
            "region", _("地区"), "choice", required=True, choices=choices, value=choices[0][0] if choices else ""
        ),
        *_text_fields(text),
    ]


def _text_fields(text: str) -> list[parts.Field]:
    return [
        parts.Field("file", _("方案文件"), "file", help=_("方案文件（.toml）。选了文件就以文件为准，下面的文字不用。"),
                    attrs={"accept": ".toml,text/plain"}),
        parts.Field("text", _("方案原文"), "textarea", value=text, required=True,
                    help=_("可以直接粘贴和修改。每处错误都会指出第几行，改好再交，已写的不会丢。"),
                    attrs={"rows": 28, "wrap": "off", "spellcheck": "false"}),
    ]  # fmt: skip


def _given(request: HttpRequest) -> str:
    """The text of the file that was chosen, else of the textarea, with the line ends of a file."""
    chosen = request.FILES.get("file")
    if chosen is None:
        return request.POST.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    if (chosen.size or 0) > MOST_BYTES:
        raise Refused("scheme.size", "方案文件不能超过 1 MB。", "file")
    try:
        return str(chosen.read(), "utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Refused("scheme.encoding", "方案文件不是 UTF-8 编码，请另存为 UTF-8。", "file") from None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_http_methods(["GET", "POST"])
def scheme_new(request: HttpRequest) -> HttpResponse:
    """A new version: from a file, from what is pasted, from a shipped example, from a version there is."""
    by, refused = who(request), None
    source, example = request.GET.get("from", ""), request.GET.get("example", "")
    fields = _fields(queries.regions_to_write_for(by), queries.beginning(by, scheme=_number(source), example=example))
    begun = f"scheme-new-{source or example}"
    values = None
    if request.method == "POST":
        values = forms.typed(request.POST, fields)
        try:
            values["text"] = text = _given(request)
            if values["region"] not in {code for code, _name in fields[0].choices}:
                raise Refused("scheme.region", "请选择一个地区。", "region")
            made = actions.write_scheme(text, values["region"], by=by, now=clock.now())
            messages.success(request, _("草案已保存。核对条目、试算之后再定稿。"))
            return HttpResponseRedirect(
                f"{reverse('desk:score_scheme_words', args=[made])}?{urlencode({'begun': begun})}"
            )
        except Refused as no:
            refused = placed(no, values["text"], ("region", "file"), "text")
    form = forms.build(
        fields, action=request.get_full_path(), button=_("保存草案"), values=values, refused=refused, draft=begun,
        key=request.POST.get("key"), cancel=reverse("desk:score_schemes"),
    )  # fmt: skip
    context = {
        "form": form,
        "ready": bool(fields[0].choices),
        "examples": [(f"?example={code}", name, code) for code, name in queries.examples()],
        "held": [(f"?from={v.scheme.id}", named(v.scheme)) for v in queries.versions(by)],
    }
    return page(request, "score/scheme_new", "score", 422 if refused else 200, **context)


@require_http_methods(["GET", "POST"])
def scheme_edit(request: HttpRequest, scheme: int) -> HttpResponse:
    """Another text in place of a draft's."""
    by, refused, values = who(request), None, None
    info = queries.own_scheme(scheme, by)
    held = queries.scheme_text(scheme, by)
    back, was = reverse("desk:score_scheme_words", args=[scheme]), fingerprint(held)
    if info.frozen_at is not None:
        messages.error(request, _("这一版已经定稿，不再改动；可以由它另立新版。"))
        return HttpResponseRedirect(back)
    fields = [parts.Field("was", type="hidden", value=was), *_text_fields(held)]
    if request.method == "POST":
        values = forms.typed(request.POST, fields)
        try:
            values["text"] = text = _given(request)
            actions.rewrite_scheme(scheme, text, was=values["was"], by=by, now=clock.now())
            messages.success(request, _("草案已改写。"))
            return HttpResponseRedirect(back)
        except Refused as no:
            refused = placed(no, values["text"], ("file",), "text")
    form = forms.build(
        fields, action=request.path, button=_("保存草案"), values=values, refused=refused, draft=f"scheme-{scheme}-{was[:8]}",
        key=request.POST.get("key"), cancel=back,
    )  # fmt: skip
    return page(request, "score/scheme_edit", "score", 422 if refused else 200, form=form, info=info)


@require_http_methods(["GET", "POST"])
def scheme_freeze(request: HttpRequest, scheme: int) -> HttpResponse:
    """定稿: what it means, and the second press that does it."""
    by, refused = who(request), None
    info, rule = queries.own_scheme(scheme, by), queries.scheme_rule(scheme, by)
    back = reverse("desk:score_scheme_words", args=[scheme])
    if info.frozen_at is not None:
        messages.info(request, _("%(name)s已定稿。") % {"name": named(info)})
        return HttpResponseRedirect(back)
    was = fingerprint(queries.scheme_text(scheme, by))
    if request.method == "POST":
        was = request.POST.get("was", "")
        try:
            actions.freeze_scheme(scheme, was=was, by=by, now=clock.now())
            messages.success(request, _("%(name)s已定稿。") % {"name": named(info)})
            return HttpResponseRedirect(back)
        except Refused as no:
            refused = no
    seen = parts.Field("was", type="hidden", value=was)
    form = forms.build([seen], action=request.path, button=_("确认定稿"), refused=refused, cancel=back)
    reported = sum(leaf.source == "reported" for leaf in rule.indicators.values())
    context = {"form": form, "info": info, "region": org.region(info.region).name, "indicators": len(rule.indicators), "reported": reported}  # fmt: skip
    return page(request, "score/freeze", "score", 422 if refused else 200, **context)
