"""Texts over the API: what comes back, where faults point, and that nothing but a scope opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mashang.text.training import read, train
from tests.text.sentences import labelled

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PHONE, MASKED = "13959871234", "139****1234"
LAMP = {"title": "青山小区路灯不亮", "body": f"青山小区的路灯整夜不亮，请尽快修理，电话{PHONE}"}
GOOD = {
    **LAMP, "id": "a", "reply": "您好，经现场核实，青山小区路灯因线路老化不亮，已于2026年3月5日更换线路并恢复照明。感谢您的监督。",
    "at": "2026-03-02T09:00:00+08:00", "replied_at": "2026-03-06T01:00:00Z",
}  # fmt: skip
BAD = {"id": "b", "title": "公交太少", "body": "东风路早上等一小时公交", "reply": "不归我们管"}


@pytest.fixture
def texts(admit):
    return admit("text:use", unit="武平县人民政府")


def points(answer: Any, status: int = 422) -> list[str]:
    assert answer.status_code == status, answer.content.decode()
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [fault["pointer"] for fault in answer.json()["errors"]]


def told(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def test_answers_are_checked_part_by_part(texts):
    found = told(texts.call("POST", "/text/check-replies", {"items": [GOOD, BAD]}))
    good, bad = found["items"]
    assert (good["verdict"], good["working_days"], bad["verdict"], bad["working_days"]) == ("pass", 4, "hold", None)
    assert list(good["parts"]) == ["relevance", "completeness", "grounds", "tone", "template", "length", "delay"]
    assert bad["parts"]["tone"] == {"value": 0.0, "passage": "用语不当：“不归我”"}
    assert found["within"] == {"5": 0.5, "10": 0.5, "15": 0.5}


def test_texts_alike_are_told_by_place_and_id(texts):
    items = [
        {"id": "x", **LAMP},
        {"body": "别的事情"},
        {"id": "y", "title": LAMP["title"], "body": LAMP["body"] + "。"},
    ]
    found = told(texts.call("POST", "/text/similar", {"items": items}))
    [pair] = found["items"]
    assert (pair["first"], pair["second"], pair["first_id"], pair["second_id"]) == (0, 2, "x", "y")
    assert 0.9 < pair["share"] < 1
    assert told(texts.call("POST", "/text/similar", {"items": items, "threshold": 1.0}))["items"] == []


def test_messages_are_grouped_by_matter(texts):
    items = [{"id": str(n), "at": f"2026-03-0{n + 1}T20:00:00+08:00", "likes": n, **LAMP} for n in range(4)]
    items.append({"id": "z", "at": "2026-03-02T08:00:00+08:00", "title": "图书馆", "body": "周末图书馆关门太早"})
    [matter] = told(texts.call("POST", "/text/hot", {"items": items}))["items"]
    assert (matter["count"], matter["messages"], matter["heat"]) == (
        4,
        ["0", "1", "2", "3"],
        6.95,
    )  # as docs/text.md works out
    assert matter["first"] == "2026-03-01T20:00:00+08:00" and matter["places"] == ["青山小区"]
    later = told(texts.call("POST", "/text/hot", {"items": items, "at": "2026-06-01T00:00:00+08:00"}))["items"][0]
    assert later["current"] < matter["current"]


def test_personal_data_comes_back_starred(texts):
    items = [{"id": "a", "text": f"电话{PHONE}"}, {"text": "没有\u200b\u0000什么"}]
    found = told(texts.call("POST", "/text/mask", {"items": items}))["items"]
    assert found == [
        {"id": "a", "text": f"电话{MASKED}", "found": 1}, {"id": "", "text": "没有什么", "found": 0}
    ]  # fmt: skip


def test_texts_are_sorted_once_a_model_is_there(texts, settings):
    body = {"items": [{"id": "1", "title": "三合村小学", "body": "教师和校车的问题"}]}
    assert texts.call("POST", "/text/classify", body).status_code == 409
    folder = Path(settings.VAR) / "models"
    folder.mkdir()
    (folder / "sorting.npz").write_bytes(train(read(*labelled()), {}).save())
    [found] = told(texts.call("POST", "/text/classify", body))["items"]
    assert (found["id"], found["label"]) == ("1", "教育文体")
    assert 0 < found["confidence"] <= 1 and found["reasons"]


# operation, body, where it is wrong
WRONG = [
    ("check-replies", {"items": [GOOD, {**BAD, "reply": None}]}, ["#/items/1/reply"]),
    ("check-replies", {"items": [{**GOOD, "replied_at": "2026-03-01T00:00:00Z"}, {"reply": "好。"}]}, ["#/items/0/replied_at", "#/items/1/body"]),
    ("check-replies", {"items": [{**GOOD, "at": 5}, {**GOOD, "at": "2026-03-01"}]}, ["#/items/0/at", "#/items/1/at"]),
    ("similar", {"items": [LAMP, {"id": "x"}, {"title": "\u200b"}]}, ["#/items/1/body", "#/items/2/body"]),
    ("similar", {"items": [LAMP], "threshold": 0.1}, ["#/threshold"]),
    ("similar", {"items": []}, ["#/items"]),
    ("hot", {"items": [{**LAMP, "id": "1", "at": "2026-03-01T00:00:00Z"}] * 2}, ["#/items/1/id"]),  # an id twice
    ("hot", {"items": [{**LAMP, "id": "1", "at": "2026-03-01T00:00:00Z"}]}, ["#/items"]),  # one alone
    ("mask", {"items": [{"text": "好", "more": 1}]}, ["#/items/0/more"]),
    ("mask", {"items": [{"text": "好"}, {"text": "\ud800"}]}, ["#/items/1/text"]),  # half a character
    ("mask", {"items": [{"text": "字" * 100_001}]}, ["#/items/0/text"]),
    ("mask", {"items": [{"text": "好"}] * 2001}, ["#/items"]),  # too many
    ("classify", {"items": [LAMP] * 2001}, ["#/items"]),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "body", "where"), WRONG)
def test_every_fault_points_to_its_item(texts, operation, body, where):
    assert points(texts.call("POST", f"/text/{operation}", body)) == where


def test_thousands_of_copies_are_no_answer(texts):
    items = [LAMP] * 500
    assert points(texts.call("POST", "/text/similar", {"items": items})) == ["#/threshold"]


@pytest.mark.parametrize("operation", ["classify", "check-replies", "similar", "hot", "mask"])
def test_another_scope_opens_none_of_it(admit, operation):
    answer = admit("cases:read", "cases:write", "score:use", "score:read").call(
        "POST", f"/text/{operation}", {"items": []}
    )
    assert answer.status_code == 403


@pytest.mark.slow
def test_as_many_as_are_taken_are_answered(texts):
    items = [{"id": str(n), "at": "2026-03-01T00:00:00Z", "body": text} for n, text in enumerate(labelled(2000)[0])]
    assert told(texts.call("POST", "/text/hot", {"items": items}))["items"]
    checked = [{**one, "reply": f"经查，第{n}村路灯已修好。"} for n, one in enumerate(items)]
    assert len(told(texts.call("POST", "/text/check-replies", {"items": checked}))["items"]) == 2000


def test_passages_and_faults_are_told_in_english_to_those_who_ask(texts):
    found = told(texts.call("POST", "/text/check-replies", {"items": [GOOD, BAD]}, Accept_Language="en"))
    good, bad = (item["parts"] for item in found["items"])
    assert bad["tone"]["passage"] == "improper words: “不归我”"
    assert good["delay"]["passage"] == "4 working days"
    assert found["items"][1]["reason"].startswith("improper words (improper words: “不归我”); ")
