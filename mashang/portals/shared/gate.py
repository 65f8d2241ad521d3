"""The gate before every page: who is asking, and whether the table of rights lets them in. Closed by default.

A view that `org.rights.PAGES` does not list is answered like an address that does not exist. What someone may see of
a page's contents is decided by the rooms; a case outside one's scope is "not found" there, never "forbidden".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from mashang.kernel import clock
from mashang.kernel.actor import ANONYMOUS, Actor
from mashang.kernel.refused import Fault, NotFound
from mashang.org import queries
from mashang.org.rights import PAGES, PUBLIC, SIGNED_IN

from .context import Asked
from .errors import is_api, page
from .forms import KEPT

SEEN = "seen"
SEEN_EVERY = 60
SINCE = "since"
SECOND_FACTOR_PAGES = frozenset(
    {
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "account_reauthenticate",
    }
)


class Gate:
    """Middleware, last in the row. Sets `request.actor`; a signed-in page costs one statement, for its session."""

    def __init__(self, get_response: Callable[[Asked], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Asked) -> HttpResponse:
        request.must_add_factor = False
        request.actor = ANONYMOUS if is_api(request) else signed_in(request)
        return self.get_response(request)

    def process_view(self, request: Asked, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """None lets the request through."""
        if is_api(request):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        needed, actor = PAGES.get(name), request.actor
        if needed is None:
            return page(request, 404)
        if needed == PUBLIC:
            return None
        if actor.kind == "anonymous":
            return to_sign_in(request)
        if request.must_add_factor and name not in SECOND_FACTOR_PAGES:
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        if needed == SIGNED_IN or queries.holds(actor, needed):
            return None
        text = _("您没有打开这个页面的权限，请确认登录的账号，或联系本单位管理员。")
        return page(request, 403, [Fault("forbidden", text)])


def signed_in(request: Asked) -> Actor:
    """The actor of the request's session; a session that is stale, idle too long or of a closed account is ended."""
    key = request.session.get(SESSION_KEY)
    if key is None:
        return ANONYMOUS
    try:
        known = queries.session_for(int(key), clock.now())
    except NotFound:
        request.session.flush()
        return ANONYMOUS
    same = constant_time_compare(request.session.get(HASH_SESSION_KEY, ""), known.auth_hash)
    if not same or _over(request, known.actor):
        request.session.flush()
        return ANONYMOUS
    if known.needs_mfa and not known.has_mfa and settings.MASHANG_MFA:
        request.must_add_factor = not queries.has_second_factor(known.actor.id)  # added a moment ago, perhaps elsewhere
    return known.actor


def _over(request: Asked, actor: Actor) -> bool:
    """Idle too long, or open too long. Sessions run on the machine's time, not on the clock that tests and the demo turn."""
    now = clock.machine_seconds()
    seen, since = request.session.get(SEEN, now), request.session.get(SINCE, now)
    if now - seen > settings.MASHANG_IDLE_SECONDS[actor.kind] or now - since > settings.SESSION_COOKIE_AGE:
        return True
    if SEEN not in request.session or now - seen >= SEEN_EVERY:
        request.session[SEEN], request.session[SINCE] = now, since
    return False


def to_sign_in(request: Asked) -> HttpResponse:
    """To the sign-in page, and back to this address afterwards; a form that was sent, or a part of a page, comes back to its
    page, and where the browser keeps what was typed the sign-in page says so."""
    part = request.headers.get("HX-Request") == "true"
    here = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
    target = request.headers.get("HX-Current-URL", here) if part else here
    query = {"kept": "1", "next": target} if request.POST.get(KEPT) else {"next": target}
    address = f"{reverse('account_login')}?{urlencode(query)}"
    if part:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
