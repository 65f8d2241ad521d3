"""Files as offices send them: what can be read is read, and every fault is named with row and column."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from mashang.kernel.refused import Refused
from mashang.performance.rules.table import Table, read_table
from tests.growth import linear

from .builders import make_scheme

GOOD = "unit,x,y,z\n甲局,1,2,3\n乙局,4,5,6\n"
SCHEME = make_scheme()


def read(tmp_path: Path, content: str | bytes, name: str = "values.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, SCHEME)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, GOOD.encode(encoding))
    assert table.units == ("甲局", "乙局")
    assert table.numbers["y"].tolist() == [2, 5]


def test_an_excel_sheet_is_read(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["单位", "x", "y", "z"], ["甲局", 1, 2.5, 3], ["乙局", 4, None, 6]):
        book.active.append(row)
    book.save(tmp_path / "values.xlsx")
    table = read_table(tmp_path / "values.xlsx", SCHEME)
    np.testing.assert_array_equal(table.numbers["y"], [2.5, np.nan])


def test_long_tables_with_periods_are_read(tmp_path: Path) -> None:
    rows = ["unit,indicator,value,period"]
    rows += [f"{u},{i},{n},{p}" for p in ("01", "02") for u in ("甲", "乙") for n, i in enumerate("xyz")]
    table = read(tmp_path, "\n".join(rows))
    assert table.units == ("甲", "乙", "甲", "乙")
    assert table.periods == ("01", "01", "02", "02")
    assert table.numbers["z"].tolist() == [2, 2, 2, 2]


def test_chinese_headings_are_read_and_two_for_one_column_named_both(tmp_path: Path) -> None:
    rows = [f"{u},{i},{n},01" for u in ("甲", "乙") for n, i in enumerate("xyz")]
    table = read(tmp_path, "\n".join(["单位,指标,数值,期间", *rows]))
    assert table.units == ("甲", "乙") and table.periods == ("01", "01")
    with pytest.raises(Refused) as no:
        read(tmp_path, "\n".join(["unit,指标,数值,期间,单位,value", *(f"{row},甲,1" for row in rows)]))
    texts = [str(fault.text) for fault in no.value.faults]
    assert texts == [
        "表头里“unit”和“单位”说的是同一列，请只留一列。",
        "表头里“数值”和“value”说的是同一列，请只留一列。",
    ]


def test_empty_cells_and_marks_are_gaps_and_thousands_are_numbers(tmp_path: Path) -> None:
    table = read(tmp_path, 'unit,x,y,z\na,,NA,"1,234.5"\nb,1e3,-2,+.5\n')
    np.testing.assert_array_equal(table.numbers["x"], [np.nan, 1000])
    np.testing.assert_array_equal(table.numbers["y"], [np.nan, -2])
    assert table.numbers["z"].tolist() == [1234.5, 0.5]


FAULTS: list[tuple[str, str | bytes, str, str]] = [
    ("no rows", "unit,x,y,z\n", "values.no-rows", ""),
    ("nothing at all", "", "values.no-rows", ""),
    ("no column of units", "place,x,y,z\na,1,2,3\n", "values.no-unit-column", "第 1 行"),
    ("an indicator without a column", "unit,x,y\na,1,2\n", "values.no-column", "z"),
    ("a column twice", "unit,x,x,y,z\na,1,1,2,3\n", "values.column-twice", "第 1 行 x"),
    ("text where a number belongs", "unit,x,y,z\na,1,about 2,3\n", "values.not-a-number", "第 2 行 y"),
    ("nan is not a number", "unit,x,y,z\na,1,nan,3\n", "values.not-a-number", "第 2 行 y"),
    ("infinity is not a number", "unit,x,y,z\na,1,1e999,3\n", "values.not-a-number", "第 2 行 y"),
    ("underscores are not digits", "unit,x,y,z\na,1,1_000,3\n", "values.not-a-number", "第 2 行 y"),
    ("a power of nothing", "unit,x,y,z\na,1,e5,3\n", "values.not-a-number", "第 2 行 y"),
    ("a power of a point", "unit,x,y,z\na,1,.e5,3\n", "values.not-a-number", "第 2 行 y"),
    ("groups of digits that are no thousands", 'unit,x,y,z\na,1,"1234,567",3\n', "values.not-a-number", "第 2 行 y"),
    ("a comma for the decimal point", 'unit,x,y,z\na,1,"0,123",3\n', "values.not-a-number", "第 2 行 y"),
    ("digits of another script", "unit,x,y,z\na,1,٣,3\n", "values.not-a-number", "第 2 行 y"),
    ("full-width digits", "unit,x,y,z\na,1,１２．５,3\n", "values.full-width", "第 2 行 y"),
    ("a unit twice", "unit,x,y,z\na,1,2,3\nb,1,2,3\na,4,5,6\n", "values.duplicate", "第 4 行 unit"),
    ("a row without unit", "unit,x,y,z\n ,1,2,3\n", "values.no-unit", "第 2 行 unit"),
    ("a short row", "unit,x,y,z\na,1,2\n", "values.width", "第 2 行"),
    ("a quote in the middle", 'unit,x,y,z\na,1,"2"3,3\nb,1,2,3\n', "values.quotes", "第 2 行"),
    ("a quote never closed", 'unit,x,y,z\na,1,2,"3\nb,1,2,3\n', "values.quotes", "第 2 行"),
    ("percent and plain mixed", "unit,x,y,z\na,95%,2,3\nb,96%,2,3\nc,0.97,2,3\n", "values.percent-mixed", "第 4 行 x"),
    ("an unknown indicator in a long table", "unit,indicator,value\na,w,1\n", "values.unknown-indicator", "第 2 行 w"),
    ("a figure twice in a long table", "unit,indicator,value\na,x,1\na,x,2\n", "values.duplicate", "第 3 行 x"),
    ("neither UTF-8 nor GB18030", b"unit,x,y,z\na,1,\xff\xff\xff,3\n", "values.encoding", ""),
    ("NUL in the text", b"unit,x,y,z\na,1,\x00,3\n", "values.encoding", ""),
    ("a cell of 200,000 characters", "unit,x,y,z\na,1," + "9" * 200_000 + ",3\n", "values.long-cell", "第 2 行"),
    ("UTF-16 that breaks off", "unit,x,y,z\na,1,2,3\n".encode("utf-16")[:-1], "values.encoding", ""),
    (
        "rows in another encoding",
        "unit,x\n甲局,1\n乙局,2\n".encode() + "丙局,3\n".encode("gb18030"),
        "values.encoding",
        "",
    ),
    ("too many rows", "unit,x,y,z\n" + "a,1,2,3\n" * 50_000, "values.lines", ""),
    ("an error of a spreadsheet", "unit,x,y,z\na,1,#DIV/0!,3\n", "values.not-a-number", "第 2 行 y"),
    ("an error for a unit", "unit,x,y,z\n#REF!,1,2,3\n", "values.not-a-number", "第 2 行 unit"),
    ("the column of units twice", "unit,unit,x,y,z\na,b,1,2,3\n", "values.column-twice", "第 1 行 unit"),
    ("the column of periods twice", "unit,period,period,x,y,z\na,1,2,1,2,3\n", "values.column-twice", "第 1 行 period"),
    (
        "a period written in two ways",
        "unit,period,x,y,z\na,2026-01,1,2,3\nb,2026-1,1,2,3\n",
        "values.period",
        "第 3 行 period",
    ),
    (
        "a period in small and full-width letters",
        "unit,period,x,y,z\na,2026Q1,1,2,3\nb,２０２６q1,1,2,3\n",
        "values.period",
        "第 3 行 period",
    ),
    (
        "an error for a period",
        "unit,period,x,y,z\na,2026,1,2,3\nb,#REF!,1,2,3\n",
        "values.not-a-number",
        "第 3 行 period",
    ),
    (
        "a formula for a period",
        "unit,period,x,y,z\na,2026,1,2,3\nb,=A1,1,2,3\n",
        "values.not-a-number",
        "第 3 行 period",
    ),
    ("no period beside others", "unit,period,x,y,z\na,2026,1,2,3\nb,,1,2,3\n", "values.no-period", "第 3 行 period"),
    ("a period that is not known", "unit,期间,x,y,z\na,NA,1,2,3\nb,2026,1,2,3\n", "values.no-period", "第 2 行 期间"),
    (
        "no period in a long table",
        "unit,period,indicator,value\na,,x,1\na,2026,x,1\n",
        "values.no-period",
        "第 2 行 period",
    ),
    (
        "rows after a cell of two lines are counted as a spreadsheet does",
        'unit,x,y,z\n"a\nb",1,2,3\nc,1,two,3\n',
        "values.not-a-number",
        "第 3 行 y",
    ),
]


@pytest.mark.parametrize(("why", "content", "code", "place"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_faulty_file_is_refused_with_row_and_column(
    tmp_path: Path, why: str, content: str | bytes, code: str, place: str
) -> None:
    with pytest.raises(Refused) as no:
        read(tmp_path, content)
    assert (code, place) in {(f.code, f.field) for f in no.value.faults}


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_only_an_end_of_line_ends_a_row(tmp_path: Path, sign: str, quote: str) -> None:
    table = read(tmp_path, f"unit,x,y,z\r\n{quote}甲{sign}局{quote},1,2,3\r\n乙局,4,5,6\r\n")
    assert table.units == (f"甲{sign}局", "乙局")
    assert table.lines == (2, 3)


def test_periods_that_differ_are_two(tmp_path: Path) -> None:
    table = read(tmp_path, "unit,period,x,y,z\na,2026-01,1,2,3\na,2026-10,1,2,3\na,2026-11,1,2,3\n")
    assert table.periods == ("2026-01", "2026-10", "2026-11")


def test_a_column_of_no_periods_at_all_is_one_period(tmp_path: Path) -> None:
    assert read(tmp_path, "unit,period,x,y,z\na,,1,2,3\nb,NA,1,2,3\n").periods == ("", "")


def test_a_mark_of_nothing_is_no_group(tmp_path: Path) -> None:
    scheme = make_scheme(attributes={"group": {}})
    (tmp_path / "values.csv").write_text("unit,group,x,y,z\na,E,1,2,3\nb,NA,1,2,3\n", "utf-8")
    with pytest.raises(Refused) as no:
        read_table(tmp_path / "values.csv", scheme)
    assert [(f.code, f.field) for f in no.value.faults] == [("values.no-group", "第 3 行 group")]


def test_one_cell_that_cannot_be_read_costs_no_more_than_the_column_is_long(tmp_path: Path) -> None:
    def work(units: int) -> None:
        lines = [f"u{n},{'' if n % 2 else 1},1,1" for n in range(units)]
        with pytest.raises(Refused, match=f"第 {units + 2} 行"):
            read(tmp_path, "\n".join(["unit,x,y,z", *lines, "last,abc,1,1"]))

    assert linear(work, 40_000)


@pytest.mark.parametrize("line", ["a,2026-01,{0},2,3", "a,{0},1,2,3\nb,2026-01,1,2,3"], ids=["figure", "period"])
def test_a_cell_of_accents_costs_no_more_than_it_is_long(tmp_path: Path, line: str) -> None:
    def work(length: int) -> None:
        accents = ("\u0301" * 500 + "\u0316" * 500) * (length // 1000)
        with suppress(Refused):
            read(tmp_path, "unit,period,x,y,z\n" + line.format("1" + accents))

    assert linear(work, 80_000)


def test_errors_and_unworked_formulas_of_a_workbook_are_not_empty_cells(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["单位", "x", "y", "z"], ["甲局", 1, "#DIV/0!", 3], ["乙局", "=A1/0", None, 6]):
        book.active.append(row)
    book.active["C2"].data_type = "e"
    book.create_sheet("another")["B2"] = "=1+1"
    book.save(tmp_path / "values.xlsx")
    with pytest.raises(Refused) as no:
        read_table(tmp_path / "values.xlsx", SCHEME)
    assert {(f.code, f.field) for f in no.value.faults} == {
        ("values.not-a-number", "第 3 行 x"),
        ("values.not-a-number", "第 2 行 y"),
    }
    assert "=A1/0" in no.value.text and "#DIV/0!" in no.value.text


def test_per_cents_that_may_all_be_ratios_are_a_notice(tmp_path: Path) -> None:
    scheme = make_scheme(indicators={"x": {"parent": "a", "weight": 40, "method": "min-max", "unit": "percent"}})
    for cells, doubts in (((0.95, 0.8, 0), 1), ((0.95, 1.5, 0), 0), ((0, 0, 0), 0)):
        path = tmp_path / "values.csv"
        path.write_text("unit,x,y,z\n" + "".join(f"u{n},{c},1,1\n" for n, c in enumerate(cells)), "utf-8")
        assert ["“x”" in notice for notice in read_table(path, scheme).notices] == [True] * doubts


def test_all_faults_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    lines = ["unit,x,y,z", "a,one,２,3", "a,1,2,3", 'b,1,"2"2,3', "c,1,2", ",1,2,3", "d,1,2,x"]
    with pytest.raises(Refused) as no:
        read(tmp_path, "\n".join(lines))
    assert {(f.code, f.field) for f in no.value.faults} == {
        ("values.quotes", "第 4 行"),
        ("values.duplicate", "第 3 行 unit"),
        ("values.width", "第 5 行"),
        ("values.no-unit", "第 6 行 unit"),
        ("values.not-a-number", "第 2 行 x"),
        ("values.full-width", "第 2 行 y"),
        ("values.not-a-number", "第 7 行 z"),
    }


@pytest.mark.parametrize(
    ("unit", "cells", "rows"),
    [
        ("share", ["0.9", "95", "1"], [3]),  # 95 is not a share
        ("percent", ["95", "0.96", "97", "98"], [3]),  # one looks like a share among per cents
        ("percent", ["95", "90", "0.88", "0.92"], [4, 5]),  # also when they are as many
        ("percent", ["0.95", "0.9", "88"], [2, 3]),  # or more
        ("percent", ["0.5", "4", "12"], []),  # unless there is something between
        ("percent", ["0.5", "-3", "12"], []),  # or below nothing: growth is like that
        ("count", ["3", "0", "1e3"], []),
        ("count", ["3", "1.5", "-3"], [3, 4]),  # things are counted whole, from 0
        ("percent", ["0.5", "0.4", "1", "3"], []),  # small per cents are per cents
        ("share", ["90%", "100%"], []),  # per cent signs all along are understood
    ],
)
def test_shares_and_per_cents_are_not_mixed(tmp_path: Path, unit: str, cells: list[str], rows: list[int]) -> None:
    scheme = make_scheme(indicators={"x": {"parent": "a", "weight": 40, "method": "min-max", "unit": unit}})
    path = tmp_path / "values.csv"
    path.write_text("unit,x,y,z\n" + "".join(f"u{n},{c},1,1\n" for n, c in enumerate(cells)), "utf-8")
    try:
        read_table(path, scheme)
        found = []
    except Refused as no:
        found = [f.field for f in no.faults]
    assert found == [f"第 {row} 行 x" for row in rows]


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as no:
        read(tmp_path, b"PK\x03\x04 not a workbook", "values.xlsx")
    assert no.value.code == "workbook.broken"


@pytest.mark.parametrize("corner", ["XFD1048576", "A10001", "GS1"])
def test_a_workbook_with_a_cell_far_away_is_refused_before_it_is_opened(tmp_path: Path, corner: str) -> None:
    book = Workbook()
    book.active["A1"], book.active[corner] = "单位", "x"
    book.save(tmp_path / "values.xlsx")
    with pytest.raises(Refused) as no:
        read_table(tmp_path / "values.xlsx", SCHEME)
    assert no.value.code == "workbook.size"
