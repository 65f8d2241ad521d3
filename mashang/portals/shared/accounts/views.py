"""Sign-in, sign-out and the own password."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from django.conf import settings
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth import login as open_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mashang.cases import actions as cases
from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.org import actions, queries

from ..context import Asked
from ..forms import Form, build
from ..gate import SEEN, SINCE
from ..parts import Field, Tab
from .drawn import drawn
from .homes import home_of

PROVED = "proved_phone"
SENT_TO = "code_phone"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def next_of(request: HttpRequest) -> str:
    """The address to go on to, when it is one of ours."""
    target = request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else ""


def entrance(request: HttpRequest, here: str) -> dict[str, Any]:
    """What every sign-in page shows: the two ways, the providers of identities, the demo accounts in demo mode."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    ways = (("account_login", _("账号密码")), ("accounts:phone", _("手机验证码")))
    return {
        "ways": [Tab(label, reverse(name) + query, current=name == here) for name, label in ways],
        "providers": [
            (p["name"], reverse("openid_connect_login", args=[p["id"]]) + query) for p in settings.MASHANG_OIDC
        ],
        "demo_accounts": queries.demo_accounts() if settings.DEMO else [],
        "sign_in": reverse("account_login") + query,
        "goes_on": bool(next_of(request)),
        "kept": "kept" in request.GET,
    }


class SignIn(allauth.LoginView):
    """Account and password. Lock-out is django-axes', second factors are allauth's next stage."""

    template_name = "accounts/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        labels = {"login": _("账号"), "password": _("密码")}
        form = drawn(known["form"], action=self.request.get_full_path(), button=_("登录"), labels=labels)
        return {**known, **entrance(self.request, "account_login"), "drawn": form}


class SignOut(allauth.LogoutView):
    template_name = "accounts/sign_out.html"


class Inactive(allauth.AccountInactiveView):
    template_name = "accounts/inactive.html"


class Confirm(allauth.ReauthenticateView):
    """The password again, before second factors are changed."""

    template_name = "accounts/confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        labels = {"password": _("密码")}
        action = self.request.get_full_path()
        return {**known, "drawn": drawn(known["form"], action=action, button=_("确认"), labels=labels)}


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """After too many wrong passwords (django-axes)."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """First step of citizens: the phone, to which a code is sent."""
    refused = None
    if request.method == "POST":
        try:
            actions.send_code(request.POST.get("phone", ""), actions.SIGN_IN, now=clock.now())
            request.session[SENT_TO], request.session[PROVED] = vault.seal(request.POST["phone"]).hex(), False
            return HttpResponseRedirect(_onward(request, "accounts:phone_code"))
        except Refused as no:
            refused = no
    field = Field("phone", _("手机号"), "phone", required=True, size="m", attrs={"autocomplete": "tel"})
    values = {"phone": request.POST.get("phone", "")}
    form = build([field], action=request.get_full_path(), button=_("获取验证码"), values=values, refused=refused)
    return _phone_page(request, form, refused)


@never_cache
@require_http_methods(["GET", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Second step: the code; and for a phone we do not know, whether it is a person or a firm, and the name."""
    if not request.session.get(SENT_TO):
        return HttpResponseRedirect(_onward(request, "accounts:phone"))
    sent_to, refused = vault.open_(bytes.fromhex(request.session[SENT_TO])), None
    proved = request.session.get(PROVED, False)
    if request.method == "POST":
        try:
            if not proved:
                actions.check_code(sent_to, request.POST.get("code", ""), actions.SIGN_IN, now=clock.now())
                request.session[PROVED] = proved = True
            given = {
                name: request.POST.get(name, "").strip() for name in ("name", "kind", "number") if name in request.POST
            }
            account = actions.account_for_phone(sent_to, **{"name": "", **given}, now=clock.now())
            if account is not None:
                return _enter(request, account)
            if "name" in request.POST:
                refused = Refused("name.missing", _("请填写姓名或单位全称。"), "name")
        except Refused as no:
            refused = no
    code = Field(
        "code", _("验证码"), required=True, size="s", attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
    )
    first = _first_time()
    values = {f.name: request.POST.get(f.name, f.value) for f in first}
    form = build(
        first if proved else [code], action=request.get_full_path(), button=_("登录"), values=values, refused=refused
    )
    return _phone_page(request, form, refused, sent_to=sent_to, proved=proved)


