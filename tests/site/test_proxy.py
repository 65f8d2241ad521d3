"""Behind a proxy that ends TLS: forms are taken, addresses are the visitor's; nobody else's word is believed."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import reverse

from mashang.site.proxies import behind

HOST, VISITOR, PROXY = "county.example", "203.0.113.7", "127.0.0.1"
FORWARDED = {"HTTP_X_FORWARDED_FOR": VISITOR, "HTTP_X_FORWARDED_PROTO": "https"}


def asked(
    path: str, data: dict[str, str] | None = None, *, sender: str = PROXY, **headers: str
) -> tuple[int, str, str]:
    """A request as a server hands it to the application that trusts the proxy: status, cookies, page."""
    body = urlencode(data or {}).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if data else "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": HOST,
        "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": HOST, "REMOTE_ADDR": sender, "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_ACCEPT_LANGUAGE": "zh-CN", **FORWARDED, **headers,
    }  # fmt: skip
    begun: list[Any] = []
    application = behind(get_wsgi_application())
    request_started.disconnect(close_old_connections)  # it would end the test's transaction
    try:
        page = b"".join(application(environ, lambda status, head, exc=None: begun.extend((status, head))))
    finally:
        request_started.connect(close_old_connections)
    cookies = "; ".join(value.partition(";")[0] for name, value in begun[1] if name == "Set-Cookie")
    return int(begun[0].split()[0]), cookies, page.decode()


@pytest.fixture(autouse=True)
def _served_through_tls(settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_SECURE = [HOST], True, True
    settings.MASHANG_PROXIES = [PROXY, "::1"]


def sign_in(**more: str) -> int:
    path = reverse("account_login")
    _, cookies, page = asked(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "login": "nobody", "password": "wrong"}
    return asked(path, form, HTTP_COOKIE=cookies, HTTP_ORIGIN=f"https://{HOST}", **more)[0]


@pytest.mark.django_db
def test_a_form_sent_through_the_proxy_is_taken_and_counted_under_the_visitors_address() -> None:
    assert sign_in() == 200  # the page again: the password is wrong, the form is not
    assert AccessAttempt.objects.get().ip_address == VISITOR


@pytest.mark.django_db
def test_the_word_of_a_stranger_is_not_taken() -> None:
    assert sign_in(sender="198.51.100.9") == 403  # says it came by TLS, and did not
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    ("given", "trusted"),
    [
        ({}, []),
        ({"MASHANG_HTTPS": "1"}, ["127.0.0.1", "::1"]),
        ({"MASHANG_HTTPS": "1", "MASHANG_PROXIES": "10.0.0.1, 10.0.0.2,"}, ["10.0.0.1", "10.0.0.2"]),
        ({"MASHANG_HTTPS": "1", "MASHANG_PROXIES": ""}, []),
    ],
)
def test_whose_word_is_taken_is_named_by_the_operator(given: dict[str, str], trusted: list[str]) -> None:
    assert asked_of("from mashang.site.settings import MASHANG_PROXIES; print(MASHANG_PROXIES)", given) == str(trusted)


def test_what_is_served_stands_behind_the_proxy() -> None:
    code = """
from mashang.site.wsgi import application
environ = dict(REQUEST_METHOD="GET", PATH_INFO="/nowhere", SERVER_NAME="h", SERVER_PORT="80", REMOTE_ADDR="127.0.0.1",
    HTTP_X_FORWARDED_FOR="203.0.113.7", HTTP_X_FORWARDED_PROTO="https")
environ |= {"wsgi.url_scheme": "http", "wsgi.input": __import__("io").BytesIO()}
application(environ, lambda *_: None)
print(environ["REMOTE_ADDR"], environ["wsgi.url_scheme"])"""
    assert asked_of(code, {"MASHANG_HTTPS": "1"}) == f"{VISITOR} https"


def asked_of(code: str, given: dict[str, str]) -> str:
    """The last line that a process of its own prints, with these settings and none of ours."""
    ours = {name: value for name, value in os.environ.items() if name not in ("MASHANG_HTTPS", "MASHANG_PROXIES")}
    done = subprocess.run([sys.executable, "-c", code], env=ours | given, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]
