"""What the API answers to what it should not be sent."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from mashang.api import base, catalogue, problems
from mashang.api.lean import spoken
from mashang.cases import queries, rules

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


BAD_BODIES = [
    ("{", 400, "malformed.json"),  # cut off
    (b"\xff\xfe{}", 400, "malformed.json"),  # not UTF-8
    ('{"limit": NaN}', 400, "malformed.json"),  # no JSON at all, though Python would read it
    ('{"entry": 1' + "0" * 30 + "}", 400, "malformed.json"),  # beyond what the database can hold
    ("[" * 100_000, 400, "malformed.json"),  # no end
    ('{"answers": ' + '{"a":' * 40 + "1" + "}" * 41, 400, "malformed.depth"),
    ("[]", 422, "form.model_type"),
    ("", 422, "form.missing"),
    ('{"entry": "a\\u0000b", "region": "350824"}', 422, "form.nul"),
    ('{"entry": "a\\ud800b", "region": "350824"}', 422, "form.string_unicode"),  # half a character
    ('{"entry": "none", "region": "350824"}', 404, "not-found"),
    ('{"entry": "rural-house", "region": "建阳"}', 422, "form.string_pattern_mismatch"),
    ('{"entry": "rural-house", "region": "350824", "materials": {"identity": 0}}', 422, "form.greater_than_equal"),
    ('{"entry": "rural-house", "region": "350824", "odd": 1}', 422, "form.extra_forbidden"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=[str(b)[:30] for b, _, _ in BAD_BODIES])
def test_a_bad_body_is_a_problem_not_a_fault_of_ours(system, body, status, code):
    response = system.post("/cases", body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"


BAD_ADDRESSES = [
    ("/cases/a%00b", 400),
    ("/cases?words=%00", 400),
    ("/cases?limit=0", 400),
    ("/cases?limit=9999999999999999999999", 400),
    ("/cases?updated_since=0001-01-01T00:00:00%2B14:00", 400),
    ("/cases?updated_since=2026-03-02", 400),  # no time, no zone
    ("/cases?after=rubbish", 400),
    ("/cases?after=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgMV0", 400),  # a cursor of the year 1, in a zone before it
    ("/cases?unit=-1", 400),
    ("/documents/99999999999999999999", 400),
    ("/documents/abc", 400),
    ("/catalogue/" + "x" * 100, 400),
    ("/cases/%E6%AD%A6%ff", 404),
    ("/nowhere", 404),
    ("", 404),
    ("/", 404),
]


@pytest.mark.parametrize(("path", "status"), BAD_ADDRESSES)
def test_a_bad_address_is_a_problem(system, path, status):
    response = system.get(path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]


def test_a_bad_parameter_is_named(system):
    errors = system.get("/cases?limit=0&unit=x").json()["errors"]
    assert {e["parameter"] for e in errors} == {"limit", "unit"}


EMPTIED = [
    ("/cases", {"entry": "", "region": "350824"}, {}, "#/entry"),
    ("/cases", {"entry": "rural-house", "region": "350824"}, {"Idempotency_Key": ""}, ""),
]


@pytest.mark.parametrize(("path", "body", "headers", "pointer"), EMPTIED)
def test_an_empty_text_is_told_at_its_place(system, path, body, headers, pointer):
    response = system.post(path, body, **headers)
    assert response.status_code == (400 if headers else 422)
    assert response.headers["Content-Type"] == "application/problem+json"
    [error] = response.json()["errors"]
    assert (error["detail"], error["pointer"]) == ("请填写这一项。", pointer)


def test_a_text_that_is_too_short_is_told_how_long_it_must_be():
    no = {"type": "string_too_short", "loc": ("reason",), "ctx": {"min_length": 5}}
    assert rules.fault_of(no).text == "太短了，请至少写 5 个字。"


def test_a_body_without_its_length_is_refused_and_not_taken_for_none(system):
    response = system.post("/cases", "", Transfer_Encoding="chunked")
    assert (response.status_code, response.json()["code"]) == (411, "malformed.length")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_the_description_is_only_read(system, path):
    response = system.call("DELETE", path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_fault_in_the_telling_of_a_fault_is_a_problem_too(system, monkeypatch):
    monkeypatch.setattr(problems, "_fault", None)
    response = system.get("/cases?limit=0")
    assert (response.status_code, response.headers["Content-Type"]) == (500, "application/problem+json")


def test_other_methods_are_told_which_are_allowed(system):
    response = system.call("DELETE", "/cases")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_an_oversize_body_is_refused_unread(system):
    response = system.post("/cases", b" " * (base.MAX_JSON + 1))
    assert (response.status_code, response.json()["code"]) == (413, "malformed.too-large")


def test_another_kind_of_body_is_not_taken(system):
    headers = {"Authorization": f"Bearer {system.token}", "Idempotency-Key": "k"}
    response = Client().post("/api/v1/cases", "entry=x", content_type="text/plain", headers=headers)
    assert response.status_code == 415


UPLOADS = [
    ("a.pdf", b"", 422, "document.empty"),
    ("a.pdf", b"MZ", 422, "document.type"),
    ("a.png", b"%PDF-1.7", 422, "document.ending"),
    ("a.pdf", b"%PDF-" + b" " * (20 * 1024 * 1024), 413, "document.size"),
]


@pytest.mark.parametrize(("name", "data", "status", "code"), UPLOADS)
def test_a_wrong_file_is_refused(system, name, data, status, code):
    response = system.upload(name, data)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["errors"][0]["parameter"] == "file"


def test_a_broken_upload_is_a_problem(system):
    headers = {"Authorization": f"Bearer {system.token}"}
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\nrubbish"),
        ("text/plain", b"x"),
    ):
        response = Client().generic("POST", "/api/v1/documents", body, content_type=kind, headers=headers)
        assert response.status_code in (400, 422), kind
        assert response.headers["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_is_told_without_its_insides(system, monkeypatch, caplog):
    def broken(*_args, **_more):
        raise RuntimeError("secret")

    monkeypatch.setattr(queries, "page_json", broken)
    response = system.get("/cases")
    assert (response.status_code, "secret" in response.content.decode()) == (500, False)
    assert "secret" in caplog.text


def test_answers_carry_no_cookie_and_may_not_be_kept_or_framed(system):
    response = system.get("/cases")
    assert not response.cookies
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "spoken_in"),
    [
        ("", "zh-hans"),
        ("en", "en"),
        ("en-US,zh", "en"),
        ("zh-TW", "zh-hans"),
        ("de,en;q=0.1", "en"),
        ("*", "zh-hans"),
        ("!", "zh-hans"),
    ],
)
def test_the_language_is_the_first_accepted_one_that_is_spoken(asked, spoken_in):
    assert spoken(asked) == spoken_in


def test_the_catalogue_is_read_page_by_page(system):
    seen, after = [], ""
    while True:
        page = system.get(f"/catalogue?limit=400&after={after}").json()
        seen += [e["code"] for e in page["items"]]
        if not (after := page["next"]):
            break
    assert seen == sorted(set(seen))
    assert "rural-house" in seen
    assert [e["code"] for e in system.get("/catalogue?words=农村建房&shape=package").json()["items"]][
        0
    ] == "rural-house"


def test_guide_and_form_say_what_the_hall_says(system):
    guide = system.get("/catalogue/rural-house/guide").json()
    assert (guide["before"]["applications"], guide["now"]["applications"]) == (6, 2)
    form = system.get("/catalogue/rural-house/form?part=approval").json()
    assert "applicant" in {f["code"] for f in form["fields"]}
    assert len(form["materials"]) == 5
    assert system.get("/catalogue/rural-house/form?part=none").status_code == 404
    assert system.get("/catalogue/rural-house").json()["definition"]["shape"] == "package"
    assert catalogue.router.tags == ["catalogue"]


def test_the_docs_page_loads_nothing_from_elsewhere():
    page = Client().get("/api/v1/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "//" not in text.replace("http://www.w3.org", "").split("<title>")[0].replace("</", "")
    assert "cdn" not in text
    assert json.loads(Client().get("/api/v1/openapi.json").content)["openapi"].startswith("3.1")