def _first_time() -> list[Field]:
    """What is asked of a phone that we do not know."""
    kinds = (("natural", _("个人")), ("legal", _("企业和其他组织")))
    name_help = _("第一次登录，请填写与证件或营业执照一致的名称。")
    number_help = _("在窗口登记过的，填上登记的证件号码，就能看到以前办的件。")
    return [
        Field("kind", _("您是"), "choice", required=True, value="natural", choices=kinds),
        Field("name", _("姓名或单位全称"), help=name_help, required=True, size="m"),
        Field("number", _("身份证号或统一社会信用代码"), "idcard", help=number_help, size="m"),
    ]


def _onward(request: HttpRequest, name: str) -> str:
    return reverse(name) + (f"?{request.GET.urlencode()}" if request.GET else "")


def _phone_page(
    request: HttpRequest, form: Form, refused: Refused | None, *, sent_to: str = "", proved: bool = False
) -> HttpResponse:
    context = {
        **entrance(request, "accounts:phone"),
        "drawn": form,
        "sent_to": sent_to,
        "phone_step": _onward(request, "accounts:phone"),
        "proved": proved,
    }
    return render(request, "accounts/phone.html", context, status=422 if refused else 200)


def _enter(request: HttpRequest, account_id: int) -> HttpResponse:
    """Open a session for whoever proved the phone; the session's key changes."""
    actor = queries.actor_for(account_id, clock.now())
    target = next_of(request) or home_of(actor)
    account = get_user_model().objects.get(pk=account_id)
    for name in (SENT_TO, PROVED, SEEN, SINCE):  # signing in again begins the day anew
        request.session.pop(name, None)
    open_session(request, account, backend=BACKEND)
    return HttpResponseRedirect(target)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def identity(request: Asked) -> HttpResponse:
    """绑定本人身份: a phone that signed in is bound to the person whom a counter registered with it."""
    by, refused = request.actor, None
    if by.kind != "person":
        raise NotFound
    typed = {name: request.POST.get(name, "").strip() for name in ("name", "number")}
    if request.method == "POST":
        try:
            return _enter(request, cases.bind_identity(**typed, by=by, now=clock.now()))
        except Refused as no:
            refused = no
    fields = [
        Field("name", _("姓名或单位全称"), help=_("与证件或营业执照一致。"), required=True, size="m"),
        Field("number", _("身份证号或统一社会信用代码"), "idcard", required=True, size="m"),
    ]
    form = build(fields, action=request.path, button=_("绑定"), values=typed, refused=refused)
    known = bool(queries.person(by.person_id).number)
    return render(request, "accounts/identity.html", {"drawn": form, "known": known}, status=422 if refused else 200)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: Asked) -> HttpResponse:
    """A new password of one's own; other sessions end. Citizens have none: they sign in by a code to the phone."""
    refused, actor = None, request.actor
    if actor.kind != "staff":
        raise NotFound
    if request.method == "POST":
        try:
            _change_password(request, actor)
            return render(request, "accounts/password_done.html", {"home": home_of(actor)})
        except Refused as no:
            refused = no
    new = {"autocomplete": "new-password"}
    fields = [
        Field("old", _("原密码"), "password", required=_own(request).has_usable_password(), size="m"),
        Field(
            "password",
            _("新密码"),
            "password",
            help=_("至少10位，不要用常见密码。"),
            required=True,
            size="m",
            attrs=new,
        ),
        Field("again", _("再输一次新密码"), "password", required=True, size="m", attrs=new),
    ]
    form = build(fields, action=request.path, button=_("修改密码"), refused=refused)
    return render(request, "accounts/password.html", {"drawn": form}, status=422 if refused else 200)


def _own(request: HttpRequest) -> Any:
    """The account as it stands now."""
    return get_user_model().objects.get(pk=request.user.pk)


def _change_password(request: HttpRequest, actor: Actor) -> None:
    account = _own(request)
    if account.has_usable_password() and not account.check_password(request.POST.get("old", "")):
        raise Refused("old.wrong", _("原密码不正确，请重新输入。"), "old")
    if request.POST.get("password") != request.POST.get("again"):
        raise Refused("again.differs", _("两次输入的新密码不一致，请重新输入。"), "again")
    actions.set_password(actor.id, request.POST.get("password", ""), by=actor, now=clock.now())
    update_session_auth_hash(request, _own(request))
