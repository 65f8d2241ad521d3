"""Doors: account and password with lock-out, second factors, a code by phone, a provider of identities."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse

from mashang.kernel import clock, vault
from mashang.ledger import queries as ledger
from mashang.org import actions, queries
from mashang.org.models import Account, Person, SignInCode

from .builders import DAY, NOW, PASSWORD, SYSTEM, grant, make_person, make_staff, make_unit

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/sign-in"
NUMBER = "350824199001010039"


@pytest.fixture(autouse=True)
def _here(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def staff_with(role: str = "handler", **changes: str) -> int:
    unit = make_unit()
    staff = make_staff(unit, username=f"wang{unit}", password=PASSWORD, **changes)
    grant(staff, role)
    return staff


def name_of(account: int) -> str:
    return Account.objects.get(pk=account).username


def press(client: Client, account: int, password: str = PASSWORD, **query: str) -> Any:
    return client.post(SIGN_IN, {"login": name_of(account), "password": password}, query_params=query)


def signed_in(client: Client) -> bool:
    return client.get(reverse("hall:notices")).status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


# ── account and password ──


def test_staff_sign_in_and_come_back_to_where_they_were_going(client: Client) -> None:
    staff = staff_with()
    answer = client.get(reverse("accounts:password"))
    assert answer.status_code == 302 and answer.url.startswith(f"{SIGN_IN}?next=")
    before = client.session.session_key
    answer = press(client, staff, next=reverse("accounts:password"))
    assert (answer.status_code, answer.url) == (302, reverse("accounts:password"))
    assert client.session.session_key != before  # the session's key is new after signing in
    assert signed_in(client)
    client.post(reverse("account_logout"))
    assert not signed_in(client)


def test_staff_without_an_address_to_go_to_start_at_the_desk(client: Client) -> None:
    assert press(client, staff_with()).url == "/desk/"


def test_the_sign_in_page_says_that_it_leads_back(client: Client) -> None:
    asked = client.get(reverse("accounts:password")).url
    assert "登录后回到刚才的页面" in client.get(asked).content.decode()
    assert "登录后回到刚才的页面" not in client.get(SIGN_IN).content.decode()


def test_a_part_of_a_page_that_asks_for_signing_in_comes_back_to_its_page(client: Client) -> None:
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/score"}
    answer = client.get("/desk/audit/proof/check/1/progress", headers=part)
    assert answer.headers["HX-Redirect"] == f"{SIGN_IN}?next=http%3A%2F%2Ftestserver%2Fdesk%2Fscore"


def test_staff_find_their_password_and_second_factor_in_the_menu(client: Client) -> None:
    press(client, staff_with())
    page = client.get("/desk/").content.decode()
    assert f'href="{reverse("mfa_index")}"' in page
    assert f'href="{reverse("accounts:password")}"' in client.get(reverse("mfa_index")).content.decode()


def test_citizens_who_sign_in_by_phone_are_offered_no_password_and_no_second_factor(
    client: Client, tmp_path: Path
) -> None:
    ask(client)
    client.post(reverse("accounts:phone_code"), {"code": latest_code(tmp_path)})
    client.post(reverse("accounts:phone_code"), {"name": "陈土根"})
    assert signed_in(client) and "登录安全" not in client.get("/").content.decode()
    recovery = ("mfa_view_recovery_codes", "mfa_generate_recovery_codes")
    for name in ("accounts:password", "mfa_index", "mfa_activate_totp", "mfa_deactivate_totp", *recovery):
        assert client.get(reverse(name)).status_code == client.post(reverse(name)).status_code == 404, name
    assert not Authenticator.objects.exists()


def test_an_error_leads_staff_home_to_their_desk_and_citizens_to_the_hall(client: Client) -> None:
    assert 'href="/">回首页</a>' in client.get("/no-such-page").content.decode()
    press(client, staff_with())
    assert 'href="/desk/">回首页</a>' in client.get("/no-such-page").content.decode()


def test_nobody_is_sent_to_a_foreign_address(client: Client) -> None:
    assert press(client, staff_with(), next="https://evil.example/").url == "/desk/"


def test_a_wrong_password_and_an_unknown_account_are_told_apart_by_nothing(client: Client) -> None:
    wrong = press(client, staff_with(), "wrong-password").content.decode()
    unknown = client.post(SIGN_IN, {"login": "nobody", "password": "wrong-password"}).content.decode()
    texts = [re.findall(r"用户名[^<]*不正确[^<]*|[^<>]*密码[^<]*不正确[^<]*", page) for page in (wrong, unknown)]
    assert texts[0] and texts[0] == texts[1]
    assert "wrong-password" not in wrong


def test_five_wrong_passwords_lock_the_account_here_even_for_the_right_one(client: Client) -> None:
    staff = staff_with()
    codes = [press(client, staff, "wrong-password").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 200, 429]
    locked = press(client, staff)
    assert locked.status_code == 429 and "15分钟后再试" in locked.content.decode()
    assert AccessAttempt.objects.get().failures_since_start >= 5
    assert not signed_in(client)
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert press(elsewhere, staff).status_code == 302  # others cannot shut someone out


def test_a_closed_account_and_one_without_identity_open_nothing(client: Client) -> None:
    staff = staff_with()
    press(client, staff)
    assert signed_in(client)
    actions.let_go(staff, by=SYSTEM, now=clock.now())
    assert not signed_in(client)
    assert press(client, staff).status_code in (200, 302) and not signed_in(client)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(client: Client) -> None:
    staff, other = staff_with(), Client()
    press(client, staff)
    press(other, staff)
    form = {"old": PASSWORD, "password": "Jiulong-River-88", "again": "Jiulong-River-88"}
    assert "密码已修改" in client.post(reverse("accounts:password"), form).content.decode()
    assert signed_in(client) and not signed_in(other)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"old": "nope", "password": "Jiulong-River-88", "again": "Jiulong-River-88"}, "原密码不正确"),
        ({"old": PASSWORD, "password": "Jiulong-River-88", "again": "Jiulong-River-89"}, "不一致"),
        ({"old": PASSWORD, "password": "12345678", "again": "12345678"}, "数字"),  # short, common, digits: all told
    ],
)
def test_a_bad_new_password_is_refused_with_reasons(client: Client, form: dict[str, str], field: str) -> None:
    press(client, staff_with())
    answer = client.post(reverse("accounts:password"), form)
    assert answer.status_code == 422 and field in answer.content.decode()


def test_an_idle_session_ends_and_staff_wait_less_than_citizens(
    client: Client, monkeypatch: Any, settings: Any
) -> None:
    press(client, staff_with())
    assert signed_in(client)
    start = time.time()
    monkeypatch.setattr(time, "time", lambda: start + settings.MASHANG_IDLE_SECONDS["staff"] - 5)
    assert signed_in(client)
    monkeypatch.setattr(time, "time", lambda: start + 3 * settings.MASHANG_IDLE_SECONDS["staff"])
    assert not signed_in(client)
    assert settings.MASHANG_IDLE_SECONDS["staff"] < settings.MASHANG_IDLE_SECONDS["person"]


def test_a_session_that_is_used_all_day_ends_after_twelve_hours(
    client: Client, monkeypatch: Any, settings: Any
) -> None:
    press(client, staff_with())
    start, step = time.time(), settings.MASHANG_IDLE_SECONDS["staff"] - 60
    still = []
    for passed in range(0, settings.SESSION_COOKIE_AGE + 2 * step, step):
        monkeypatch.setattr(time, "time", lambda passed=passed: start + passed)
        still.append((passed, signed_in(client)))
    assert [passed for passed, held in still if held] == [p for p, _ in still if p <= settings.SESSION_COOKIE_AGE]
    assert not still[-1][1]


def test_a_signed_in_page_costs_one_statement_at_the_gate(client: Client, django_assert_num_queries: Any) -> None:
    press(client, staff_with())
    client.get(reverse("mfa_index"))
    with django_assert_num_queries(1):  # the session; a page of another user than the public costs no more here
        client.get(reverse("account_inactive"))


# ── second factors ──


def test_a_role_of_trust_opens_nothing_before_the_second_factor(client: Client, settings: Any) -> None:
    settings.MASHANG_MFA = True
    press(client, staff_with("office"))
    assert client.get(reverse("accounts:password")).url == reverse("mfa_activate_totp")
    settings.MASHANG_MFA = False  # demo mode
    assert signed_in(client)


def test_the_second_factor_is_set_up_asked_for_and_replaced_by_a_recovery_code_once(
    client: Client, settings: Any
) -> None:
    settings.MASHANG_MFA = True
    staff = staff_with("admin")
    press(client, staff)
    confirm = client.get(reverse("mfa_activate_totp")).url  # the password again, before the first factor is set up
    assert confirm.startswith(reverse("account_reauthenticate"))
    assert "密码不正确，请重新输入。" in client.post(confirm, {"password": "wrong"}).content.decode()
    page = client.post(confirm, {"password": PASSWORD}, follow=True).content.decode()
    assert "您的角色按规定须用两步验证登录" in page
    assert "验证码不对或已经用过" in client.post(reverse("mfa_activate_totp"), {"code": "0"}).content.decode()
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", page)[1]  # type: ignore[index]
    assert "data:image/svg+xml" in page
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert answer.url == reverse("mfa_view_recovery_codes")
    recovery = re.findall(r"<li><code>(\d+)</code></li>", client.get(answer.url).content.decode())
    assert len(recovery) == 10
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored and recovery[0] not in stored  # sealed
    assert signed_in(client)  # at once, although what was kept of the session knows of no factor
    for code, good in (("000000", False), (recovery[0], True), (recovery[0], False)):
        again = Client()
        assert press(again, staff).url == reverse("mfa_authenticate")
        assert not signed_in(again)
        again.post(reverse("mfa_authenticate"), {"code": code})
        assert signed_in(again) is good
    assert "没有用过的恢复码：9 个。" in client.get(reverse("mfa_index")).content.decode()


def test_who_sets_up_a_second_factor_freely_is_not_told_that_their_role_must(client: Client) -> None:
    press(client, staff_with())
    confirm = client.get(reverse("mfa_activate_totp")).url
    page = client.post(confirm, {"password": PASSWORD}, follow=True).content.decode()
    assert "扫描二维码" in page and "您的角色按规定" not in page


# ── code by phone ──


def sent(tmp_path: Path) -> list[dict[str, str]]:
    files = sorted((tmp_path / "outbox").glob("code-*.json"), key=lambda f: f.stat().st_mtime_ns)
    return [json.loads(f.read_text(encoding="utf-8")) for f in files]


def ask(client: Client, phone: str = "13800138000") -> Any:
    return client.post(reverse("accounts:phone"), {"phone": phone})


def latest_code(tmp_path: Path) -> str:
    return re.search(r"验证码(\d{6})", sent(tmp_path)[-1]["text"])[1]  # type: ignore[index]


def test_a_citizen_signs_in_by_phone_and_gives_a_name_the_first_time(client: Client, tmp_path: Path) -> None:
    assert ask(client).url == reverse("accounts:phone_code")
    assert sent(tmp_path)[0]["to"] == "13800138000"
    page = client.post(reverse("accounts:phone_code"), {"code": latest_code(tmp_path)}).content.decode()
    assert "姓名或单位全称" in page and not signed_in(client)
    answer = client.post(reverse("accounts:phone_code"), {"name": "陈土根"})
    assert answer.status_code == 302 and answer.url == "/" and signed_in(client)
    (person,) = queries.find_person(phone="13800138000")
    assert person.name == "陈某某" and person.account is not None

    SignInCode.objects.update(sent_at=NOW - DAY)
    again = Client()
    ask(again)
    again.post(reverse("accounts:phone_code"), {"code": latest_code(tmp_path)})
    assert signed_in(again)  # known by now: no name is asked


def test_a_person_registered_at_the_counter_is_taken_over_only_under_the_same_name(
    client: Client, tmp_path: Path
) -> None:
    person = make_person("陈土根", phone="13800138000")
    now = clock.now()
    other = actions.account_for_phone("13800138000", "林清", now=now)
    assert other is not None and queries.person(person).account is None
    SignInCode.objects.all().delete()
    third = make_person("郑阿妹", phone="13900139000")
    assert actions.account_for_phone("13900139000", "郑阿妹", now=now) == queries.person(third).account


def prove(client: Client, tmp_path: Path, phone: str = "13800138000") -> None:
    SignInCode.objects.update(sent_at=NOW - DAY)
    ask(client, phone)
    client.post(reverse("accounts:phone_code"), {"code": latest_code(tmp_path)})


def say_who(client: Client, name: str, number: str, kind: str = "natural") -> Any:
    return client.post(reverse("accounts:phone_code"), {"name": name, "number": number, "kind": kind})


@pytest.mark.parametrize("has_account", [True, False])
def test_name_and_number_bind_the_proved_phone_to_whom_a_counter_registered(
    client: Client, tmp_path: Path, has_account: bool
) -> None:
    person = make_person("陈土根", phone="13800138000", number=NUMBER)
    if has_account:
        actions.open_account(person, "tugen", PASSWORD, by=SYSTEM, now=NOW)
    prove(client, tmp_path)
    answer = say_who(client, " 陈土根", NUMBER.lower())
    assert (answer.status_code, answer.url) == (302, "/") and signed_in(client)
    row = Person.objects.get()
    assert (row.pk, row.phone_signs_in) == (person, True)
    last = ledger.history(f"org/person:{person}")[-1]
    assert last.verb == ("person.phone_bound" if has_account else "account.opened")
    assert last.facts == {"person": person, "account": row.account_id}
    again = Client()
    prove(again, tmp_path)
    assert signed_in(again)  # nothing is asked any more


NO_SUCH = "没有找到姓名、证件号码和手机号都相符的登记"


@pytest.mark.parametrize(
    ("name", "number", "phone", "kind"),
    [
        ("林清", NUMBER, "13800138000", "natural"),  # another name
        ("陈土根", "350824190001010011", "13800138000", "natural"),  # a number that nobody has
        ("陈土根", NUMBER, "13900139000", "natural"),  # another phone
    ],
)
def test_what_does_not_match_is_refused_in_one_sentence_and_binds_nobody(
    client: Client, tmp_path: Path, name: str, number: str, phone: str, kind: str
) -> None:
    person = make_person("陈土根", phone="13800138000", number=NUMBER)
    prove(client, tmp_path, phone)
    answer = say_who(client, name, number, kind)
    assert answer.status_code == 422 and NO_SUCH in answer.content.decode() and not signed_in(client)
    assert [(p.pk, p.account) for p in Person.objects.all()] == [(person, None)]


def test_whoever_tries_numbers_has_no_more_tries_than_the_code_left(client: Client, tmp_path: Path) -> None:
    make_person("陈土根", phone="13800138000", number=NUMBER)
    prove(client, tmp_path)
    answers = [say_who(client, "陈阿根", NUMBER).content.decode() for _ in range(4)]
    assert all(NO_SUCH in answer for answer in answers)
    assert "核对次数过多" in say_who(client, "陈土根", NUMBER).content.decode() and not signed_in(client)
    prove(client, tmp_path)
    assert say_who(client, "陈土根", NUMBER).status_code == 302


@pytest.mark.parametrize("has_account", [True, False])
def test_who_signed_in_without_a_number_binds_it_later(client: Client, tmp_path: Path, has_account: bool) -> None:
    prove(client, tmp_path)
    say_who(client, "陈土", "")  # a slip: a new person
    person = make_person("陈土根", phone="13800138000", number=NUMBER)
    if has_account:
        actions.open_account(person, "tugen", PASSWORD, by=SYSTEM, now=NOW)
    assert "绑定本人身份" in client.get("/my").content.decode()
    bind = reverse("accounts:identity")
    wrong = client.post(bind, {"name": "陈土", "number": NUMBER})
    assert wrong.status_code == 422 and NO_SUCH in wrong.content.decode()
    assert "请填写证件号码" in client.post(bind, {"name": "陈土根", "number": ""}).content.decode()
    assert client.post(bind, {"name": "陈土根", "number": NUMBER}).status_code == 302
    bound = Person.objects.get(pk=person)
    assert bound.phone_signs_in and Person.objects.exclude(pk=person).get().account is None
    assert ledger.history(f"org/person:{person}")[-1].verb == "person.phone_bound"
    assert int(client.session["_auth_user_id"]) == bound.account_id
    assert "绑定本人身份" not in client.get("/my").content.decode()
    assert "不用再绑定" in client.get(bind).content.decode()
    once = client.post(bind, {"name": "陈土根", "number": NUMBER})
    assert once.status_code == 422 and "不用再绑定" in once.content.decode()


def test_staff_have_nobody_to_bind(client: Client) -> None:
    press(client, staff_with())
    assert client.get(reverse("accounts:identity")).status_code == 404


def test_a_firm_signs_in_by_phone_and_gives_its_name_the_first_time(client: Client, tmp_path: Path) -> None:
    ask(client)
    client.post(reverse("accounts:phone_code"), {"code": latest_code(tmp_path)})
    page = client.post(reverse("accounts:phone_code"), {"kind": "legal", "name": ""})
    assert page.status_code == 422 and re.search(r'value="legal" checked', page.content.decode())
    assert (
        client.post(reverse("accounts:phone_code"), {"kind": "shop", "name": "武平某某建材有限公司"}).status_code == 422
    )
    assert client.post(reverse("accounts:phone_code"), {"kind": "legal", "name": "武平某某建材有限公司"}).url == "/"
    (firm,) = queries.find_person(phone="13800138000")
    assert (firm.kind, firm.name, firm.number) == ("legal", "武平某某建材有限公司", "") and signed_in(client)


def test_a_firm_registered_at_the_counter_is_taken_over_only_as_a_firm_under_the_same_name(tmp_path: Path) -> None:
    firm = make_person("武平某某建材有限公司", phone="13800138000", kind="legal", number="91350100M000100Y43")
    now = clock.now()
    stranger = actions.account_for_phone("13800138000", "武平某某建材有限公司", "natural", now=now)
    assert stranger is not None and queries.person(firm).account is None
    other = make_person("龙岩某某茶业有限公司", phone="13900139000", kind="legal")
    assert (
        actions.account_for_phone("13900139000", "龙岩某某茶业有限公司", "legal", now=now)
        == queries.person(other).account
    )


def test_five_wrong_codes_spend_the_code_in_every_browser(client: Client, tmp_path: Path) -> None:
    ask(client)
    right = latest_code(tmp_path)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for n in range(5):
        browser = client if n % 2 else Client()
        session = browser.session
        session["code_phone"] = vault.seal("13800138000").hex()
        session.save()
        assert "验证码不正确" in browser.post(reverse("accounts:phone_code"), {"code": wrong}).content.decode()
    assert "重新获取" in client.post(reverse("accounts:phone_code"), {"code": right}).content.decode()
    assert not signed_in(client)


def test_a_code_works_once_and_five_minutes(client: Client, tmp_path: Path) -> None:
    with clock.at(NOW):
        ask(client)
    code = latest_code(tmp_path)
    with clock.at(NOW + actions.codes.LIFE):
        assert "失效" in client.post(reverse("accounts:phone_code"), {"code": code}).content.decode()
    with clock.at(NOW + actions.codes.LIFE / 2):
        assert "姓名或单位全称" in client.post(reverse("accounts:phone_code"), {"code": code}).content.decode()
        other = Client()
        session = other.session
        session["code_phone"] = vault.seal("13800138000").hex()
        session.save()
        assert "失效" in other.post(reverse("accounts:phone_code"), {"code": code}).content.decode()


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [
        ([0, 0.5], "一分钟后"),  # too soon
        ([0, 2, 4, 6, 8, 10], "一小时后"),  # the sixth within the hour
        ([0, 2, 4, 6, 8, 61], ""),  # an hour after the first
    ],
)
def test_codes_are_sent_sparingly(client: Client, minutes: list[float], answer: str) -> None:
    for minute in minutes:
        with clock.at(NOW + DAY * minute / 1440):
            last = ask(client)
    assert (answer in last.content.decode()) if answer else last.status_code == 302


def test_a_new_code_is_asked_for_beside_the_old_and_the_way_on_is_kept(client: Client, tmp_path: Path) -> None:
    page = client.post(f"{reverse('accounts:phone')}?next=/my", {"phone": "13800138000"}, follow=True).content.decode()
    assert f'action="{reverse("accounts:phone")}?next=%2Fmy"' in page and 'name="phone" value="13800138000"' in page
    assert f'href="{reverse("accounts:phone")}?next=%2Fmy">换一个手机号' in page


def test_what_is_no_mobile_number_is_refused_at_its_field(client: Client, tmp_path: Path) -> None:
    answer = ask(client, "0597-1234567")
    assert answer.status_code == 422 and "请填写11位手机号" in answer.content.decode()
    assert not (tmp_path / "outbox").exists()


# ── the page ──


def test_demo_accounts_stand_on_the_page_in_demo_mode_only(client: Client, settings: Any) -> None:
    staff_with(demo_label="窗口人员")
    assert PASSWORD not in client.get(SIGN_IN).content.decode()
    settings.DEMO = True
    page = client.get(SIGN_IN).content.decode()
    assert PASSWORD in page and "窗口人员" in page


def test_the_page_speaks_english_when_asked(client: Client) -> None:
    page = client.get(SIGN_IN, headers={"Accept-Language": "en"})
    assert page.status_code == 200 and 'lang="en"' in page.content.decode()


@pytest.mark.parametrize(
    "path", ["/accounts/signup/", "/accounts/email/", "/accounts/password/reset/", "/accounts/login/"]
)
def test_the_librarys_other_doors_do_not_exist(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
