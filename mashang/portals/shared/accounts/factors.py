"""Second factors: allauth's flows on our pages. They are staff's: who signs in by a code to the phone is asked for no other."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from mashang.kernel.refused import NotFound

from .drawn import drawn
from .homes import home_of


class OfStaff:
    """Closed to whoever signs in without a password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.actor.kind != "staff":  # type: ignore[attr-defined]  # set by the gate
            raise NotFound
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # a view's
        return answer


class EnterCode(base.AuthenticateView):
    """The second stage of signing in: a code from the phone, or a recovery code."""

    template_name = "accounts/mfa_code.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        labels = {"code": _("动态验证码或恢复码")}
        action = self.request.get_full_path()
        return {**known, "drawn": drawn(known["form"], action=action, button=_("登录"), labels=labels)}


class ConfirmByCode(base.ReauthenticateView):
    template_name = "accounts/confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        labels = {"code": _("动态验证码或恢复码")}
        action = self.request.get_full_path()
        return {**known, "drawn": drawn(known["form"], action=action, button=_("确认"), labels=labels)}


class Overview(OfStaff, base.IndexView):
    template_name = "accounts/mfa_index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        factors = known["authenticators"]
        codes = factors.get("recovery_codes")
        left = len(codes.get_unused_codes()) if codes else 0
        return {**known, "has_totp": "totp" in factors, "codes_left": left}


class Activate(OfStaff, totp.ActivateTOTPView):
    template_name = "accounts/mfa_activate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        labels = {"code": _("动态验证码")}
        form = drawn(known["form"], action=self.request.path, button=_("启用"), labels=labels)
        must = self.request.must_add_factor
        return {**known, "drawn": form, "secret": known["form"].secret, "must_add_factor": must}


class Deactivate(OfStaff, totp.DeactivateTOTPView):
    template_name = "accounts/mfa_deactivate.html"


class Codes(OfStaff, recovery.ViewRecoveryCodesView):
    template_name = "accounts/mfa_recovery.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        actor = self.request.actor
        return {**super().get_context_data(**kwargs), "home": home_of(actor)}


class NewCodes(OfStaff, recovery.GenerateRecoveryCodesView):
    template_name = "accounts/mfa_new_codes.html"
