"""Nonsense into every page: addresses, parameters, forms. Always an answer with its reason, never a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from mashang.cases.models import Case
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org.models import Account

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
BY = Actor.system("test")
NONSENSE = (
    "", "-1", "0", "99999999999999999999999999", "1e309", "NaN", "null", "[]", "{}", "true", "'; DROP TABLE cases_case; --",
    "\\", "%", "_%\\_", "…" * 3000, "🏠", "١٢", "²", "e5", "1_0", "\u202e", "../../../etc/passwd", "0001-01-01T00:00:00+14:00", "9999-12-31",
    "2026-02-30", "WyJ4IiwgMV0", "W251bGwsIHRydWVd", "WzEsWzJdXQ", "IkEi", "a:b&c|d!(e)<->f", "''", "\r\nSet-Cookie: a=b", "武平-事-2026-000001",
)  # fmt: skip
"""The last but some are cursors that nobody gave out: a text for an instant, a truth for an id, lists, a word."""
PARAMETERS = (
    "q", "after", "tab", "whose", "kind", "channel", "unit", "region", "state", "late", "supervised", "numbers", "number", "code",
    "part", "period", "scheme", "month", "place", "what", "from", "to", "title", "step", "who", "right", "case", "page", "next",
    "day", "year", "elder", "wall", "lang", "w-total",
)  # fmt: skip
RAW = ("%00", "%ED%A0%80", "%FF", "%", "%zz", "a%00b")
SKIPPED = frozenset({"account_logout"})


@pytest.fixture
def official(sign_in: Callable[[str], Client], settings: Any) -> Client:
    """Somebody who holds nearly every role, so that every page of the desk is behind no gate."""
    settings.MASHANG_MFA = False
    staff = Account.objects.get(username="townlead").pk
    for role in ("clerk", "dispatcher", "inspector", "office", "leader", "catalogue_editor", "admin"):
        org_actions.grant_role(org_actions.NewGrant(staff, role), by=BY, now=BEGAN)
    org.actor_for(staff)
    return sign_in("townlead")


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route outside the API (which answers to a suite of its own): its name, its text, its converters."""

    def gather(
        patterns: list[URLPattern | URLResolver], space: str, route: str
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from gather(
                    one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space, route + str(one.pattern)
                )
            elif one.name and one.name not in SKIPPED:
                yield space + one.name, route + str(one.pattern), one.pattern.converters

    return (found for found in gather(get_resolver().url_patterns, "", "") if not found[0].startswith("api:"))


def addresses(number: str, fill: Callable[[str, str], str]) -> list[str]:
    """An address of each route; `fill` gives the value of a parameter by its name and the kind of its converter."""
    made = []
    for _, route, _ in routes():
        text = re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: fill(m[2], m[1] or "str"), route)
        made.append("/" + text.replace("^", "").replace("$", "").replace("\\Z", ""))
    return made


def sensible(number: str) -> Callable[[str, str], str]:
    known = {"number": quote(number), "action": "withdraw", "code": "rural-house", "part": "approval", "form": "walk"}
    return lambda name, kind: known.get(name, "1" if kind == "int" else "x")


def troubles(client: Client, asked: Iterator[tuple[str, Callable[[], Any]]]) -> list[str]:
    return [f"{what}: {answer.status_code}" for what, ask in asked if (answer := ask()).status_code >= 500]


@pytest.mark.parametrize("login", ["official", "citizen", ""])
def test_no_page_breaks_on_nonsense_in_its_parameters(login, official, story, sign_in):
    client = official if login == "official" else sign_in(login) if login else Client(raise_request_exception=False)
    pages = addresses(story.number, sensible(story.number))

    def asked() -> Iterator[tuple[str, Callable[[], Any]]]:
        for path in pages:
            for nonsense in NONSENSE:
                query = dict.fromkeys(PARAMETERS, nonsense[:2000])
                yield f"{path} {nonsense[:40]!r}", lambda path=path, query=query: client.get(path, query)

    with clock.at(BEGAN):
        assert troubles(client, asked()) == []


def test_bytes_that_are_no_text_are_refused_or_read_as_something_else_everywhere(official, story):
    pages = addresses(story.number, sensible(story.number))

    def asked() -> Iterator[tuple[str, Callable[[], Any]]]:
        for path in pages:
            for raw in RAW:
                query = "&".join(f"{name}={raw}" for name in ("q", "after", "number", "tab", "period"))
                yield f"{path}?{raw}", lambda path=path, query=query: official.get(f"{path}?{query}")

    with clock.at(BEGAN):
        assert troubles(official, asked()) == []


