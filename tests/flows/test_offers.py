"""What a page offers does what it says: nothing is offered that is then refused, nothing ticked that was unticked."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from mashang.approvals import queries as approvals
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org.models import Account

from .story import HOUSE, at, hand_in_house, text_of, who
from .test_package import granted
from .test_pages import flat

pytestmark = [pytest.mark.django_db]
APPLY = "/apply/rural-house/approval"


def reuse_of(page: Any) -> dict[str, bool]:
    return {f.name: bool(f.value) for f in page.context["form"].fields if f.name.startswith("reuse.")}


def test_what_is_on_file_and_was_unticked_comes_back_unticked(sign_in: Any) -> None:
    granted()
    with at("2026-06-02 09:00"):
        citizen = sign_in("citizen")
        offered = reuse_of(citizen.get(APPLY, HOUSE))
        assert offered and all(offered.values()) and approvals.held_by(who("citizen").person_id)
        one = next(iter(offered))
        refused = citizen.post(APPLY, {**flat(), "floors": "", "key": "k1"})
        assert refused.status_code == 422 and reuse_of(refused) == dict.fromkeys(offered, False)
        ticked = citizen.post(APPLY, {**flat(), one: "on", "floors": "", "key": "k1"})
        assert reuse_of(ticked)[one] and sum(reuse_of(ticked).values()) == 1
        citizen.post("/drafts/apply-rural-house-approval", flat())
        assert reuse_of(citizen.get(APPLY, HOUSE)) == dict.fromkeys(offered, False)


def test_whole_personal_data_are_offered_to_whoever_may_read_them_and_to_nobody_else(sign_in: Any) -> None:
    with at("2026-03-02 09:10") as now:
        story = hand_in_house("citizen")
        elsewhere = Account.objects.get(username="zhangpu").pk
        org_actions.grant_role(org_actions.NewGrant(elsewhere, "inspector"), by=Actor.system("tests"), now=now)
        for login, status in (("window", 200), ("zhangpu", 403)):  # a clerk there, and here an inspector alone
            client = sign_in(login)
            page = client.get(f"/desk/case/{story.number}")
            assert page.status_code == 200 and ("查看完整信息" in text_of(page)) is (status == 200), login
            address = f"/desk/case/{story.number}/reveal/{story.case.persons[0]}"
            assert client.post(address, {"reason": "核对联系电话"}).status_code == status, login


def test_a_receipt_is_offered_once_something_of_the_case_is_sealed(
    sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at("2026-03-02 09:10"):
        story, citizen = hand_in_house("citizen"), sign_in("citizen")
        page = citizen.get(f"/my/{story.number}")
        assert "receipt.json" not in page.content.decode() and "封存后可下载，通常一分钟内" in text_of(page)
        early = citizen.get(f"/my/{story.number}/receipt.json")
        assert early.status_code == 409 and "办理记录还没有封存" in text_of(early)
        assert "还有内容需要改正" not in text_of(early) and "刚才有人先办了一步" not in text_of(early)
        monkeypatch.setattr(ledger, "has_receipt", lambda number: number == story.number)
        page = citizen.get(f"/my/{story.number}")
        assert "receipt.json" in page.content.decode() and "封存后可下载" not in text_of(page)


def switched(client: Any, page: Any) -> Any:
    """The page on which one stands after the switch to English was pressed."""
    stands_at = unescape(re.search(r'name="next" value="([^"]*)"', page.content.decode())[1])  # type: ignore[index]
    answer = client.post("/preferences", {"next": stands_at, "language": "en"})
    return client.get(answer.url.replace("http://testserver", ""))


def test_from_what_a_button_opened_the_switches_lead_to_the_page_with_the_button(sign_in: Any) -> None:
    with at("2026-03-02 09:10"):
        story, clerk = hand_in_house("citizen"), sign_in("window")
        case, person = f"/desk/case/{story.number}", story.case.persons[0]
        here = {"Referer": f"http://testserver{quote(case)}"}
        for reason, status in (("核对联系电话", 200), ("", 422)):
            page = clerk.post(f"{case}/reveal/{person}", {"reason": reason}, headers=here)
            after = switched(clerk, page)
            assert page.status_code == status and after.status_code == 200, reason
            assert after.context["page"].view.case.number == story.number


@pytest.mark.parametrize("login", ["window", "auditor"])
def test_an_address_that_only_a_button_opens_says_so_and_shows_the_way_on(sign_in: Any, login: str) -> None:
    client = sign_in(login)
    closed = {"window": ["/desk/case/x/reveal/1", "/drafts/x", "/preferences"], "auditor": ["/desk/audit/export"]}
    for address in closed[login]:
        page = client.get(address, headers={"Referer": f"http://testserver{address}"})
        assert page.status_code == 405 and page["Allow"] == "POST"
        home = {"window": "/desk/", "auditor": "/desk/audit"}[login]
        assert "请从页面上的按钮进入" in text_of(page) and f'href="{home}">回首页</a>' in page.content.decode()
        assert f'href="http://testserver{address}"' not in page.content.decode(), "it would lead here again"
        assert "Please use the buttons" in text_of(client.get(address, headers={"Accept-Language": "en"}))
