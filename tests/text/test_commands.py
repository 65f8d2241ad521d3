"""`mashang text` on files: what comes out, and every fault named at once with row and column."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mashang.text.commands import app
from mashang.text.files import read_table
from mashang.text.rules import work
from mashang.text.rules.delay import within
from mashang.text.rules.tables import read_time

from .sentences import SHARED, labelled, needs_shared

RUN = CliRunner()


def call(*words: Any) -> Any:
    return RUN.invoke(app, [str(word) for word in words])


def write(path: Path, heading: str, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join([heading, *rows, ""]).encode(encoding))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def training_file(tmp_path: Path) -> Path:
    rows = [f"{label},{text}" for text, label in zip(*labelled(), strict=True)]
    return write(tmp_path / "train.csv", "label,text", *(row.replace("，", "、") for row in rows))


@pytest.fixture
def model(tmp_path: Path, training_file: Path) -> Path:
    target = tmp_path / "model.npz"
    done = call("train", training_file, "--out", target)
    assert done.exit_code == 0, done.output
    return target


def test_a_model_is_laid_into_a_folder_that_is_made_for_it(tmp_path: Path, training_file: Path) -> None:
    target = tmp_path / "var" / "models" / "sorting.npz"
    assert call("train", training_file, "--out", target).exit_code == 0
    first = work.installed(target.parent)
    assert first is not None and first is work.installed(target.parent)
    assert work.installed(tmp_path) is None
    (tmp_path / "file").write_text("in the way")
    done = call("train", training_file, "--out", tmp_path / "file" / "m.npz")
    assert done.exit_code == 2 and "写不了" in done.stderr


@pytest.mark.row("B4")
def test_trained_sorted_and_evaluated(tmp_path: Path, model: Path, training_file: Path) -> None:
    source = write(
        tmp_path / "in.csv", "id,title,body", "1,三合村小学,教师和校车的问题", '2,"东风路,公交车",红绿灯坏了'
    )
    done = call("classify", model, source, "--out", tmp_path / "out.csv")
    assert done.exit_code == 0, done.output
    told = rows_of(tmp_path / "out.csv")
    assert [row["label"] for row in told] == ["教育文体", "交通运输"]
    assert all(0 < float(row["confidence"]) <= 1 and row["reasons"] for row in told)
    assert told[1]["title"] == "东风路,公交车"
    found = json.loads(call("evaluate", model, training_file, "--json").stdout)
    assert found["macro_f1"] > 0.95 and found["count"] == 240
    assert {"classes", "confusion", "routed", "reliability"} <= set(found)


def test_cross_validation_answers_in_json_and_in_words(training_file: Path) -> None:
    found = json.loads(call("cross-validate", training_file, "--folds", 3, "--json").stdout)
    assert len(found["folds"]) == 3 and sum(fold["count"] for fold in found["folds"]) == 240
    assert "宏平均 F1" in call("cross-validate", training_file, "--folds", 3).stdout


def test_a_label_never_seen_counts_as_missed(tmp_path: Path, model: Path) -> None:
    source = write(tmp_path / "in.csv", "label,text", "教育文体,三合村小学教师", "天外来客,三合村小学教师")
    found = json.loads(call("evaluate", model, source, "--json").stdout)
    assert found["micro_f1"] == 0.5
    assert found["labels"][-1] == "天外来客"


def test_a_given_label_is_kept_beside_the_one_found(tmp_path: Path, model: Path) -> None:
    source = write(tmp_path / "in.csv", "label,text", "别的,三合村小学教师")
    assert call("classify", model, source, "--out", tmp_path / "out.csv").exit_code == 0
    row = rows_of(tmp_path / "out.csv")[0]
    assert (row["given"], row["label"]) == ("别的", "教育文体")


def test_conflicts_are_listed(tmp_path: Path, training_file: Path) -> None:
    same = "三合村的路灯坏了很久一直没有人来修理请尽快处理"
    with training_file.open("a", encoding="utf-8") as file:
        file.write(f"城乡建设,{same}\n交通运输,{same}。\n")
    done = call("train", training_file, "--out", tmp_path / "m.npz", "--conflicts", tmp_path / "c.csv")
    assert "1 组近似文本类别不一" in done.stdout
    assert [(row["row"], row["label"]) for row in rows_of(tmp_path / "c.csv")] == [
        ("242", "城乡建设"),
        ("243", "交通运输"),
    ]


def test_pairs_name_rows_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    text = "三合村的路灯坏了很久一直没有人来修理请尽快处理"
    source = write(tmp_path / "in.csv", "id,text", f"甲,{text}", "乙,别的事情", f"丙,{text}。")
    assert call("similar", source, "--out", tmp_path / "out.csv").exit_code == 0
    assert rows_of(tmp_path / "out.csv") == [
        {"first": "2", "second": "4", "share": "0.9545", "first_id": "甲", "second_id": "丙"}
    ]


@pytest.mark.row("B8")
def test_hot_matters_come_out_as_json(tmp_path: Path) -> None:
    lamps = [f"{n},2026-03-0{n + 1},青山小区路灯不亮,青山小区的路灯整夜不亮第{n}次,{n}" for n in range(4)]
    source = write(tmp_path / "in.csv", "id,at,title,body,likes", *lamps, "9,2026/3/5,图书馆,周末开放时间太短,１２")
    done = call("hot", source, "--out", tmp_path / "out.json")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [group["messages"] for group in found["groups"]] == [["0", "1", "2", "3"]]
    group = found["groups"][0]
    assert group["from"].startswith("2026-03-01") and group["places"] == ["青山小区"] and group["likes"] == 6


@pytest.mark.row("B6")
def test_answers_are_checked(tmp_path: Path) -> None:
    heading = "title,body,reply,at,replied_at"
    good = "青山小区路灯不亮,青山小区的路灯整夜不亮,您好：经现场核实青山小区路灯线路老化已于3月5日修复。感谢您的监督！,2026-03-02 09:00,2026-03-06 10:00"
    bad = "临江镇自来水发黄,临江镇自来水发黄有异味,已收悉,2026-03-02 09:00,2026-04-06 10:00"
    empty = "幼儿园报名,几岁可以报名,,2026-03-02 09:00,2026-03-03 10:00"
    source = write(tmp_path / "in.csv", heading, good, bad, empty)
    done = call("check-replies", source, "--out", tmp_path / "out.csv", "--json")
    assert done.exit_code == 0, done.output
    told = rows_of(tmp_path / "out.csv")
    assert [row["verdict"] for row in told] == ["pass", "hold", "hold"]
    assert [row["working_days"] for row in told] == ["4", "24", "1"]  # 清明 6 April 2026 is a holiday
    assert "答非所问" in told[1]["reason"] and "没有答复内容" in told[2]["reason"]
    assert json.loads(done.stdout)["within_working_days"] == {"5": 0.6667, "10": 0.6667, "15": 0.6667}


@needs_shared
@pytest.mark.slow
def test_the_share_answered_in_time_is_the_known_one(tmp_path: Path) -> None:
    done = call("check-replies", SHARED / "replies.csv", "--out", tmp_path / "out.csv", "--json")
    assert json.loads(done.stdout)["within_working_days"] == {"5": 0.3828, "10": 0.6168, "15": 0.7468}
    assert within([5, 6, 11, None]) == {5: 0.25, 10: 0.5, 15: 0.75}


def test_personal_data_is_masked_in_every_cell(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "id,text", "1,请打13800138000", "2,没有")
    assert call("mask", source, "--out", tmp_path / "out.csv").exit_code == 0
    assert [row["text"] for row in rows_of(tmp_path / "out.csv")] == ["请打138****8000", "没有"]


# what a file may look like and still be read
READABLE = [
    ("utf-8", "label,text\n甲,路灯\n"),
    ("utf-8-sig", "label,text\n甲,路灯\n"),  # the mark that Excel writes
    ("gb18030", "label,text\n甲,路灯\n"),
    ("utf-8", "label,text\r\n甲,路灯\r\n\r\n"),  # an empty line at the end
    ("utf-8", 'label,text\n甲,"路\n灯"\n'),  # a line break inside quotes
]


@pytest.mark.parametrize(("encoding", "text"), READABLE)
def test_encodings_and_line_ends_do_not_matter(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode(encoding))
    table = read_table(path, ("label", "text"))
    assert not table.faults
    assert ["".join(row[1].split()) for row in table.rows] == ["路灯"]


def test_all_faults_are_named_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.csv", "id,at,title,body,likes",
        "1,2026-03-02,路灯,不亮,3", "1,2026-03-02,路灯,不亮,3", "3,昨天,路灯,不亮,很多", "4,2026-03-02,,,1",
        "5,2026-03-02,路灯", '6,2026-03-02,"路灯"不亮,坏了,1', "7,2026-03-02,路灯,不亮,-1",
    )  # fmt: skip
    out = tmp_path / "out.json"
    done = call("hot", source, "--out", out)
    assert done.exit_code == 2
    for place in (
        "第 3 行“id”列",
        "第 4 行“at”列",
        "第 4 行“likes”列",
        "第 5 行“title”列",
        "第 6 行",
        "第 7 行（文件第 7 行）",
        "第 8 行“likes”列",
    ):
        assert place in done.stderr, place
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]  # no output, no left-over


def test_faults_come_in_machine_form_too(tmp_path: Path, model: Path) -> None:
    source = write(tmp_path / "in.csv", "text", '""', "路灯", '" "')
    done = call("classify", model, source, "--out", tmp_path / "out.csv", "--json")
    faults = json.loads(done.stdout)["errors"]
    assert done.exit_code == 2
    assert [(fault["row"], fault["column"]) for fault in faults] == [(2, "text"), (4, "text")]
    assert not (tmp_path / "out.csv").exists()


# a file, and what is said of it
UNREADABLE = [
    (b"", "是空的"),
    (b"label,text\n", "只有 0 行数据"),
    (b"name\nx\n", "缺少“label”列"),
    (b"label,label,text\na,b,c\n", "列名“label”重复"),
    (b"PK\x03\x04\x00\x00", "不是 UTF-8 或 GB 18030 的文本"),
    (b"\xff\xff\xff", "不是 UTF-8 或 GB 18030 的文本"),
    ('label,text\n甲,"没有关上的引号\n乙,别的\n'.encode(), "引号不成对"),
    ("label,text\n甲,路灯\n甲,\n".encode(), "第 3 行“text”列：不能为空"),
    (f"label,text\n甲,{'字' * 100_001}\n乙,路\n".encode(), "100001 字"),
    ("label,text\n甲,路灯\n乙,井盖\n".encode(), "只有一条"),
]


@pytest.mark.parametrize(("raw", "sentence"), UNREADABLE)
def test_bad_training_files_are_refused_with_status_2(tmp_path: Path, raw: bytes, sentence: str) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(raw)
    done = call("train", source, "--out", tmp_path / "m.npz")
    assert done.exit_code == 2 and sentence in done.stderr
    assert not (tmp_path / "m.npz").exists()


def test_files_that_are_not_there_are_refused(tmp_path: Path, model: Path) -> None:
    assert "读不了" in call("classify", model, tmp_path / "none.csv", "--out", tmp_path / "o.csv").stderr
    source = write(tmp_path / "in.csv", "text", "路灯")
    assert "读不了模型" in call("classify", tmp_path / "none", source, "--out", tmp_path / "o.csv").stderr
    done = call("classify", model, source, "--out", tmp_path / "no" / "o.csv")
    assert done.exit_code == 2 and "写不了" in done.stderr


# what offices write, what is meant
TIMES = [
    ("2026-03-02", "2026-03-02T00:00:00+08:00"),
    ("2026/3/2 9:10:05", "2026-03-02T09:10:05+08:00"),
    ("２０２６年３月２日", "2026-03-02T00:00:00+08:00"),  # full-width digits
    ("2026-03-02T01:10:00+00:00", "2026-03-02T09:10:00+08:00"),
]


@pytest.mark.parametrize(("text", "meant"), TIMES)
def test_times_are_read_as_offices_write_them(text: str, meant: str) -> None:
    found = read_time(text)
    assert found is not None and found.isoformat() == meant


@pytest.mark.parametrize("text", ["", "昨天", "2026-13-01", "2026-02-30", "3月2日", "20260302x"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text) is None


def test_output_opens_in_excel(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "text", "请打13800138000")
    call("mask", source, "--out", tmp_path / "out.csv")
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert next(csv.reader(io.StringIO(raw.decode("utf-8-sig")))) == ["text"]
