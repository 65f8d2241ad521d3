"""The accounts' addresses. Of allauth's only those listed here exist; their names are what its flows look for."""

from __future__ import annotations

from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.urls import include, path

from . import factors, views

own = (
    [
        path("phone", views.phone, name="phone"),
        path("phone/code", views.phone_code, name="phone_code"),
        path("password", views.password, name="password"),
        path("bind", views.identity, name="identity"),
    ],
    "accounts",
)
urlpatterns = [
    path("", include(own)),
    path("sign-in", views.SignIn.as_view(), name="account_login"),
    path("sign-out", views.SignOut.as_view(), name="account_logout"),
    path("inactive", views.Inactive.as_view(), name="account_inactive"),
    path("confirm", views.Confirm.as_view(), name="account_reauthenticate"),
    path("second-factor", factors.Overview.as_view(), name="mfa_index"),
    path("second-factor/code", factors.EnterCode.as_view(), name="mfa_authenticate"),
    path("second-factor/confirm", factors.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("second-factor/activate", factors.Activate.as_view(), name="mfa_activate_totp"),
    path("second-factor/deactivate", factors.Deactivate.as_view(), name="mfa_deactivate_totp"),
    path("second-factor/recovery", factors.Codes.as_view(), name="mfa_view_recovery_codes"),
    path("second-factor/recovery/new", factors.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("identity/<slug:provider_id>/sign-in", oidc.login, name="openid_connect_login"),
    path("identity/<slug:provider_id>/callback", oidc.callback, name="openid_connect_callback"),
    path("identity/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("identity/error", social.login_error, name="socialaccount_login_error"),
]
