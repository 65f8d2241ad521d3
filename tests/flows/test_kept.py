"""What is typed is kept for whoever typed it and for nobody else, and is said to be kept only where it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from mashang.cases import actions, sweeps
from mashang.cases.models import Draft
from mashang.kernel import clock
from mashang.org.models import Account, Unit
from mashang.supervision import actions as _verbs  # noqa: F401 -- declares the procedure

from .story import HOUSE, accepted, at, text_of, who
from .test_pages import flat

pytestmark = [pytest.mark.django_db]
APPLY = "/apply/rural-house/approval"


def test_at_a_counter_nothing_of_one_applicants_form_is_kept_for_the_next(sign_in: Any) -> None:
    with at("2026-03-02 09:10"):
        clerk, citizen = sign_in("window"), sign_in("citizen")
        for page in (clerk.get(APPLY, HOUSE), clerk.post(APPLY, {**flat(), "floors": "9", "key": "w1"})):
            assert "applicant.name" in page.content.decode() and "data-draft=" not in page.content.decode()
            assert "data-draft-url" not in page.content.decode() and "填到一半离开也不会丢" not in text_of(page)
        own = citizen.get(APPLY, HOUSE)
        assert 'data-draft="apply-rural-house-approval"' in own.content.decode()
        assert 'data-draft-url="/drafts/apply-rural-house-approval"' in own.content.decode()
        assert "填到一半离开也不会丢" in text_of(own)


def test_what_is_typed_into_an_action_is_kept_where_it_is_read_again_in_the_browser(sign_in: Any) -> None:
    story = accepted()
    with at("2026-03-02 15:00"):
        land, step = sign_in("land"), story.step("land").pk
        page = land.get(f"/desk/case/{story.number}/do/review/{step}").content.decode()
        assert f'data-draft="{story.number}-review-{step}"' in page and "data-draft-url" not in page
    assert not Draft.objects.exists()


def kept_names(page: Any) -> list[str]:
    return re.findall(r'<form [^>]*data-draft="([^"]+)"', page.content.decode())


def forgotten(page: Any) -> list[str]:
    return re.findall(r'data-draft-clear="([^"]+)"', page.content.decode())


def test_a_matter_is_kept_while_it_is_written_and_forgotten_once_it_is_given_out(sign_in: Any) -> None:
    with at("2026-03-02 09:10"):
        office = sign_in("office")
        page = office.get("/desk/watch/new")
        assert kept_names(page) == ["assign-matter"]
        unit = next(value for value, _label in page.context["form"].fields[0].choices if value)
        typed = {"unit": unit, "cause": "占道施工未公示", "required": "三日内公示", "days": "5"}
        assert forgotten(office.post("/desk/watch/new", {**typed, "cause": ""})) == []
        assert forgotten(office.post("/desk/watch/new", {**typed, "kept": "assign-matter"}, follow=True)) == [
            "assign-matter"
        ]


def test_administrators_forms_are_kept_but_for_what_is_said_of_a_person(sign_in: Any) -> None:
    admin = sign_in("admin")
    unit, staff = Unit.objects.latest("id").pk, Account.objects.get(username="land").staff.pk
    kept = {
        "/desk/admin/units": ["open"], "/desk/admin/calendar": ["load", "order", "hours"], "/desk/admin/clients": ["admit"],
        "/desk/admin/divisions/350824": ["register", "revise"], f"/desk/admin/units/{unit}": ["post", "revise"],
        f"/desk/admin/staff/{staff}": ["grant"], "/desk/admin/absences": [],
    }  # fmt: skip
    for path, does in kept.items():
        names = [re.fullmatch(rf"{path}-(\w+)-[0-9a-f]{{8}}", name) for name in kept_names(admin.get(path))]
        assert [name[1] for name in names if name] == does and all(names), path
    name = kept_names(admin.get("/desk/admin/divisions/350824"))[1]
    revised = {"do": "revise", "name": "武平县", "short_name": "武平", "note": "依据（演示）", "kept": name}
    page = admin.post("/desk/admin/divisions/350824", revised, follow=True)
    assert forgotten(page) == [name] and kept_names(page)[1] != name, "no old words in a form that begins otherwise"


def test_the_sign_in_page_promises_only_what_the_browser_keeps(sign_in: Any) -> None:
    here = {"Referer": "http://testserver/desk/watch/new", "Accept-Language": "zh-CN"}
    kept, lost = (
        Client().post("/desk/watch/new", {"cause": "占道", **more}, headers=here)
        for more in ({"kept": "assign-matter"}, {})
    )
    assert kept.url == "/accounts/sign-in?kept=1&next=http%3A%2F%2Ftestserver%2Fdesk%2Fwatch%2Fnew"
    assert lost.url == "/accounts/sign-in?next=http%3A%2F%2Ftestserver%2Fdesk%2Fwatch%2Fnew"
    for address, promised in ((kept.url, True), (lost.url, False)):
        for page in (Client().get(address), Client().get(address.replace("sign-in", "phone"))):
            assert "登录后回到刚才的页面" in text_of(page)
            assert ("填过的内容还在" in text_of(page)) is promised


def test_a_draft_nobody_goes_on_with_is_forgotten_after_thirty_days():
    by = who("citizen")
    with at("2026-03-02 09:00"):
        actions.save_draft("apply-rural-house-approval", {"a": "1"}, by=by, now=clock.now())
        actions.save_draft("apply-other", {"a": "1"}, by=by, now=clock.now())
    with at("2026-03-20 09:00"):
        actions.save_draft("apply-other", {"a": "2"}, by=by, now=clock.now())
    with at("2026-04-02 03:00"):
        sweeps.tidy(clock.now())
    assert [d.form for d in Draft.objects.filter(owner=by.ref)] == ["apply-other"]
