"""`mashang text` on files that people really send: each fault once, with its place, and nothing written."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from mashang.clocks import shipped
from mashang.kernel.refused import Refused
from mashang.text.files import read_table
from mashang.text.rules import model as models
from mashang.text.rules.delay import is_before, working_days
from mashang.text.rules.tables import LONGEST, read_time, texts_of

from .sentences import labelled
from .test_commands import call, rows_of, write

ANSWERS = "title,body,reply,at,replied_at"
GOOD = "路灯不亮,路灯整夜不亮,经现场核实路灯已修复。感谢您的监督！,{at},{replied}"


def faults(done: Any) -> list[tuple[Any, str]]:
    assert done.exit_code == 2, done.output
    return [(one.get("row"), one.get("column", "")) for one in json.loads(done.stdout)["errors"]]


def answers(folder: Path, *times: tuple[str, str], heading: str = ANSWERS) -> Any:
    source = write(folder / "in.csv", heading, *(GOOD.format(at=at, replied=replied) for at, replied in times))
    return call("check-replies", source, "--out", folder / "out.csv", "--json")


@pytest.mark.parametrize("day", ["24/3/5", "3/5/24", "3/5/2024", "24-03-05", "2024/3/5/6", "0001-01-01T00:00+14:00"])
def test_a_day_that_may_be_several_is_none(tmp_path: Path, day: str) -> None:
    assert read_time(day) is None
    assert faults(answers(tmp_path, ("2026-03-02", "2026-03-03"), (day, day))) == [(3, "at"), (3, "replied_at")]
    source = write(tmp_path / "h.csv", "id,at,title,body", "1,2026-03-02,路灯,不亮", f"2,{day},路灯,不亮")
    assert faults(call("hot", source, "--out", tmp_path / "o.json", "--json")) == [(3, "at")]
    source = write(tmp_path / "h.csv", "id,at,title,body", "1,2026-03-02,路灯,不亮", "2,2026-03-02,路灯,不亮")
    assert call("hot", source, "--out", tmp_path / "o.json", "--at", day).exit_code == 2


@pytest.mark.parametrize("year", ["2001", "2099", "9999"])
def test_a_day_outside_the_calendar_is_a_fault_of_an_answer(tmp_path: Path, year: str) -> None:
    done = answers(tmp_path, (f"{year}-03-02", f"{year}-03-03"), ("2026-03-02", "2026-03-03"))
    assert faults(done) == [(2, "at"), (2, "replied_at")] and "请核对年份" in done.stderr
    assert not (tmp_path / "out.csv").exists()


# asked, answered, whether that is before
ORDER = [
    ("2026-03-02 09:10", "2026-03-02", False),  # a day without a time
    ("2026-03-02 09:10", "2026-03-02 08:00", True),
    ("2026-03-02", "2026-03-02", False),
    ("2026-03-02", "2026-03-01", True),
    ("2026-03-02 09:10", "2026-03-01 23:00", True),
]


@pytest.mark.parametrize(("asked", "answered", "before"), ORDER)
def test_an_answer_of_the_same_day_is_not_older_than_its_question(
    tmp_path: Path, asked: str, answered: str, before: bool
) -> None:
    first, last = read_time(asked), read_time(answered)
    assert first and last and is_before(last, first) is before
    done = answers(tmp_path, (asked, answered))
    assert done.exit_code == (2 if before else 0)
    if not before:
        assert rows_of(tmp_path / "out.csv")[0]["working_days"] == "0"
        assert working_days(shipped.calendar(), first, last) == 0


def test_likes_are_plain_numbers(tmp_path: Path) -> None:
    written = ['3', '"1,234"', '２', '', '0.5', '1_0', 'e5', '"1,2"', '٣', '-1', 'nan', '1e400']  # fmt: skip
    rows = [f"{n},2026-03-02,路灯,路灯坏了,{cell}" for n, cell in enumerate(written)]
    done = call("hot", write(tmp_path / "in.csv", "id,at,title,body,likes", *rows), "--out", tmp_path / "o", "--json")
    assert faults(done) == [(row, "likes") for row in range(7, 14)]


def test_a_missing_column_is_one_fault_and_asks_for_no_other(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "text,lable", *(f"路灯{n},甲" for n in range(300)))
    assert faults(call("train", source, "--out", tmp_path / "m", "--json")) == [(1, "label")]
    source = write(tmp_path / "in.csv", "title,reply", *(["路灯,好"] * 9))
    done = call("check-replies", source, "--out", tmp_path / "o", "--json")
    assert faults(done) == [(1, "body"), (1, "at"), (1, "replied_at")]
    source = write(tmp_path / "in.csv", "title,likes", *(["路灯,1"] * 9))
    assert faults(call("hot", source, "--out", tmp_path / "o", "--json")) == [(1, "id"), (1, "at"), (1, "body")]


@pytest.mark.parametrize("column", ["title", "body", "reply"])
def test_every_text_has_the_same_limit(tmp_path: Path, column: str) -> None:
    for length, status in ((LONGEST, 0), (LONGEST + 1, 2)):
        cells = {"title": "路灯", "body": "路灯不亮", "reply": "路灯已修复。"} | {column: "灯" * length}
        row = ",".join([*cells.values(), "2026-03-02", "2026-03-03"])
        source = write(tmp_path / "in.csv", ANSWERS, row)
        done = call("check-replies", source, "--out", tmp_path / "o.csv", "--json")
        assert done.exit_code == status
        assert not status or faults(done) == [(2, column)]
        if column != "reply":
            rows = [f"1,2026-03-02,{cells['title']},{cells['body']}", "2,2026-03-02,路灯,坏了"]
            source = write(tmp_path / "in.csv", "id,at,title,body", *rows)
            assert call("hot", source, "--out", tmp_path / "o.json").exit_code == status
            assert call("similar", source, "--out", tmp_path / "o.csv").exit_code == status


@pytest.mark.parametrize("taken", ["risk", "verdict", "relevance", "tone_passage", "working_days"])
def test_a_column_that_is_to_be_added_may_not_stand_there(tmp_path: Path, taken: str) -> None:
    source = write(tmp_path / "in.csv", f"{ANSWERS},{taken}", GOOD.format(at="2026-03-02", replied="2026-03-03") + ",x")
    assert faults(call("check-replies", source, "--out", tmp_path / "o.csv", "--json")) == [(1, taken)]


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    reply = "您好，青山小区路灯线路老化，已于三月五日全部更换完毕，感谢您的监督！"
    letters = [f"路灯不亮{n},青山小区路灯整夜不亮,{reply},2026-03-02,2026-03-03" for n in range(2)]
    source = write(tmp_path / "in.csv", ANSWERS, ",,,,", *letters, ",,,,", "")
    assert call("check-replies", source, "--out", tmp_path / "out.csv").exit_code == 0
    told = rows_of(tmp_path / "out.csv")
    assert ["第 4 行" in told[0]["template_passage"], "第 3 行" in told[1]["template_passage"]] == [True, True]
    texts = [f"{label},{text.replace('，', '、')}" for text, label in zip(*labelled(), strict=True)]
    source = write(
        tmp_path / "in.csv",
        "label,text",
        ",",
        "城乡建设,三合村的路灯坏了很久没有人来修",
        *texts,
        "交通运输,三合村的路灯坏了很久没有人来修",
    )
    found = json.loads(call("train", source, "--out", tmp_path / "m", "--json").stdout)
    assert found["conflicts"] == [[[3, "城乡建设"], [244, "交通运输"]]]


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_a_mark_inside_a_cell_ends_no_row(tmp_path: Path, mark: str) -> None:
    source = write(tmp_path / "in.csv", "id,text", f"1,请打13800138000{mark}谢谢")
    assert call("mask", source, "--out", tmp_path / "out.csv").exit_code == 0
    raw = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(raw, newline=""))) == [["id", "text"], ["1", f"请打138****8000{mark}谢谢"]]


def test_rows_in_another_encoding_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("id,text\n1,路灯坏了\n2,井盖没了\n".encode() + "3,公交车太少\n".encode("gb18030"))
    for command in ("mask", "similar"):
        assert faults(call(command, source, "--out", tmp_path / "o.csv", "--json")) == [(4, "text")]


def test_cells_and_classes_are_refused_together(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "label,text", "甲,路灯", "甲,", "乙,井盖")
    done = call("cross-validate", source, "--folds", 1, "--json")
    assert [one["code"] for one in json.loads(done.stdout)["errors"]] == ["table.cell", "train.folds", "train.thin"]


def test_no_output_is_an_input_nor_another_output(tmp_path: Path) -> None:
    rows = [f"{label},{text.replace('，', '、')}" for text, label in zip(*labelled(), strict=True)]
    source = write(tmp_path / "c.csv", "label,text", *rows)
    kept = source.read_bytes()
    for words in (
        ("train", source, "--out", source),
        ("train", source, "--out", tmp_path / "m", "--conflicts", source),
        ("train", source, "--out", tmp_path / "m", "--conflicts", tmp_path / "m"),
        ("train", source, "--out", tmp_path, "--conflicts", tmp_path / "cf.csv"),
        ("similar", source, "--out", source),
        ("classify", source, source, "--out", source),
        ("hot", source, "--out", source),
        ("check-replies", source, "--out", source),
        ("mask", source, "--out", source),
    ):
        assert call(*words).exit_code == 2
    assert source.read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["c.csv"]


LETTER = "路灯坏了请修理"
# texts and classes, and why they can't be learned; "" where they can
TAUGHT = [
    ([("123", "a"), ("456", "a"), ("!!", "b"), ("789", "b")], "没有两条共有的文字"),
    ([("123", "a"), ("456", "a"), ("!!", "b"), ("路灯", "b")], "没有两条共有的文字"),
    ([(LETTER, "a")] * 5 + [("公交车太少", "b")] * 5, ""),
    ([(LETTER, "a")] * 5 + [(f"{word}收费太贵", "b") for word in ("公交车", "幼儿园", "停车场", "图书馆")], ""),
    ([(LETTER, "a")] * 5 + [(LETTER, "b")] * 5, ""),
]


@pytest.mark.parametrize(("rows", "why"), TAUGHT, ids=range(len(TAUGHT)))
def test_classes_of_one_letter_are_learned_and_classes_of_none_refused(
    tmp_path: Path, rows: list[tuple[str, str]], why: str
) -> None:
    source = write(tmp_path / "in.csv", "text,label", *(",".join(row) for row in rows))
    done = call("train", source, "--out", tmp_path / "m.npz")
    assert (done.exit_code, why in done.stderr) == (2 if why else 0, True)
    if not why and len({text for text, _ in rows}) > 1:
        assert call("classify", tmp_path / "m.npz", source, "--out", tmp_path / "o.csv").exit_code == 0
        assert [row["label"] for row in rows_of(tmp_path / "o.csv")] == [label for _, label in rows]


@pytest.mark.parametrize("group", [[], ["--group", "g"]])
def test_a_class_in_one_group_is_not_validated_and_said_so(tmp_path: Path, group: list[str]) -> None:
    rows = [f"{LETTER},a,1"] * 4 + [f"{word}收费太贵,b,{word}" for word in ("公交车", "幼儿园", "停车场")]
    source = write(tmp_path / "in.csv", "text,label,g", *rows)
    done = call("cross-validate", source, "--folds", 2, *group)
    assert done.exit_code == 2 and "只剩类别“b”" in done.stderr


def test_a_damaged_model_is_refused_whatever_was_damaged(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "text,label", *[f"{LETTER},a"] * 5, *["公交车太少,b"] * 5)
    assert call("train", source, "--out", tmp_path / "m.npz").exit_code == 0
    raw, lots = (tmp_path / "m.npz").read_bytes(), random.Random(1)
    assert models.load(raw).classes([LETTER]) == ["a"]
    for _ in range(300):
        broken = bytearray(raw)
        for _ in range(lots.choice((1, 3, 20))):
            broken[lots.randrange(len(broken))] ^= 1 << lots.randrange(8)
        try:
            models.load(bytes(broken))
        except Refused as no:
            assert no.code == "model.unreadable"


CHINESE = "留言编号,留言主题,留言详情,留言时间,点赞数,答复意见,答复时间,科室"
PRAISED = (
    "{n},路灯不亮,青山小区的路灯整夜不亮,2026-03-0{n},{n},经现场核实路灯已修复。感谢您的监督！,2026-03-0{n} 17:00,城管"
)


@pytest.mark.parametrize("command", ["hot", "check-replies", "similar"])
def test_headings_of_an_office_are_read_as_the_english_ones(tmp_path: Path, command: str) -> None:
    rows = [PRAISED.format(n=n) for n in range(1, 6)]
    english = "id,title,body,at,likes,reply,replied_at,科室"
    written = []
    for name, heading in (("zh", CHINESE), ("en", english)):
        source = write(tmp_path / f"{name}.csv", heading, *rows, encoding="gb18030")
        done = call(command, source, "--out", tmp_path / f"{name}.out")
        assert done.exit_code == 0, done.output
        written.append((tmp_path / f"{name}.out").read_text("utf-8"))
    if command == "check-replies":  # the file's own columns keep their headings, the added ones are English
        assert written[0].removeprefix("\ufeff").startswith(f"{CHINESE},working_days,")
    assert written[0].replace(CHINESE, english) == written[1]


def test_a_file_with_chinese_headings_is_learned_sorted_and_tried(tmp_path: Path) -> None:
    rows = [
        f"{text.replace('，', '、')},{label},组{n}" for n, (text, label) in enumerate(zip(*labelled(), strict=True))
    ]
    source, model = write(tmp_path / "learn.csv", "内容,类别,分组", *rows), tmp_path / "m.npz"
    assert call("train", source, "--out", model).exit_code == 0
    assert call("evaluate", model, source).exit_code == 0
    assert call("cross-validate", source, "--folds", "2", "--group", "group", "--json").exit_code == 0
    assert call("classify", model, source, "--out", tmp_path / "o.csv").exit_code == 0
    [first, *_] = rows_of(tmp_path / "o.csv")
    assert list(first) == ["内容", "given", "分组", "label", "confidence", "reasons"]


def test_content_is_the_body_where_a_title_stands_beside_it(tmp_path: Path) -> None:
    beside = read_table(write(tmp_path / "a.csv", "主题,内容", "路灯,不亮"))
    assert texts_of(beside) == ["路灯。不亮"] and not beside.has("text")
    alone = read_table(write(tmp_path / "b.csv", "编号,内容", "1,路灯不亮"))
    assert texts_of(alone) == ["路灯不亮"] and not alone.has("body")


def test_two_headings_for_one_column_are_named_both(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "title,标题,正文,留言内容", "路灯,路灯,不亮,不亮")
    done = call("similar", source, "--out", tmp_path / "o.csv", "--json")
    assert faults(done) == [(1, "标题"), (1, "留言内容")]
    assert "“title”、“标题”说的是同一列" in done.stderr and "“正文”、“留言内容”说的是同一列" in done.stderr
    assert call("mask", source, "--out", tmp_path / "o.csv").exit_code == 0  # which asks for no column


def test_a_fault_tells_a_column_as_the_file_heads_it(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "编号,留言时间,标题,正文", "1,昨天,路灯,不亮", "1,2026-03-02,,")
    done = call("hot", source, "--out", tmp_path / "o.json", "--json")
    assert sorted(faults(done)) == [(2, "留言时间"), (3, "标题"), (3, "编号")]
    done = call(
        "hot", write(tmp_path / "n.csv", "编号,标题,正文", "1,路灯,不亮"), "--out", tmp_path / "o.json", "--json"
    )
    assert faults(done) == [(1, "at")] and "也可以写作：时间、留言时间" in done.stderr
