"""The gate: every address is in the table or does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, include, path, reverse

from mashang.kernel.actor import ANONYMOUS
from mashang.kernel.refused import NotFound
from mashang.org.kept import forget
from mashang.org.models import Account
from mashang.org.rights import PAGES
from mashang.portals.shared.gate import SEEN

from .builders import grant, make_citizen, make_staff, make_unit

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from names(pattern, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


def test_every_address_stands_in_the_table() -> None:
    unlisted = {name for name in names(get_resolver()) if name not in PAGES and not name.startswith("api")}
    assert not unlisted, f"closed to everyone until org.rights.PAGES lists them: {sorted(unlisted)}"


# ── a site of three views, to see what the gate does with each ──


def seen(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.actor.ref)  # type: ignore[attr-defined]


def out_of_scope(request: HttpRequest) -> HttpResponse:
    raise NotFound("没有找到这一件，请核对编号。")


urlpatterns = [
    path("open", seen, name="gate_open"),
    path("desk", seen, name="gate_desk"),
    path("own", seen, name="gate_own"),
    path("scope", out_of_scope, name="gate_scope"),
    path("forgotten", seen, name="gate_forgotten"),
    path("accounts/", include("mashang.portals.shared.accounts.urls")),
    path("", include("mashang.portals.shared.urls")),
]
TABLE = {"gate_open": "public", "gate_desk": "desk.open", "gate_own": "signed-in", "gate_scope": "desk.open"}


@pytest.fixture
def site(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.ROOT_URLCONF, settings.MASHANG_MFA = __name__, False
    for name, right in TABLE.items():
        monkeypatch.setitem(PAGES, name, right)
    return client


def enter(client: Client, account: int) -> None:
    client.force_login(Account.objects.get(pk=account), BACKEND)


# path, and the answer to a visitor, a citizen, a clerk
ROWS = [
    ("/open", 200, 200, 200),
    ("/own", 302, 200, 200),  # a visitor is sent to sign in
    ("/desk", 302, 403, 200),  # a citizen holds no right of the desk
    ("/scope", 302, 403, 404),  # what lies outside the scope is not found, not forbidden
    ("/forgotten", 404, 404, 404),  # a view nobody listed is shut to all
    ("/nowhere", 404, 404, 404),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "visitor", "citizen", "clerk"), ROWS)
def test_what_each_may_open(site: Client, address: str, visitor: int, citizen: int, clerk: int) -> None:
    assert site.get(address).status_code == visitor
    enter(site, make_citizen("陈土根")[1].id)
    assert site.get(address).status_code == citizen
    staff = make_staff(make_unit())
    grant(staff, "clerk")
    enter(site, staff)
    assert site.get(address).status_code == clerk


@pytest.mark.django_db
def test_a_visitor_costs_no_statement_and_one_who_is_known_one(site: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert site.get("/open").content.decode() == ANONYMOUS.ref
    staff = make_staff(make_unit())
    grant(staff, "clerk")
    enter(site, staff)
    assert site.get("/desk").content.decode() == f"staff:{staff}"
    with django_assert_num_queries(1):
        site.get("/desk")


@pytest.mark.django_db
def test_a_right_taken_back_is_gone_as_soon_as_the_kept_actor_is(site: Client) -> None:
    staff = make_staff(make_unit())
    grant(staff, "clerk")
    enter(site, staff)
    assert site.get("/desk").status_code == 200
    Account.objects.filter(pk=staff).update(is_active=False)  # in another process: nothing forgets here
    assert site.get("/desk").status_code == 200
    forget()  # what MASHANG_KEEP_SECONDS does
    assert site.get("/desk").status_code == 302
    assert SEEN not in site.session


@pytest.mark.django_db
def test_a_fragment_and_a_sent_form_lead_to_the_sign_in_page_and_back(site: Client) -> None:
    fragment = site.get("/own?a=1", headers={"HX-Request": "true"})
    assert fragment.status_code == 204
    assert fragment.headers["HX-Redirect"] == f"{reverse('account_login')}?next=%2Fown%3Fa%3D1"
    assert site.post("/own").status_code == 302
