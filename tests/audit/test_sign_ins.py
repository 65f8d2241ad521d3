"""Sign-ins: who came in, who failed, who was locked out, within the auditor's scope."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from mashang.kernel.refused import Refused
from mashang.org import queries as org
from tests.flows.story import who

pytestmark = pytest.mark.slow


def tried(name: str, password: str, times: int = 1) -> None:
    browser = Client()
    for _ in range(times):
        browser.post(reverse("account_login"), {"login": name, "password": password})


def test_failures_stay_on_record_after_a_success(county: None, sign_in: Callable[[str], Client]) -> None:
    tried("window", "wrong-password", 2)
    tried("window", "mashang-demo")
    page = sign_in("auditor").get(reverse("desk:audit_sign_ins")).content.decode()
    name = who("window").name
    assert (
        page.count("</svg>密码错误</span>") == 2 and page.count("</svg>登录成功</span>") == 2
    )  # the auditor's own too
    assert page.count(name) >= 3
    only = sign_in("auditor").get(reverse("desk:audit_sign_ins"), {"came": "failed"}).content.decode()
    assert "</svg>登录成功</span>" not in only.partition("<table")[2]


def test_a_lock_is_shown(county: None, sign_in: Callable[[str], Client]) -> None:
    tried("land", "wrong-password", 6)
    page = sign_in("auditor").get(reverse("desk:audit_sign_ins"), {"came": "locked"}).content.decode()
    assert "</svg>锁定</span>" in page and who("land").name in page


def test_a_name_that_nobody_has_is_not_shown(county: None, auditors: Callable, sign_in: Callable) -> None:
    tried("my-secret-password", "x")
    everything = sign_in(auditors("all-auditor")).get(reverse("desk:audit_sign_ins")).content.decode()
    assert "没有这个账号" in everything and "my-secret-password" not in everything
    county_only = sign_in("auditor").get(reverse("desk:audit_sign_ins")).content.decode()
    assert "没有这个账号" not in county_only


def test_another_countys_staff_are_out_of_sight(county: None, auditors: Callable, sign_in: Callable) -> None:
    tried("window", "wrong-password")
    elsewhere = sign_in(auditors("zhangpu-auditor", region="350623"))
    assert "</svg>密码错误</span>" not in elsewhere.get(reverse("desk:audit_sign_ins")).content.decode()


def test_pages_follow_each_other(county: None) -> None:
    for _ in range(5):
        tried("window", "mashang-demo")
    first = org.sign_ins(who("auditor"), limit=2)
    second = org.sign_ins(who("auditor"), limit=2, after=first.after)
    third = org.sign_ins(who("auditor"), limit=2, after=second.after)
    assert [len(p.rows) for p in (first, second, third)] == [2, 2, 1] and third.after == ""
    with pytest.raises(Refused):
        org.sign_ins(who("auditor"), after="nonsense")
