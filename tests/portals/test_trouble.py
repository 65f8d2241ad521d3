"""What someone sees when a thing goes wrong: always a page, always what to do next."""

from __future__ import annotations

import io
from types import ModuleType

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.org import rights
from mashang.portals.shared import errors
from mashang.site import urls as real

NOS = {
    "missing": NotFound(),
    "forbidden": Forbidden(),
    "state": Refused("conflict.state", "这一步已经办完了。"),
    "cursor": Refused("page.cursor", "翻页地址不对，请从第一页看起。"),
    "size": Refused("document.size", "文件超过 20 MB。"),
    "rate": Refused("codes.too-many", "验证码发得太勤，请稍后再试。"),
    "form": Refused.of([Fault("form.a", "缺姓名。", "name"), Fault("form.b", "缺电话。", "phone")]),
    "broken": RuntimeError("secret detail"),
    "denied": PermissionDenied(),
}


def say_no(request: HttpRequest, name: str) -> HttpResponse:
    raise NOS[name]


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("words", "") + ",".join(request.FILES))


@pytest.fixture
def client(settings, monkeypatch, db) -> Client:
    pages = ModuleType("pages_for_trouble")
    pages.urlpatterns = [*real.urlpatterns, path("no/<str:name>", say_no, name="no"), path("echo", echo, name="echo")]  # type: ignore[attr-defined]  # made on the spot
    for status in ("400", "403", "404", "500"):
        setattr(pages, f"handler{status}", getattr(real, f"handler{status}"))
    monkeypatch.setitem(__import__("sys").modules, "pages_for_trouble", pages)
    settings.ROOT_URLCONF = "pages_for_trouble"
    for name in ("no", "echo"):
        monkeypatch.setitem(rights.PAGES, name, "public")
    return Client(raise_request_exception=False, headers={"Accept-Language": "zh-CN"})


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("missing", 404, "没有找到您要的内容，请核对编号。"),
        ("forbidden", 403, "请联系本单位管理员"),
        ("state", 409, "这一步已经办完了。"),
        ("cursor", 400, "翻页地址不对"),
        ("size", 413, "文件超过 20 MB。"),
        ("rate", 429, "验证码发得太勤"),
        ("form", 422, "缺电话。"),
        ("broken", 500, "刷新，看是否已经办成"),
        ("denied", 403, "您没有办理这一事项的权限"),
    ],
)
def test_each_kind_of_no_has_its_status_and_its_sentence(client, name, status, words):
    answer = client.get(f"/no/{name}")
    html = answer.content.decode()
    assert answer.status_code == status
    assert words in html
    assert 'lang="en"' in html
    assert "secret detail" not in html


def test_all_faults_come_at_once(client):
    html = client.get("/no/form").content.decode()
    assert "有 2 处需要改正" in html
    assert "缺姓名。" in html


def test_english_readers_are_told_in_english(client):
    html = client.get("/no/state", headers={"Accept-Language": "en"}).content.decode()
    assert "Someone else acted first" in html
    assert "Go back to see how it stands now" in html and ">Back<" in html


def test_htmx_gets_a_fragment_for_the_notes_of_the_page(client):
    answer = client.get("/no/form", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "<html" not in answer.content.decode()
    assert "缺姓名。" in answer.content.decode()


def test_an_unknown_address_is_a_page_too(client):
    answer = client.get("/no-such-address")
    assert answer.status_code == 404
    assert "回首页" in answer.content.decode()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client, settings):
    settings.MASHANG_MAX_BODY = 1000
    body = io.BytesIO(b"x" * 5000)
    answer = client.generic(
        "POST", "/echo", b"", content_type="text/plain", CONTENT_LENGTH="5000", **{"wsgi.input": body}
    )
    assert answer.status_code == 413
    assert body.tell() == 0


def test_too_much_text_in_a_form_is_told_as_too_large(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert client.post("/echo", {"words": "长" * 500}).status_code == 413


def test_too_many_fields_are_told(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    answer = client.post("/echo", {f"f{i}": "x" for i in range(9)})
    assert answer.status_code == 400
    assert "请分次提交" in answer.content.decode()


@pytest.mark.parametrize("length", ["-1", "many", "1e9"])
def test_a_length_that_is_no_number_is_refused(client, length):
    assert client.generic("POST", "/echo", b"", CONTENT_LENGTH=length).status_code == 400


@pytest.mark.parametrize("address", ["/echo?q=a%00b", "/no/a%00b"])
def test_a_nul_in_an_address_is_refused(client, address):
    answer = client.get(address)
    assert answer.status_code == 400
    assert "不能识别的字符" in answer.content.decode()


def test_a_nul_in_a_field_is_refused_and_the_field_named(client):
    answer = client.post("/echo", {"words": "a\x00b"})
    assert answer.status_code == 400
    assert "控制字符" in answer.content.decode()


def test_a_nul_inside_a_file_is_none_of_our_business_here(client):
    answer = client.post("/echo", {"words": "好", "paper": SimpleUploadedFile("a.bin", b"\x00\x01")})
    assert answer.content.decode() == "好paper"


@pytest.mark.parametrize("kept", [True, False])
def test_a_form_that_stood_open_too_long_is_told_kindly_and_that_it_is_kept_only_where_it_is(client, kept):
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "zh-CN"})
    answer = strict.post("/echo", {"words": "x", **({"kept": "echo"} if kept else {})})
    assert answer.status_code == 403
    assert "页面停留太久" in answer.content.decode()
    assert ("填写的内容还在" in answer.content.decode()) is kept
    assert "您没有办理这一事项的权限" not in answer.content.decode()  # it is the page's age, not the person


@pytest.mark.parametrize(("before", "own_way"), [("/echo", False), ("/no/missing", True), ("/echo?part=2", False)])
def test_from_a_refused_form_the_way_back_is_its_address_and_not_the_page_before_it(client, before, own_way):
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "zh-CN"})
    html = strict.post("/echo", {"words": "x"}, headers={"Referer": f"http://testserver{before}"}).content.decode()
    assert ("data-back" in html) is own_way
    assert f'href="http://testserver{before}"' in html


def test_the_way_back_never_leads_to_another_site(client):
    html = client.get("/no/missing", headers={"Referer": "https://evil.example/x"}).content.decode()
    assert "evil.example" not in html


@pytest.mark.parametrize("status", sorted(errors.TROUBLES))
def test_every_trouble_has_a_title_a_way_on_and_english(status):
    trouble = errors.TROUBLES[status]
    assert str(trouble.title)
    assert str(trouble.text).endswith("。")
    assert trouble.english.isascii()
