"""The clock catalogue: read by everybody, changed by administrators, and never under a clock that runs."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from mashang.clocks import queries
from mashang.kernel import clock, sql
from mashang.ledger import queries as ledger

from .story import hand_in_house

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
FORM = {
    "limit": "4wd", "warn": "1wd", "extension": "", "times": "1", "approver": "", "effect": "deemed_accepted",
    "source": "行政许可法第三十二条", "verified": "on", "document": "主席令第二十九号", "sample": "2026-03-02", "after": "1",
}  # fmt: skip
PAGE = "/desk/admin/clocks/XK-BZ"


@pytest.fixture
def admin(sign_in) -> Client:
    return sign_in("admin")


def test_everybody_at_the_desk_reads_the_catalogue_and_cannot_change_it(sign_in) -> None:
    for login in ("window", "auditor", "leader"):
        browser = sign_in(login)
        with sql.statements() as sent:
            page = browser.get(reverse("admin:clocks")).content.decode()
            one = browser.get(PAGE).content.decode()
        assert page.count("/desk/admin/clocks/") >= 54 and "行政许可" in page and "未核实" in page
        assert "一次性告知补正" in one and "发布新的版本" not in one
        assert "待办" in page and "离岗代岗" not in page  # the desk's own menu, not that of administrators
        assert not any("clocks_clock" in text for text in sent)  # counting every clock is for administrators
        for do in ("preview", "publish"):
            assert browser.post(PAGE, {"do": do, **FORM}).status_code == 403
    assert queries.rule_for("XK-BZ").version == 1


def test_a_new_version_is_looked_at_day_by_day_and_then_published(admin: Client) -> None:
    with clock.at(NOW):
        story = hand_in_house("citizen")  # its clock of five working days runs from here
        answer = admin.post(PAGE, {"do": "preview", **FORM})
        page = answer.content.decode()
        assert answer.status_code == 200 and "现行第1版：3月9日 17:30" in page and "新的版本：3月6日 17:30" in page
        assert "第 5 日" in page and "当日不计" in page and queries.rule_for("XK-BZ").version == 1
        confirmed = dict(
            re.findall(
                r'<input type="hidden" name="(\w+)" value="([^"]*)"',
                page.partition("还没有发布")[2].partition("</form>")[0],
            )
        )
        assert confirmed["do"] == "publish" and confirmed["limit"] == "4wd" and confirmed["verified"] == "on"
        assert admin.post(PAGE, confirmed).status_code == 302
        shown = admin.get(PAGE).content.decode()
    assert "已发布第 2 版" in shown and queries.rule_for("XK-BZ").version == 2
    [row] = [r for r in queries.clocks_of(story.case.pk) if r.code == "XK-BZ"]
    assert (row.rule_version, row.limit) == (1, "5wd")  # it stays on the version that it began under
    with clock.at(NOW):
        assert "第1版 1" in admin.get(reverse("admin:clocks")).content.decode()
    assert [e.facts["version"] for e in ledger.history("clocks/XK-BZ")] == [2]


def test_the_same_press_twice_publishes_once_and_a_page_grown_old_is_told(admin: Client) -> None:
    assert admin.post(PAGE, {"do": "publish", **FORM}).status_code == 302
    again = admin.post(PAGE, {"do": "publish", **FORM})
    assert again.status_code == 422 and "没有新的版本可以发布" in again.content.decode()
    old = admin.post(PAGE, {"do": "publish", **FORM, "limit": "3", "limit_unit": "nd"})
    page = old.content.decode()
    assert old.status_code == 422 and "已有人发布了新的版本" in page
    assert 'value="3" id="f-limit"' in page and '<option value="nd" selected>自然日</option>' in page
    assert queries.rule_for("XK-BZ").version == 2


def test_every_fault_stands_at_its_field_and_what_was_typed_stays(admin: Client) -> None:
    wrong = {
        **FORM,
        "limit": "很快",
        "warn": "9wd",
        "grounds": ["hearing"],
        "source": "",
        "document": "",
        "effect": "x",
    }
    answer = admin.post(PAGE, {"do": "preview", **wrong})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'value="很快"' in page
    for name in ("limit", "source", "document", "effect"):
        assert f'id="f-{name}-fault"' in page, name
    assert re.search(r'value="hearing" checked', page) and "还没有发布" not in page
    late = admin.post(PAGE, {"do": "preview", **FORM, "sample": "昨天"}).content.decode()
    assert 'id="f-sample-fault"' in late


def test_limits_are_a_number_and_a_unit_to_choose(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    assert 'value="5" id="f-limit"' in page and '<select name="limit_unit" aria-label="时限长短的单位">' in page
    assert "工作日</option>" in page and "工作小时</option>" in page and "1wd" not in page and "20wd" not in page
    form = {
        **FORM,
        "limit": "４",
        "limit_unit": "wd",
        "warn": "1",
        "warn_unit": "wd",
        "extension": "",
        "extension_unit": "nd",
    }
    answer = admin.post(PAGE, {"do": "preview", **form}).content.decode()
    assert '<input type="hidden" name="limit" value="4wd"' in answer
    assert '<input type="hidden" name="extension" value=""' in answer  # a unit without a number is nothing
    for amount, unit in (("很快", "wd"), ("0", "wd"), ("4", ""), ("4wd", "wd")):
        wrong = admin.post(PAGE, {"do": "preview", **form, "limit": amount, "limit_unit": unit})
        assert wrong.status_code == 422 and "请填写大于零的整数，并选择单位。" in wrong.content.decode()
    assert admin.post(PAGE, {"do": "publish", **form}).status_code == 302
    rule = queries.rule_for("XK-BZ")
    assert (str(rule.limit), str(rule.warn), rule.extension) == ("4wd", "1wd", None)


def test_a_clock_that_is_none_is_not_found(admin: Client) -> None:
    assert admin.get("/desk/admin/clocks/NONE").status_code == 404


@pytest.mark.parametrize("code", ["CN-x", "XK-TZ3", "PIA", "XK-YX"])
def test_clocks_of_every_form_can_be_looked_at(admin: Client, code: str) -> None:
    """One whose cases bring the limit, one that counts backwards, one of years, one of a fixed day."""
    rule = queries.rule_for(code)
    form = {
        **FORM, "limit": str(rule.limit or ""), "warn": "", "effect": rule.effect, "source": "新的依据", "document": "某号",
        "extension": "", "approver": "",
    }  # fmt: skip
    answer = admin.post(reverse("admin:clock", args=[code]), {"do": "preview", **form})
    assert answer.status_code == 200 and "还没有发布" in answer.content.decode()
    asked = 'id="f-limit"' in admin.get(reverse("admin:clock", args=[code])).content.decode()
    assert asked is (rule.limit is not None)  # none can be set for all where each case brings its own


def test_citizens_read_the_clocks_that_bind_offices() -> None:
    page = Client(headers={"Accept-Language": "zh-CN"}).get(reverse("hall:limits")).content.decode()
    assert "许可决定" in page and "20个工作日" in page and "行政许可法第四十二条第一款" in page and "未核实" in page
    assert reverse("hall:limits") in Client().get("/").content.decode()
