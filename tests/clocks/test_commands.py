"""`mashang clock`, as an officer types it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mashang.clocks import actions, queries, shipped
from mashang.clocks.commands import app
from mashang.clocks.rules import Calendar, Counting, Limit

from .reference import last_day


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["2026-02-13", "20wd"], "2026-03-19"),
        (["2026-02-13T09:00", "20wd"], "2026-03-19"),  # the hour does not matter for days
        (["2026-03-02", "5nd"], "2026-03-09"),
        (["2026-03-02T14:30", "3wh"], "2026-03-02T17:30"),
        (["2026-03-02 14:30", "24h"], "2026-03-03T14:30"),
        (["2026-06-01T14:30", "1wh", "--hours", "08:00-12:00,15:00-18:00"], "2026-06-01T16:00"),
        (["2026-03-02", "10wd", "--pause", "2026-03-04/2026-03-09", "--pause", "2026-03-06/2026-03-10"], "2026-03-23"),
        (["2026-03-02T09:00", "4wh", "--pause", "2026-03-02/2026-03-02"], "2026-03-03T12:00"),
    ],
)
def test_a_due_date_is_one_line(words: list[str], answer: str) -> None:
    result = typed("due", *words)
    assert (result.exit_code, result.stdout.strip()) == (0, answer)


def test_json_and_explanation_go_together() -> None:
    result = json.loads(typed("due", "2026-12-20", "30wd", "--json", "--explain").stdout)
    assert (result["due"], result["provisional"]) == ("2027-02-01", True)
    assert result["explain"][-1]["number"] == 30
    plain = typed("due", "2026-02-13", "3wd", "--explain").stdout.splitlines()
    assert plain[0].startswith("2026-02-13")
    assert "第3日" in plain[-2]
    assert plain[-1] == "2026-02-25"
    assert "暂定" in typed("due", "2026-12-20", "30wd").stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["2026-02-31", "20wd"], "start.form"),
        (["2026-2-3", "20wd"], "start.form"),
        (["2026-W10-1", "20wd"], "start.form"),
        (["2026-W10-1T09:10", "4wh"], "start.form"),
        (["tomorrow", "20wd"], "start.form"),
        (["1999-01-01", "20wd"], "calendar.outside"),
        (["2036-12-01", "200wd"], "calendar.outside"),
        (["2026-02-13", "20days"], "limit.unit"),
        (["2026-02-13", "20"], "limit.form"),
        (["2026-02-13", "20wd", "--pause", "2026-03-05/2026-03-04"], "pause.reversed"),
        (["2026-02-13", "20wd", "--pause", "2026-03-05"], "pause.form"),
        (["2026-02-13", "20wd", "--pause", "2026-W10-1/2026-03-05"], "pause.form"),
        (["2026-02-13", "20wd", "--pause", "2050-03-05/2050-03-06"], "calendar.outside"),
        (["2026-02-13", "4wh", "--hours", "12:00-08:00"], "hours.reversed"),
        (["", ""], "start.form"),
        (["--batch", "x.csv"], "batch.files"),
    ],
)
def test_what_cannot_be_computed_is_said_in_chinese_and_for_machines(words: list[str], code: str) -> None:
    result = typed("due", *words, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["errors"][0]["code"] == code
    assert any("一" <= letter <= "鿿" for letter in result.stderr)
    assert "Traceback" not in result.output


# a limit, and whether it counts a day that no notice settles yet (2026 is settled, 2027 is not)
SETTLED = [
    ("2026-12-29", "2wd", False),
    ("2026-12-31T17:30", "8h", False),
    ("2026-12-31T09:00", "16h", False),  # plain hours need no calendar
    ("2027-02-08T09:00", "24h", False),
    ("2026-12-31T09:00", "2wh", False),
    ("2026-12-31T16:30", "2wh", True),
    ("2027-02-08T09:00", "1wh", True),  # begins and ends on one day that may yet be a holiday
    ("2036-12-31T16:30", "1wh", True),
    ("2026-12-30", "3wd", True),
]


@pytest.mark.parametrize(("start", "limit", "provisional"), SETTLED)
def test_a_due_time_is_provisional_when_a_day_that_counts_is_unsettled(
    start: str, limit: str, provisional: bool, tmp_path: Path
) -> None:
    assert json.loads(typed("due", start, limit, "--json").stdout)["provisional"] is provisional
    assert ("暂定" in typed("due", start, limit).stdout) is provisional
    done = batch(tmp_path, [["start", "limit"], ["2026-03-02", "1wd"], [start, limit]])
    assert json.loads(done.stdout)["provisional"] == provisional


def test_a_start_is_read_to_its_minute() -> None:
    for start, limit in (("2026-03-02T14:30:59", "3wh"), ("2026-03-02T14:30:59.5", "3wh")):
        assert typed("due", start, limit).stdout == typed("due", "2026-03-02T14:30", limit).stdout
    assert typed("due", "2026-03-02T14:30:15", "1h").stdout.strip() == "2026-03-02T15:30"


def test_a_start_at_the_edge_of_time_is_a_fault() -> None:
    for start in ("0001-01-01T00:00+14:00", "9999-12-31T23:00-12:00"):
        done = typed("due", start, "1wd", "--json")
        assert (done.exit_code, json.loads(done.stdout)["errors"][0]["code"]) == (2, "start.form")


@pytest.mark.parametrize("day", ["2015-02-18", "2019-10-01", "2020-10-01"])
def test_a_day_of_a_year_with_two_notices_rests_on_both(day: str) -> None:
    year = json.loads((shipped.DATA / "holidays" / f"{day[:4]}.json").read_text("utf-8"))
    lines = json.loads(typed("due", day, "1wd", "--explain", "--json").stdout)["explain"]
    rested = next(line for line in lines if line["day"] > day and not line["counted"])
    assert len(year["papers"]) == 2 and all(paper in rested["article"] for paper in year["papers"])


def test_all_faults_are_named_at_once() -> None:
    result = typed("due", "2026-02-31", "20x", "--pause", "2026-03-05/2026-03-04", "--json")
    codes = [error["code"] for error in json.loads(result.stdout)["errors"]]
    assert codes == ["start.form", "limit.unit", "pause.reversed"]


def test_wrong_hours_hide_no_other_fault() -> None:
    result = typed("due", "2026-02-31", "20x", "--hours", "8-12", "--json")
    codes = [error["code"] for error in json.loads(result.stdout)["errors"]]
    assert codes == ["hours.form", "start.form", "limit.unit"]
    result = typed("due", "--batch", "x.csv", "--explain", "--hours", "8-12", "--json")
    codes = [error["code"] for error in json.loads(result.stdout)["errors"]]
    assert codes == ["hours.form", "batch.files", "batch.files"]


def write_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def batch(folder: Path, rows: list[list[str]], *more: str, encoding: str = "utf-8") -> Result:
    write_csv(folder / "in.csv", rows, encoding)
    return typed("due", "--batch", str(folder / "in.csv"), "--out", str(folder / "out.csv"), "--json", *more)


def places(done: Result) -> list[tuple[int, str]]:
    return [(error["row"], error["column"]) for error in json.loads(done.stdout)["errors"]]


def test_faults_come_row_by_row_and_none_hides_another(tmp_path: Path) -> None:
    rows = [
        ["start", "limit", "pauses"],
        ["2026-03-02", "999999999wd", ""],
        ["2026-03-02", "20", "2026-03-05"],
        ["2036-12-30", "20wd", ""],
        ["2026-13-02", "20wd", ""],
        ["2036-12-30", "20wd", "2026-03-05"],  # not computed while a pause can't be read
        ["2026-03-02", "20wd", "", ""],
        ["yesterday", "5x", ""],
    ]
    assert places(batch(tmp_path, rows)) == [
        (2, "limit"), (3, "limit"), (3, "pauses"), (4, "limit"), (5, "start"), (6, "pauses"), (7, ""), (8, "start"),
        (8, "limit"),
    ]  # fmt: skip


def test_a_row_with_a_broken_quote_is_named_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('start,limit\n2026-02-13,"5"wd\n2026-02-30,5wd\n2026-02-13,"5\n')
    done = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "o.csv"), "--json")
    assert done.exit_code == 2 and places(done) == [(2, ""), (3, "start"), (4, "")]


def test_empty_rows_are_left_out_and_counted_for_nobody(tmp_path: Path) -> None:
    rows = [
        ["案号", "start", "limit"],
        ["甲", "2026-03-02", "1wd"],
        ["", "", ""],
        ["乙", "2026-03-02", "2wd"],
        [],
        [" "] * 3,
    ]
    done = batch(tmp_path, rows)
    assert json.loads(done.stdout)["rows"] == 2
    out = list(csv.reader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert [row[-1] for row in out] == ["due", "2026-03-03", "2026-03-04"]


@pytest.mark.parametrize("rows", [[["start", "limit"]], [["start", "limit"], ["", ""]]])
def test_a_file_without_rows_is_refused(rows: list[list[str]], tmp_path: Path) -> None:
    done = batch(tmp_path, rows)
    assert (done.exit_code, json.loads(done.stdout)["errors"][0]["code"]) == (2, "batch.empty")


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    done = batch(tmp_path, [["start", "start", "limit"], ["2026-03-02", "2026-03-03", "1wd"]])
    assert places(done) == [(1, "start")] and "重复" in done.stderr


def test_a_heading_by_which_rows_can_be_read_hides_none_of_their_faults(tmp_path: Path) -> None:
    rows = [["start", "limit", "due", "x", "x"], ["2026-03-32", "1wd", "", "", ""], ["2026-03-02", "1x", "", "", ""]]
    assert places(batch(tmp_path, rows)) == [(1, "x"), (1, "due"), (2, "start"), (3, "limit")]


@pytest.mark.parametrize(
    ("more", "named"),
    [(["--pause", "2026-03-04/2026-03-05"], "--pause"), (["--explain"], "--explain"), (["2026-03-02"], "起算时间")],
)
def test_what_a_file_cannot_be_told_beside_it_is_refused(more: list[str], named: str, tmp_path: Path) -> None:
    done = batch(tmp_path, [["start", "limit"], ["2026-03-02", "1wd"]], *more)
    assert done.exit_code == 2 and not (tmp_path / "out.csv").exists()
    assert json.loads(done.stdout)["errors"][0]["code"] == "batch.files"
    assert named in done.stderr


def test_rows_in_another_encoding_are_named(tmp_path: Path) -> None:
    heading, lamp = "案号,start,limit\n", "路灯坏了,2026-03-02,1wd\n"
    (tmp_path / "in.csv").write_bytes((heading + lamp * 2).encode() + lamp.encode("gb18030"))
    done = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "o.csv"), "--json")
    assert places(done) == [(4, "案号")]
    (tmp_path / "in.csv").write_bytes(("案号,start,limit\n".encode("gb18030")) + b"a,2026-03-02,1wd\n" * 100_000)
    done = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "o.csv"), "--json")
    assert json.loads(done.stdout)["rows"] == 100_000


def test_a_file_is_not_written_over_its_input_nor_over_a_folder(tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv", [["start", "limit"], ["2026-03-02", "1wd"]])
    for target in (tmp_path / "in.csv", tmp_path):
        done = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(target))
        assert done.exit_code == 2 and str(target) in done.stderr
    assert "due" not in (tmp_path / "in.csv").read_text()


def test_a_file_of_limits_gets_a_column_of_due_dates(tmp_path: Path, calendar: Calendar) -> None:
    starts = [date(2026, 1, 1 + n % 28) for n in range(400)]
    rows = [["案号", "start", "limit", "pauses"]]
    expected = []
    for number, start in enumerate(starts):
        unit, amount = ("wd", "nd")[number % 2], number % 50 + 1
        pauses = [(date(2026, 2, 1 + i), date(2026, 2, 5 + i * number % 20 + 1)) for i in range(number % 4)]
        rows.append([f"第{number}件", str(start), f"{amount}{unit}", ";".join(f"{a}/{b}" for a, b in pauses)])
        expected.append(str(last_day(calendar, start, amount, unit, pauses, Counting())))
    rows.append(["小时", "2026-03-02T14:30", "3wh", "2026-03-02/2026-03-02"])
    expected.append("2026-03-03T11:00")
    write_csv(tmp_path / "in.csv", rows, "gb18030")
    result = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"))
    assert result.exit_code == 0, result.output
    out = list(csv.reader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert out[0] == [*rows[0], "due"]
    assert [row[:-1] for row in out[1:]] == rows[1:]
    assert [row[-1] for row in out[1:]] == expected


def test_every_fault_of_a_file_is_named_with_row_and_column_and_nothing_is_written(tmp_path: Path) -> None:
    rows = [
        ["start", "limit", "pauses"],
        ["2026-03-02", "20wd", ""],
        ["2026-02-30", "20x", "2026-03-05/2026-03-04"],
        ["1999-01-01", "20wd", ""],
        ["2026-03-02", "9000wd", ""],
        ["2026-03-02", "20wd"],
    ]
    write_csv(tmp_path / "in.csv", rows)
    (tmp_path / "out.csv").write_text("old")
    result = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), "--json")
    assert result.exit_code == 2
    named = {(error["row"], error["column"]) for error in json.loads(result.stdout)["errors"]}
    assert named == {(3, "start"), (3, "limit"), (3, "pauses"), (4, "start"), (5, "limit"), (6, "")}
    assert "第 3 行 limit 列" in result.stderr
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]
    write_csv(tmp_path / "in.csv", rows[:2] + rows[4:5])
    result = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), "--json")
    assert [(e["row"], e["code"]) for e in json.loads(result.stdout)["errors"]] == [(3, "calendar.outside")]


def test_chinese_headings_of_a_file_are_read_and_told(tmp_path: Path) -> None:
    rows = [["件号", "起算时间", "时限", "暂停"], ["1", "2026-03-02", "3wd", "2026-03-04/2026-03-04"]]
    assert batch(tmp_path, rows).exit_code == 0
    out = list(csv.reader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert out == [[*rows[0], "due"], [*rows[1], "2026-03-06"]]
    result = batch(tmp_path, [rows[0], ["1", "昨天", "三天", "2026"], ["2", "2026-03-02", "9000wd", ""]], "--json")
    named = [(error["row"], error["column"]) for error in json.loads(result.stdout)["errors"]]
    assert named == [(2, "起算时间"), (2, "时限"), (2, "暂停"), (3, "时限")]
    result = batch(tmp_path, [["start", "开始", "期限", "时限"], ["2026-03-02", "2026-03-02", "3wd", "3wd"]])
    assert result.exit_code == 2
    assert "“start”、“开始”说的是同一列" in result.stderr and "“期限”、“时限”说的是同一列" in result.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "batch.column"),
        (b"begin,limit\n", "batch.column"),
        (b"start,limit,due\n", "batch.column"),
        (b"start,limit\n2026-03-02,20wd\x00\n", "batch.in"),
        (b"\xff\xfe\x00s\x00t", "batch.in"),
        (b'start,limit\n2026-03-02,"20wd\n', "batch.in"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    result = typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["errors"][0]["code"] == code
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_file_and_a_missing_folder_are_said(tmp_path: Path) -> None:
    assert typed("due", "--batch", str(tmp_path / "no.csv"), "--out", str(tmp_path / "o.csv")).exit_code == 2
    (tmp_path / "in.csv").write_text("start,limit\n")
    assert typed("due", "--batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "no" / "o.csv")).exit_code == 2


def test_the_catalogue_is_listed_with_sources() -> None:
    assert "行政许可法第三十二条" in typed("rules").stdout
    listed = {rule["code"] for rule in json.loads(typed("rules", "--json").stdout)}
    assert listed == set(shipped.rules())


def test_a_due_date_needs_no_django_and_no_numpy() -> None:
    script = (
        "import sys; from mashang.clocks.commands import app; "
        "app(['due', '2026-02-13', '20wd'], standalone_mode=False); "
        "print([name for name in ('django', 'numpy', 'psycopg') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2026-03-19", "[]"]


def test_a_notice_is_loaded_and_what_moved_is_counted(catalogue: None, tmp_path: Path) -> None:
    day = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}
    (tmp_path / "2027.json").write_text(json.dumps({"year": 2027, "papers": [], "days": [day]}))
    assert json.loads(typed("load", str(tmp_path / "2027.json"), "--json").stdout)["year"] == 2027
    assert queries.calendar_for("", None).settled_to == date(2027, 12, 31)
    (tmp_path / "2028.json").write_text("{")
    assert typed("load", str(tmp_path / "2028.json")).exit_code == 2
    assert typed("load", str(tmp_path / "2029.json")).exit_code == 2


def test_limits_are_shown_in_words() -> None:
    assert [Limit.parse(text).label for text in ("20wd", "30nd", "4wh", "24h")] == [
        "20个工作日",
        "30日",
        "4个工作时",
        "24小时",
    ]
    assert actions.Firing._fields[-1] == "firing"
