"""How allauth meets the room `org`: who may come in through which door. Sign-up through allauth is closed."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as say

from mashang.kernel import clock, vault
from mashang.kernel.refused import Refused
from mashang.kernel.said import told
from mashang.org import actions, queries

from .homes import home_of


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {"incorrect_password": say("密码不正确，请重新输入。")}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(queries.actor_for(int(request.user.pk or 0), clock.now()))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The pages speak for themselves."""


class MfaAdapter(DefaultMFAAdapter):
    """The secrets of second factors are sealed like personal data."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": say("验证码不对或已经用过，请输入此刻显示的一个。")
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(vault.seal(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.open_(base64.b64decode(encrypted_text))


class IdentityAdapter(DefaultSocialAccountAdapter):
    """统一身份认证: a known account is found by the provider's claims; claims themselves are not kept."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        claims = _claims(sociallogin)
        sociallogin.account.extra_data = {}
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
            return
        app = sociallogin.provider.app
        try:
            account = actions.account_for_claims(app.settings.get("for", "staff"), claims, now=clock.now())
        except Refused as no:
            page = render(
                request, "accounts/refused.html", {"title": _("不能登录"), "text": told(no.text, _)}, status=403
            )
            raise ImmediateHttpResponse(page) from no
        sociallogin.connect(request, account)


def _claims(sociallogin: SocialLogin) -> dict[str, str]:
    data = sociallogin.account.extra_data
    data = data.get("userinfo") or data.get("id_token") or data
    return {key: str(data.get(key) or "") for key in ("preferred_username", "name", "phone_number")}
