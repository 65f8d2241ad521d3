"""统一身份认证: signing in through a provider of identities, against one that runs here."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client
from django.urls import reverse

from mashang.org import queries
from mashang.org.models import Account, Person

from .builders import PASSWORD, grant, make_staff, make_unit
from .provider import CLIENT, SECRET, Provider, provider

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def known_as(settings: Any, known: Provider, whom: str) -> None:
    settings.MASHANG_OIDC = [{"id": "province", "name": "闽政通"}]
    app = {"provider_id": "province", "name": "闽政通", "client_id": CLIENT, "secret": SECRET}
    app["settings"] = {"server_url": known.url, "for": whom}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def come_through(client: Client, known: Provider) -> Any:
    away = client.post(reverse("openid_connect_login", args=["province"]))
    assert away.status_code == 302 and away.url.startswith(known.url)
    return client.get(known.approve(away.url))


def signed_in(client: Client) -> bool:
    return client.get(reverse("hall:notices")).status_code == 200


def test_staff_come_in_by_the_account_the_provider_vouches_for(client: Client, settings: Any) -> None:
    unit = make_unit()
    staff = make_staff(unit, username="chen.lin", password=PASSWORD)
    grant(staff, "handler", unit)
    with provider(sub="u-77", preferred_username="chen.lin", name="陈琳", phone_number="13800138000") as known:
        known_as(settings, known, "staff")
        assert "闽政通" in client.get(reverse("account_login")).content.decode()
        assert come_through(client, known).url == "/desk/"
        assert signed_in(client)
        assert SocialAccount.objects.get().user_id == staff
        again = Client()
        come_through(again, known)
        assert signed_in(again)
    with connection.cursor() as cursor:  # the provider's claims are not kept in clear
        cursor.execute("SELECT t::text FROM socialaccount_socialaccount t")
        assert "13800138000" not in str(cursor.fetchall())


def test_who_was_never_appointed_stays_outside_with_a_sentence(client: Client, settings: Any) -> None:
    with provider(sub="u-78", preferred_username="stranger", name="某人") as known:
        known_as(settings, known, "staff")
        answer = come_through(client, known)
    assert answer.status_code == 403 and "请联系本单位管理员" in answer.content.decode()
    assert not signed_in(client) and not Account.objects.exists() and not SocialAccount.objects.exists()


def test_a_citizen_is_registered_by_the_name_and_phone_the_provider_gives(client: Client, settings: Any) -> None:
    with provider(sub="c-1", name="陈土根", phone_number="13800138000") as known:
        known_as(settings, known, "person")
        assert come_through(client, known).url == "/"
        assert signed_in(client)
        (person,) = queries.find_person(phone="13800138000")
        assert person.name == "陈某某"
        come_through(Client(), known)
    assert Person.objects.count() == 1
    with provider(sub="c-2", name="林清") as known:
        known_as(settings, known, "person")
        answer = come_through(Client(), known)
        assert answer.status_code == 403 and "手机验证码登录" in answer.content.decode()


def test_an_answer_that_was_not_asked_for_or_is_replayed_opens_nothing(client: Client, settings: Any) -> None:
    make_staff(make_unit(), username="chen.lin", password=PASSWORD)
    with provider(sub="u-77", preferred_username="chen.lin") as known:
        known_as(settings, known, "staff")
        assert (
            "不能登录" in client.get("/accounts/identity/province/callback?code=code-1&state=forged").content.decode()
        )
        back = known.approve(client.post(reverse("openid_connect_login", args=["province"])).url)
        known.challenges["code-1"] = "another browser's challenge"
        assert "不能登录" in client.get(back).content.decode()
    assert not signed_in(client)


def test_the_way_to_the_provider_is_a_press_not_a_link(client: Client, settings: Any) -> None:
    with provider(sub="u-77") as known:
        known_as(settings, known, "staff")
        assert client.get(reverse("openid_connect_login", args=["province"])).status_code == 200
        assert client.post(reverse("openid_connect_login", args=["unknown"])).status_code == 404