@pytest.mark.parametrize(
    "value", ["%00", "%ED%A0%80", "..%2F..%2Fetc", "9" * 30, "-", "' OR 1=1", "%0d%0aX: y", "x" * 3000]
)
def test_no_page_breaks_on_nonsense_in_its_address(value, official, story):
    def fill(name: str, kind: str) -> str:
        return value if kind != "int" else ("9" * 30 if not value.isdigit() else value)

    with clock.at(BEGAN):
        pages = [path for path in addresses(story.number, fill) if "%" in path or "9" in path or "x" in path]
        assert troubles(official, ((p, lambda p=p: official.get(p)) for p in pages)) == []
        assert troubles(official, ((p, lambda p=p: official.post(p)) for p in pages)) == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "MADE-UP"])
def test_a_method_that_a_page_does_not_know_is_told_so_and_changes_nothing(method, official, story):
    before = Case.objects.get(number=story.number).revision

    def asked() -> Iterator[tuple[str, Callable[[], Any]]]:
        for path in addresses(story.number, sensible(story.number)):
            yield f"{method} {path}", lambda path=path: official.generic(method, path)

    with clock.at(BEGAN):
        assert troubles(official, asked()) == []
    assert Case.objects.get(number=story.number).revision == before
    assert Case.objects.count() == 1


FORMS = re.compile(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", re.S | re.I)
ACTION = re.compile(r"<form\b[^>]*action=\"([^\"]*)\"", re.I)
NAMES = re.compile(r"<(?:input|select|textarea)\b[^>]*\bname=\"([^\"]+)\"", re.I)


def forms_on(page: str, path: str) -> Iterator[tuple[str, list[str]]]:
    """Where each form of a page is sent, and its fields."""
    for form in FORMS.findall(page):
        action = ACTION.search(form)
        target = unescape(action[1]) if action and action[1] else path
        names = [n for n in dict.fromkeys(map(unescape, NAMES.findall(form))) if n != "csrfmiddlewaretoken"]
        if "logout" not in target:
            yield target, names


@pytest.mark.parametrize("login", ["official", "citizen", ""])
def test_no_form_breaks_on_nonsense_in_its_fields_and_what_was_typed_is_kept(login, official, story, sign_in):
    client = official if login == "official" else sign_in(login) if login else Client(raise_request_exception=False)
    with clock.at(BEGAN):
        targets: dict[str, list[str]] = {}
        view = story.case
        actions = [
            f"/desk/case/{quote(story.number)}/do/{a}/{s.pk}"
            for a in ("accept", "notice", "propose_refusal")
            for s in view.steps.all()
        ]
        pages = addresses(story.number, sensible(story.number))
        pages += [
            *actions,
            "/apply/rural-house/approval?member=yes&building=new&farmland=no",
            f"/my/{quote(story.number)}/do/withdraw",
        ]
        for path in pages:
            answer = client.get(path)
            if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
                targets |= dict(forms_on(answer.content.decode(), path))
        assert len(targets) > (3 if login else 1)

        def asked() -> Iterator[tuple[str, Callable[[], Any]]]:
            for target, names in targets.items():
                for nonsense in (*NONSENSE, "x\x00y", "\x07"):
                    data = {name: nonsense for name in names if name != "key"}
                    what = f"POST {target} {nonsense[:40]!r}"
                    yield what, lambda target=target, data=data: client.post(target, data)

        assert troubles(client, asked()) == []


def test_a_refused_form_says_what_is_wrong_at_each_field_and_keeps_what_was_typed(sign_in):
    with clock.at(BEGAN):
        answer = sign_in("citizen").post(
            "/apply/rural-house/approval",
            {"region": "350824105", "applicant.name": "陈小明", "applicant.phone": "123", "floors": "九层", "key": "k"},
        )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "陈小明" in page
    assert "九层" in page
    assert page.count('class="fault') + page.count("wrong") > 3


def test_a_nul_in_any_field_is_refused_with_its_sentence(sign_in, story):
    client = sign_in("citizen")
    for path in ("/apply/rural-house/approval", f"/my/{story.number}/do/withdraw", "/drafts/walk", "/track"):
        answer = client.post(path, {"reason": "不办\x00了", "q": "a"})
        assert answer.status_code == 400
        assert "控制字符" in answer.content.decode()
    assert story.case.state == "submitted"


def test_a_form_that_is_no_form_is_refused(sign_in):
    client = sign_in("citizen")
    for kind, body in (
        ("multipart/form-data", b"no boundary"), ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/json", b'{"a": '), ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"), ("\xff", b"a=b"),
    ):  # fmt: skip
        answer = client.generic("POST", "/apply/rural-house/approval", body, content_type=kind)
        assert 400 <= answer.status_code < 500, (kind, answer.status_code)
