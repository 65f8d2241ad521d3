"""来文分析 at the desk: what is given is worked out, wrong files are told by row and column, and nothing stays behind."""

from __future__ import annotations

import csv
import io
import logging
import os
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mashang.clocks import shipped
from mashang.org.models import Account
from mashang.portals.desk.text import answers, frame, letters
from mashang.text.rules import find_personal, work
from mashang.text.rules.tables import table_of
from mashang.text.training import read, train
from tests.county import county
from tests.text.sentences import SHARED, labelled, needs_shared

__all__ = ["county"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGES = ("/desk/text", "/desk/text/hot", "/desk/text/similar", "/desk/text/classify", "/desk/text/mask")
MAIN = re.compile(r"<head>.*?</head>|<script.*?</script>|value=\"[^\"]*\"", re.S)
PHONE, MASKED = "13959871234", "139****1234"
Visit = Callable[[str], Client]


@pytest.fixture
def sign_in(settings: Any, tmp_path: Path) -> Visit:
    settings.MASHANG_MFA = False
    settings.VAR = tmp_path

    def client(login: str) -> Client:
        found = Client(headers={"Accept-Language": "zh-CN"})
        found.force_login(Account.objects.get(username=login), "allauth.account.auth_backends.AuthenticationBackend")
        return found

    return client


@pytest.fixture
def office(sign_in: Visit) -> Client:
    return sign_in("office")


def sheet(*rows: tuple[object, ...], encoding: str = "utf-8") -> SimpleUploadedFile:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return SimpleUploadedFile("来文.csv", text.getvalue().encode(encoding))


def send(client: Client, path: str, file: SimpleUploadedFile, out: str = "see", **more: str) -> Any:
    return client.post(f"{path}?way=file", {"file": file, "out": out, **more})


def taken(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Content-Disposition"].startswith("attachment"), answer.content.decode()
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


REPLIES = [
    ("title", "body", "reply", "at", "replied_at"),
    (
        "青山小区路灯不亮", f"青山小区的路灯整夜不亮，请修理，电话{PHONE}",
        "您好，经现场核实，青山小区路灯因线路老化不亮，已于2026年3月5日更换线路并恢复照明。感谢您的监督。", "2026-03-02", "2026-03-06",
    ),
    ("东风路公交太少", "东风路早上等一小时公交", "不归我们管，别再", "2026-03-02", "2026-06-01"),
]  # fmt: skip


def lamps(count: int = 6) -> list[tuple[object, ...]]:
    """Messages about one lamp, a day apart, and one about something else."""
    start = date(2026, 3, 1)
    body = f"青山小区的路灯整夜不亮，请尽快修理，电话{PHONE}"
    rows = [(n, start + timedelta(days=n), "青山小区路灯不亮", f"{body}，第{n}次", n) for n in range(count)]
    return [("id", "at", "title", "body", "likes"), *rows, (99, start, "图书馆周末开放", "周末图书馆关门太早", 0)]


# who → may open it
SEATS = [
    ("office", 200),
    ("inspector", 200),
    ("townlead", 200),
    ("window", 403),
    ("land", 403),
    ("leader", 403),
    ("citizen", 403),
]


@pytest.mark.parametrize(("login", "status"), SEATS)
def test_who_holds_the_right_opens_the_pages_and_no_other(sign_in: Visit, login: str, status: int) -> None:
    client = sign_in(login)
    assert [client.get(path).status_code for path in PAGES] == [status] * 5
    home = client.get("/desk/")
    assert (home.status_code == 200 and 'href="/desk/text"' in home.content.decode()) is (status == 200)


def test_an_answer_that_is_typed_is_told_part_by_part(office: Client) -> None:
    title, body, reply, asked, answered = REPLIES[1]
    page = office.post(
        "/desk/text?way=one", {"title": title, "body": body, "reply": reply, "at": asked, "replied_at": answered}
    )
    text = page.content.decode()
    assert page.status_code == 200
    assert ">通过<" in text and "4 个工作日" in text and "提到“青山小区" in text
    assert all(part in text for part in ("切题", "完整", "依据", "用语", "不雷同", "篇幅", "时限"))
    assert page["Cache-Control"] == "private, no-store"
    bad = office.post("/desk/text?way=one", {"body": "东风路早上等一小时公交", "reply": "不归我们管，别再来"})
    assert (
        "建议把关" in bad.content.decode() and "用语不当" in bad.content.decode() and "时间不详" in bad.content.decode()
    )


def test_what_is_missing_in_the_form_is_told_all_at_once_and_what_was_typed_stays(office: Client) -> None:
    page = office.post("/desk/text?way=one", {"title": " ", "at": "昨天", "replied_at": "2026-03-02"})
    text = page.content.decode()
    assert page.status_code == 422
    assert all(s in text for s in ("请填写来信的标题或正文。", "请填写答复。", "请写成 2026-03-02 这样的日期。"))
    assert 'value="昨天"' in text
    late = office.post(
        "/desk/text?way=one", {"body": "路灯", "reply": "已修好。", "at": "2026-03-02", "replied_at": "2026-03-01"}
    )
    assert "答复时间早于来信时间，请核对。" in late.content.decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_answers_is_shown_worst_first(office: Client, encoding: str) -> None:
    text = send(office, "/desk/text", sheet(*REPLIES, encoding=encoding)).content.decode()
    assert "检查了 2 件答复，1 件建议把关。" in text
    assert 0 < text.index("东风路公交太少") < text.index("青山小区路灯不亮")
    assert "5 个工作日内 50.0%" in text


def test_the_page_reads_the_headings_of_an_office_and_says_so(office: Client) -> None:
    assert "标题、正文、答复、来信时间、答复时间（英文列名" in office.get("/desk/text").content.decode()
    chinese = ("标题", "留言内容", "答复内容", "留言时间", "答复时间")
    text = send(office, "/desk/text", sheet(chinese, *REPLIES[1:])).content.decode()
    assert "检查了 2 件答复，1 件建议把关。" in text
    [first, _] = taken(send(office, "/desk/text", sheet(chinese, *REPLIES[1:]), "take"))
    assert list(first)[:6] == [*chinese, "working_days"] and first["verdict"] == "pass"


def test_the_checked_file_is_what_the_command_writes(office: Client) -> None:
    rows = taken(send(office, "/desk/text", sheet(*REPLIES), "take"))
    assert [row["verdict"] for row in rows] == ["pass", "hold"]
    assert rows[0]["working_days"] == "4" and rows[0]["body"] == REPLIES[1][1]
    assert float(rows[1]["tone"]) == 0 and rows[1]["tone_passage"] == "用语不当：“不归我”"


def test_what_a_citizen_wrote_is_no_formula_in_the_file_that_is_taken_away(office: Client) -> None:
    trap = ('=HYPERLINK("http://x.example","路灯")', "@东风路路灯不亮", "+已修复，请查看", "2026-03-02", "2026-03-04")
    [row] = taken(send(office, "/desk/text", sheet(REPLIES[0], trap), "take"))
    assert [row["title"], row["body"], row["reply"]] == [f"'{cell}" for cell in trap[:3]]
    assert row["working_days"] == "2"


def test_messages_of_one_matter_stand_in_one_group_with_their_heat(office: Client) -> None:
    text = send(office, "/desk/text/hot", sheet(*lamps())).content.decode()
    assert "7 条来信中有 6 条归为 1 组" in text
    assert "正在升温" in text and "6 条 · 热度" in text and "3月1日–3月6日" in text
    assert MASKED in text and PHONE not in text
    rows = taken(send(office, "/desk/text/hot", sheet(*lamps()), "take"))
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    assert {row["count"] for row in rows} == {"6"} and f"热度 {rows[0]['heat']}" in text


def test_pairs_stand_side_by_side_masked(office: Client) -> None:
    body = f"三合村的路灯坏了很久一直没有人来修理请尽快处理，电话{PHONE}"
    file = [("id", "text"), ("甲", body), ("乙", "别的事情"), ("丙", f"{body}。")]
    text = send(office, "/desk/text/similar", sheet(*file), share="0.8").content.decode()
    assert "3 条来信中有 1 对近似重复" in text and "第 2 行 · 甲" in text and "第 4 行 · 丙" in text
    assert MASKED in text and PHONE not in text
    [pair] = taken(send(office, "/desk/text/similar", sheet(*file), "take", share="0.8"))
    assert (pair["first"], pair["second"], pair["second_id"]) == ("2", "4", "丙")
    none = send(office, "/desk/text/similar", sheet(("text",), ("路灯不亮请修",), ("公交太少请加",)))
    assert "没有找到近似重复的来信。" in none.content.decode()


def test_without_a_model_the_page_says_how_one_is_installed(office: Client) -> None:
    text = office.get("/desk/text/classify").content.decode()
    assert "mashang text train" in text and "<textarea" not in text
    assert send(office, "/desk/text/classify", sheet(("text",), ("路灯",))).status_code == 404


def test_the_newest_model_sorts_texts_and_files(office: Client, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "old.npz").write_bytes(b"not a model")
    os.utime(folder / "old.npz", (1, 1))
    (folder / "new.npz").write_bytes(train(read(*labelled()), {}).save())
    one = office.post("/desk/text/classify?way=one", {"body": "三合村小学教师和校车的问题"}).content.decode()
    assert "<b>教育文体</b>" in one and "%" in one
    file = [("id", "text"), (1, "三合村小学教师和校车的问题"), (2, f"东风路公交车红绿灯坏了，电话{PHONE}")]
    text = send(office, "/desk/text/classify", sheet(*file)).content.decode()
    assert "分了 2 条：" in text and "交通运输 1" in text and PHONE not in text
    rows = taken(send(office, "/desk/text/classify", sheet(*file), "take"))
    assert [row["label"] for row in rows] == ["教育文体", "交通运输"]


def test_a_text_comes_back_masked(office: Client) -> None:
    text = office.post("/desk/text/mask?way=one", {"text": f"电话{PHONE}，车牌闽E12348"}).content.decode()
    assert f"电话{MASKED}，车牌闽E****8</pre>" in text and "遮盖了 2 处。" in text
    assert "请粘贴要遮盖的文字。" in office.post("/desk/text/mask?way=one", {"text": " "}).content.decode()


# path, file, what is said
WRONG = [
    ("/desk/text", [("title", "body")], "缺少“reply”列"),
    ("/desk/text", REPLIES[:1], "只有 0 行数据"),  # a heading and nothing else
    ("/desk/text", [REPLIES[0], ("路灯", "", "好。", "昨天", "2026-03-02")], "第 2 行“at”列：“昨天”不是时间"),
    ("/desk/text", [REPLIES[0], ("路灯", "", "好。", "2026-03-03", "2026-03-02")], "第 2 行“replied_at”列：答复时间早于来信时间"),
    ("/desk/text/hot", lamps()[:2], "只有 1 行数据"),
    ("/desk/text/hot", [*lamps()[:3], lamps()[1]], "“0”与第 2 行重复"),
    ("/desk/text/hot", [*lamps()[:3], (7, "2026-03-01", "", "", "")], "第 4 行“title”列：标题和正文不能都是空的"),
    ("/desk/text/similar", [("words",), ("路灯",)], "要有“text”列"),
    ("/desk/text/similar", [("text", "文本"), ("路灯", "路灯")], "“text”、“文本”说的是同一列"),
    ("/desk/text/similar", [], "是空的"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "rows", "said"), WRONG)
def test_a_file_that_cannot_be_worked_with_is_told_by_row_and_column(
    office: Client, path: str, rows: list[Any], said: str
) -> None:
    page = send(office, path, sheet(*rows))
    assert page.status_code == 422
    assert said in page.content.decode()


def test_every_fault_is_told_up_to_two_hundred(office: Client) -> None:
    rows = [REPLIES[0], *(("路灯", "不亮", "好。", "昨天", "2026-03-02") for _ in range(250))]
    text = send(office, "/desk/text", sheet(*rows)).content.decode()
    assert text.count("不是时间") == 200 and "另有 50 处问题未列出。" in text


def test_what_is_no_csv_or_no_file_is_refused_with_a_sentence(office: Client) -> None:
    image = send(office, "/desk/text/hot", SimpleUploadedFile("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00"))
    assert image.status_code == 422 and "不是 UTF-8 或 GB 18030 的文本" in image.content.decode()
    none = office.post("/desk/text/hot?way=file", {"out": "see"})
    assert none.status_code == 422 and "请选择一个 CSV 文件。" in none.content.decode()
    assert office.post("/desk/text/hot?way=other", {}).status_code == 404


def test_too_large_a_file_is_refused_with_the_command_that_takes_it(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_HOT", 3)
    many = send(office, "/desk/text/hot", sheet(*lamps()))
    assert many.status_code == 422 and "文件有 7 行，网页上一次最多 3 行" in many.content.decode()
    assert "mashang text hot" in many.content.decode()
    monkeypatch.setattr(frame, "MOST_BYTES", 100)
    large = send(office, "/desk/text", sheet(*REPLIES))
    assert large.status_code == 422 and "文件超过 20 MB" in large.content.decode()
    monkeypatch.setattr(frame, "LONGEST", 5)
    long = office.post("/desk/text/mask?way=one", {"text": "六个字的文字"})
    assert long.status_code == 422 and "请不超过 10 万字" in long.content.decode()


def test_nothing_of_it_is_kept_or_logged(office: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = set(tmp_path.rglob("*"))
    with caplog.at_level(logging.DEBUG):
        send(office, "/desk/text", sheet(*REPLIES))
        send(office, "/desk/text/hot", sheet(*lamps()), "take")
        office.post("/desk/text/mask?way=one", {"text": PHONE})
    assert set(tmp_path.rglob("*")) == before
    assert not [r for r in caplog.records if "青山小区" in r.getMessage() or PHONE in r.getMessage()]


@needs_shared
@pytest.mark.slow
def test_real_letters_and_answers_come_out_as_the_command_tells(office: Client) -> None:
    raw = {name: (SHARED / f"{name}.csv").read_bytes() for name in ("messages", "replies")}
    table = table_of(raw["messages"], "messages.csv")
    groups = work.grouped(work.messages(table)).groups
    text = send(office, "/desk/text/hot", SimpleUploadedFile("m.csv", raw["messages"])).content.decode()
    assert f"归为 {len(groups)} 组" in text and groups[0].title[:10] in text
    assert not find_personal(MAIN.sub("", text))
    table = table_of(raw["replies"], "replies.csv")
    checks = work.checked(work.exchanges(table, shipped.calendar()))
    rows = taken(send(office, "/desk/text", SimpleUploadedFile("r.csv", raw["replies"]), "take"))
    assert [row["risk"] for row in rows] == [str(check.risk) for check in checks]
    assert send(office, "/desk/text", SimpleUploadedFile("r.csv", raw["replies"])).status_code == 200


def test_a_month_of_answers_is_checked_in_a_moment(office: Client) -> None:
    assert answers.MOST == 5000
    rows = [
        (f"第{n}件路灯", f"第{n}村路灯不亮", f"经查第{n}村路灯已修好。", "2026-03-02", "2026-03-04") for n in range(300)
    ]
    assert "检查了 300 件答复" in send(office, "/desk/text", sheet(REPLIES[0], *rows)).content.decode()


def test_an_answer_without_its_time_is_told_as_not_filled_in(office: Client) -> None:
    row = ("路灯", "路灯不亮", "经查已修好。", "2026-03-02", "")
    shown = send(office, "/desk/text", sheet(REPLIES[0], row)).content.decode()
    assert "没有填写时间。" in shown and "“”不是时间" not in shown
