"""The cockpit and the score pages in a browser: axe, sizes, large print, the wall, sliders, the way from map to case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django import Settings

from mashang import performance
from mashang.cases import sweeps
from mashang.kernel import clock
from mashang.org import queries as org
from mashang.org.models import Account
from mashang.performance import actions
from mashang.site import procedures
from tests.county import county
from tests.flows.story import hand_in_house, who

from .conftest import too_wide

__all__ = ["county"]
SCHEME = Path(performance.__file__).parent / "data" / "county-demo" / "scheme.toml"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(login: str) -> Client:
    procedures.load()
    client = Client(headers={"Accept-Language": "zh-CN"})
    client.force_login(Account.objects.get(username=login), BACKEND)
    return client


@pytest.fixture(autouse=True)
def _one_factor(settings: Settings) -> None:
    settings.MASHANG_MFA = False


@pytest.fixture
def late() -> str:
    """A case a month past its date, by the clock that the browser's server reads; its number."""
    with clock.at(clock.now() - timedelta(days=30)):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
    sweeps.fire(clock.now())
    sweeps.expire(clock.now())
    return story.number


@pytest.fixture
def run() -> int:
    """A scored month: two townships by a reported figure."""
    by, now = who("office"), clock.now()
    month = f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"
    scheme = actions.write_scheme(SCHEME.read_text("utf-8"), "350824", by=by, now=now)
    actions.freeze_scheme(scheme, by=by, now=now)
    for name, value in (("桃溪镇", 96.0), ("十方镇", 88.0)):
        unit = org.unit_named(f"武平县{name}人民政府").id
        for column, number in (("key_projects", value), ("rater_1", value), ("rater_2", 90.0), ("rater_3", 85.0)):
            actions.report(actions.NewFigure("county-demo", column, unit, month, number, "佐证"), by=by, now=now)
    return actions.run(scheme, month, by=by, now=now)


@pytest.fixture
def look(open_page: Callable[..., Page], live_server: Any) -> Callable[..., Page]:
    """`look("leader", "/cockpit/", size="phone")`: the page as that account sees it."""

    host = live_server.url.split("//")[1].split(":")[0]
    name = django_settings.SESSION_COOKIE_NAME
    place = {"domain": host, "path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}

    def seen(login: str, path: str, **more: Any) -> Page:
        cookie = {"name": name, "value": signed_in(login).cookies[name].value, **place}
        return open_page(path, storage_state={"cookies": [cookie], "origins": []}, **more)

    return seen


@pytest.mark.django_db
def test_only_those_who_lead_open_the_cockpit():
    assert signed_in("leader").get("/cockpit/").status_code == 200
    assert signed_in("town").get("/cockpit/").status_code == 403
    assert signed_in("town").get("/cockpit/cases?what=late").status_code == 403


@pytest.mark.django_db
def test_an_empty_cockpit_says_why():
    page = signed_in("leader").get("/cockpit/").content.decode()
    assert "没有在办的件，所以没有灯" in page
    assert "近一年还没有件" in page
    assert "近 30 天没有办过环节" in page
    assert "不足 5 件" in page
    assert "截至" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "what=nothing",  # no such figure
        "what=missed",  # looks back and has no span
        "what=missed&from=x&to=y",
        "what=late&unit=x",
        "what=late&after=x",
    ],
)
def test_an_address_that_is_not_whole_is_refused(query):
    assert signed_in("leader").get(f"/cockpit/cases?{query}").status_code == 400


@pytest.mark.django_db
def test_a_place_that_is_not_there_is_not_found_and_another_county_is_empty(late):
    client = signed_in("leader")
    assert client.get("/cockpit/?place=999999").status_code == 404
    assert client.get("/cockpit/cases?what=late&place=999999").status_code == 404
    other = client.get("/cockpit/cases?what=open&place=350623").content.decode()
    assert late not in other


@pytest.mark.row("G2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_from_the_map_to_the_unit_to_the_case(look, late, shot, axe):
    page = look("leader", "/cockpit/")
    tile = page.get_by_role("link", name="龙岩市武平县 已超期 1")
    expect(tile).to_be_visible()
    shot(page, "cockpit")
    tile.click()
    page.locator("#units").get_by_role("link", name="桃溪镇自然资源所").click()
    expect(page.get_by_role("link", name="已超期 1")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="农村村民建房（建房审批）").click()
    expect(page).to_have_url(re.compile(re.escape(quote(f"/desk/case/{late}")) + "$"))
    assert late in page.content()


def paths(run: int) -> dict[str, str]:
    unit = org.unit_named("武平县桃溪镇人民政府").id
    return {
        "cockpit": "/cockpit/", "cockpit-cases": "/cockpit/cases?what=open", "score": "/desk/score",
        "score-unit": f"/desk/score/{run}/{unit}", "score-what-if": f"/desk/score/{run}/what-if",
        "score-proof": f"/desk/score/{run}/proof",
    }  # fmt: skip


@pytest.mark.parametrize("size", ["desk", "tablet", "phone"])
@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_axe_finds_nothing_and_no_page_is_too_wide(look, late, run, axe, shot, size):
    page, wrong = look("leader", "/cockpit/", size=size), {}
    for name, path in paths(run).items():
        page.goto(path)
        if faults := axe(page) + ([f"{too_wide(page)} px too wide"] if too_wide(page) else []):
            wrong[name] = faults
        shot(page, f"{name}-{size}")
    assert not wrong


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_large_print_and_english_are_clean_too(look, late, run, axe):
    page, wrong = look("leader", "/cockpit/", elder=True, locale="en-US"), {}
    for name, path in paths(run).items():
        page.goto(path)
        if faults := axe(page) + ([f"{too_wide(page)} px too wide"] if too_wide(page) else []):
            wrong[name] = faults
    assert not wrong


@pytest.mark.row("G2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_the_wall_is_dark_fits_one_window_and_refreshes_itself(look, late, axe):
    page = look("leader", "/cockpit/?wall=1")
    page.set_viewport_size({"width": 1920, "height": 1080})
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080
    page.clock.install()
    page.reload()
    page.evaluate("document.querySelector('.figure b').textContent = '旧'")
    with page.expect_response("**/cockpit/?wall=1"):
        page.clock.fast_forward(61_000)
    expect(page.locator(".figure b").first).to_have_text("1")


@pytest.mark.row("E7")
@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_a_slider_moves_the_scores_while_it_moves(look, run):
    page = look("office", f"/desk/score/{run}/what-if")
    expect(page.locator("#changed")).to_contain_text("还是方案原来的权重")
    slider = page.locator("#w-key_projects")
    slider.focus()
    slider.press("Home")
    expect(page.locator("#o-w-key_projects")).to_have_text("0")
    expect(page.locator("#changed")).not_to_contain_text("还是方案原来的权重")


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_without_a_script_weights_are_tried_with_a_button(look, run):
    page = look("office", f"/desk/score/{run}/what-if", script=False)
    page.get_by_role("button", name="计算").click()
    assert "w-key_projects" in page.url
    expect(page.locator("#changed")).to_contain_text("还是方案原来的权重")
