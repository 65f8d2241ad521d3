"""Pages of the shell itself: the reader's preferences, the living style page."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mashang.clocks import queries
from mashang.kernel import clock
from mashang.kernel.refused import Refused

from . import days, forms, samples
from .context import ELDER_COOKIE

YEAR = 365 * 24 * 3600
DIVISION = 12  # digits of a division code


@csrf_exempt
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language and elder mode, kept in cookies. No token is asked, so that the switch works on every page, errors too."""
    target = request.POST.get("next", "/")
    answer = HttpResponseRedirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "/")
    language, elder = request.POST.get("language"), request.POST.get("elder")
    secure = settings.SESSION_COOKIE_SECURE
    if language in dict(settings.LANGUAGES):
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", secure=secure)
    if elder in ("0", "1"):
        answer.set_cookie(ELDER_COOKIE, elder, max_age=YEAR, samesite="Lax", secure=secure)
    return answer


@require_GET
def working_days(request: HttpRequest) -> JsonResponse:
    """Days off and their names: ?from=&to=[&region=&unit=]."""
    query = request.GET
    first, last = days.span(query.get("from", ""), query.get("to", ""))
    unit, region = query.get("unit", ""), query.get("region", "")[:DIVISION]
    known = unit.isascii() and unit.isdigit() and len(unit) < 10
    calendar = queries.calendar_for(region, int(unit) if known else None)
    found = days.off_and_makeup(calendar, first, last)
    answer = JsonResponse(found, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "max-age=600"
    return answer


def _only_in_demo() -> None:
    if not (settings.DEMO or settings.DEBUG):
        raise Http404


@require_GET
def styleguide(request: HttpRequest, portal: str = "desk") -> HttpResponse:
    """Every component with sample data, in the frame of each portal."""
    _only_in_demo()
    if portal not in samples.PORTALS:
        raise Http404
    with clock.at(samples.NOW):
        return render(request, f"shared/styleguide/{portal}.html", samples.context())


@require_http_methods(["GET", "POST"])
def sample_check(request: HttpRequest) -> HttpResponse:
    """A site check that a phone may send later: how a form's view looks, refusal and all."""
    _only_in_demo()
    fields, refused = samples.check_fields(), None
    if request.method == "POST":
        try:
            samples.check(request.POST.get("words", ""))
            return HttpResponseRedirect("/styleguide")
        except Refused as no:
            refused = no
    form = forms.build(
        fields, action=request.path, button=_("提交检查"), values=forms.typed(request.POST, fields), refused=refused,
        draft="sample-check", offline=True, key=request.POST.get("key"),
    )  # fmt: skip
    return render(request, "shared/styleguide/check.html", {"form": form}, status=422 if refused else 200)


@require_GET
def sample_days(request: HttpRequest) -> HttpResponse:
    """Days for the style page's date picker, in the form that docs/portals.md describes."""
    _only_in_demo()
    return JsonResponse(samples.DAYS)


@require_GET
def sample_progress(request: HttpRequest, done: int) -> HttpResponse:
    _only_in_demo()
    return render(request, "shared/styleguide/progress.html", {"progress": samples.progress(done)})
