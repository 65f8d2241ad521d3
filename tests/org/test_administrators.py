"""The first administrator of a county, and letting one in again who lost what they sign in with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from typer.testing import CliRunner, Result

from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.commands import admin
from mashang.org.models import Account, Unit

from .builders import NOW, actor, grant, make_region, make_staff, make_unit

pytestmark = pytest.mark.django_db
PASSWORD = "first-in-wuping-9"
NEW = ("--name", "陈静", "--region", "350824", "--unit", "武平县人民政府")


def run(*arguments: str, password: str = PASSWORD) -> Result:
    app = typer.Typer()
    app.command()(admin)
    return CliRunner().invoke(app, [*arguments], input=f"{password}\n")


def faults(done: Result) -> set[str]:
    assert isinstance(done.exception, Refused)
    return {fault.code for fault in done.exception.faults}


def with_factor(account: int) -> None:
    Authenticator.objects.create(user_id=account, type=Authenticator.Type.TOTP, data={"secret": "x"})


def test_an_empty_installation_gets_an_administrator_who_opens_the_county(client: Client, settings: Any) -> None:
    make_region()
    done = run("chenjing", *NEW)
    assert done.exit_code == 0 and "已任命 陈静（chenjing）为武平县的系统管理员。" in done.stdout
    settings.MASHANG_MFA = True
    client.post(reverse("account_login"), {"login": "chenjing", "password": PASSWORD})
    assert client.get(reverse("admin:units")).headers["Location"] == reverse(
        "mfa_activate_totp"
    )  # an order, not a favour
    settings.MASHANG_MFA = False
    top = queries.unit_named("武平县人民政府")
    assert (top.kind, top.region) == ("government", "350824")
    form = {"do": "open", "name": "武平县林业局", "short_name": "林业局", "kind": "department", "region": "350824"}
    assert client.post(reverse("admin:units"), {**form, "parent": top.id}).status_code == 302
    assert queries.unit_named("武平县林业局").parent == top.id
    account = Account.objects.get(username="chenjing").pk
    assert [e.verb for e in history(f"org/staff:{account}")] == ["staff.appointed", "role.granted"]


def test_a_second_administrator_joins_the_unit_that_is_there(client: Client) -> None:
    unit = make_unit("武平县人民政府", kind="government")
    assert run("chenjing", *NEW).exit_code == 0
    assert queries.staff_member(Account.objects.get(username="chenjing").pk).unit == unit


@pytest.mark.parametrize(
    ("arguments", "password", "expected"),
    [
        (("chenjing",), PASSWORD, {"admin.missing"}),
        (("chenjing", *NEW), "", {"password.missing"}),
        (("chenjing", *NEW), "12345", {"password.password_too_short", "password.password_too_common", "password.password_entirely_numeric"}),
        (("陈", *NEW), PASSWORD, {"username.form"}),
        (("chenjing", *NEW[:3], "359999", *NEW[4:]), PASSWORD, {"region.unknown"}),
        (("chenjing", *NEW[:5], "漳浦县人民政府"), PASSWORD, {"unit.elsewhere"}),
        (("taken", *NEW), PASSWORD, {"username.twice"}),
        (("nobody", "--again"), PASSWORD, {"not-found"}),
    ],
)  # fmt: skip
def test_nothing_is_left_of_an_appointment_that_is_refused(
    arguments: tuple[str, ...], password: str, expected: set[str]
) -> None:
    make_region()
    make_staff(make_unit("漳浦县人民政府", region="350623"), username="taken")
    accounts, units = Account.objects.count(), Unit.objects.count()
    assert faults(run(*arguments, password=password)) >= expected
    assert (Account.objects.count(), Unit.objects.count()) == (accounts, units)


def test_who_lost_everything_is_let_in_again(client: Client) -> None:
    make_region()
    run("chenjing", *NEW)
    account = Account.objects.get(username="chenjing").pk
    with_factor(account)
    done = run("chenjing", "--again", password="second-in-wuping-9")
    assert done.exit_code == 0 and "两步验证已停用" in done.stdout
    assert not Authenticator.objects.filter(user_id=account).exists()
    client.post(reverse("account_login"), {"login": "chenjing", "password": "second-in-wuping-9"})
    assert client.session.get("_auth_user_id") == str(account)
    assert [e.verb for e in history(f"org/staff:{account}")][-2:] == ["account.password_set", "account.factor_dropped"]


@pytest.mark.parametrize(
    ("role", "scope", "reached"),
    [
        ("admin", {"region": ""}, False),  # the whole platform
        ("auditor", {"region": "35"}, False),  # the province
        ("handler", {"region": "350623"}, False),  # elsewhere
        ("office", {"region": "350824"}, True),
        ("handler", {"unit": "own"}, True),  # bound to a unit of the county: reaches no further than that lies
    ],
)
def test_nobody_steps_into_the_shoes_of_someone_who_reaches_further(role: str, scope: Any, reached: bool) -> None:
    unit = make_unit("武平县人民政府", kind="government")
    make_region("35", "福建省", "province"), make_region("350623", "漳浦县")
    admin, target, other = make_staff(unit), make_staff(unit), make_staff(unit)
    grant(admin, "admin", region="350824")
    grant(other, "admin")
    held = grant(target, role, **{name: unit if value == "own" else value for name, value in scope.items()})
    by = actor(admin)
    with_factor(target)
    acts: list[Callable[[], object]] = [
        lambda: actions.set_password(target, PASSWORD, by=by, now=NOW),
        lambda: actions.drop_second_factor(target, by=by, now=NOW),
        lambda: actions.revoke_role(held, by=by, now=NOW),
        lambda: actions.revise_staff(target, "另一个名字", "", by=by, now=NOW),
        lambda: actions.transfer(target, make_unit(), by=by, now=NOW),
        lambda: actions.let_go(target, by=by, now=NOW),
    ]
    for act in acts[:4] if reached else acts:
        if reached:
            act()
        else:
            with pytest.raises(Forbidden, match="超出了您"):
                act()


def test_an_administrator_drops_a_colleagues_factor_on_the_page_but_not_their_own(
    client: Client, settings: Any
) -> None:
    settings.MASHANG_MFA = False
    unit = make_unit("武平县人民政府", kind="government")
    admin, colleague, elsewhere = (make_staff(unit), make_staff(unit), make_staff(make_unit(region="350623")))
    grant(admin, "admin", region="350824")
    client.force_login(Account.objects.get(pk=admin), "allauth.account.auth_backends.AuthenticationBackend")
    page = reverse("admin:staff", args=[colleague])
    assert "没有启用两步验证" in client.post(page, {"do": "factor"}).content.decode()
    with_factor(colleague)
    assert client.post(page, {"do": "factor"}).status_code == 302
    assert not Authenticator.objects.exists()
    with_factor(elsewhere)
    assert client.post(reverse("admin:staff", args=[elsewhere]), {"do": "factor"}).status_code == 404
    with pytest.raises(Forbidden):
        actions.drop_second_factor(elsewhere, by=actor(admin), now=NOW)
    with_factor(admin)
    with pytest.raises(Refused) as no:
        actions.drop_second_factor(admin, by=actor(admin), now=NOW)
    assert no.value.code == "factor.own"
    assert Authenticator.objects.count() == 2
