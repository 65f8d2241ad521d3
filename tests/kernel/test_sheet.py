"""CSV as offices have it: encodings told apart, records with their rows."""

from __future__ import annotations

import pytest

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.sheet import column_number, encoding_of, is_blank, number_in, records

HEADING = "id,text\n"
LAMPS = "1,路灯坏了请修理\n"


def joined(*parts: tuple[str, str]) -> bytes:
    return b"".join(text.encode(encoding) for text, encoding in parts)


# the bytes of a file, and what they are
WHOLE = [
    (b"", "utf-8-sig"),
    (b"id,text\n1,a\n", "utf-8-sig"),
    (joined((HEADING + LAMPS, "utf-8-sig")), "utf-8-sig"),
    (joined((HEADING + LAMPS * 3, "gb18030")), "gb18030"),
    (joined((HEADING + "1,联通\n2,女\n3,女\n4,男\n", "gb18030")), "gb18030"),  # some of these bytes are UTF-8 too
    (joined(("a,b\n" * 300_000, "ascii"), (LAMPS, "gb18030")), "gb18030"),  # the first Chinese after a megabyte
]


@pytest.mark.parametrize(("data", "encoding"), WHOLE, ids=range(len(WHOLE)))
def test_an_encoding_is_told_from_the_whole_file(data: bytes, encoding: str) -> None:
    assert encoding_of(data, "in.csv") == encoding


# a file of two encodings, and the rows and columns that are not as the others
MIXED = [
    (joined((HEADING + LAMPS * 3, "utf-8"), (LAMPS, "gb18030")), ["5:text"]),
    (joined((HEADING + LAMPS, "utf-8"), (LAMPS, "gb18030")), ["3:text"]),
    (joined((HEADING, "utf-8-sig"), (LAMPS * 3, "gb18030")), ["2:text", "3:text", "4:text"]),  # the mark says UTF-8
    (joined((HEADING + LAMPS * 3, "gb18030"), (LAMPS, "utf-8")), ["5:text"]),
    (joined((HEADING + '1,"一\n行"\n' + LAMPS, "utf-8"), ('2,"甲\n乙"\n', "gb18030")), ["4:text"]),  # rows, not lines
    (joined(("编号,正文\n", "utf-8"), ("1,路灯\n", "gb18030"), ("2,井盖\n", "utf-8")), ["2:正文"]),
    (joined(("编号,正文\n", "gb18030"), (LAMPS * 2, "utf-8")), ["1:"]),
    (joined((HEADING + LAMPS * 2, "utf-8")) + b"3,\xff\xff\n", ["4:text"]),  # no encoding at all
]


@pytest.mark.parametrize(("data", "places"), MIXED, ids=range(len(MIXED)))
def test_rows_in_another_encoding_are_named(data: bytes, places: list[str]) -> None:
    with pytest.raises(Refused) as no:
        encoding_of(data, "in.csv")
    assert [fault.field for fault in no.value.faults] == places
    row, _, column = places[0].partition(":")
    assert f"第 {row} 行" in no.value.faults[0].text and column in no.value.faults[0].text


@pytest.mark.parametrize(
    ("data", "line"), [(b"a\n" * 600_000 + b"\0", 600_001), (b"a\n\xff\xff\xff\n", 2), (b"PK\x03\x04\x00", 1)]
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(Refused, match=f"“in.csv”不是 UTF-8 或 GB 18030 的文本（文件第 {line} 行"):
        encoding_of(data, "in.csv")


def read(text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    faults: list[Fault] = []
    return list(records(text.encode(), "utf-8-sig", faults)), faults


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_and_carriage_returns_end_a_line(mark: str) -> None:
    assert read(f"id,text\n1,路{mark}灯\n") == ([(1, ["id", "text"]), (2, ["1", f"路{mark}灯"])], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_as_a_spreadsheet_shows_them(end: str) -> None:
    rows, faults = read(end.join(["a,b", "", '1,"x', 'y"', "2,z", ""]))
    assert [number for number, _ in rows] == [1, 3, 4] and not faults


def test_rows_of_empty_cells_are_left_out_but_not_an_empty_text_in_a_file_of_one_column() -> None:
    assert read("a,b\n,\n1,x\n \u3000, \n,,\n,y\n")[0] == [(1, ["a", "b"]), (3, ["1", "x"]), (6, ["", "y"])]
    assert read('a\n""\nx\n')[0] == [(1, ["a"]), (2, [""]), (3, ["x"])]


def test_every_row_with_broken_quotes_is_named_and_the_others_are_read() -> None:
    rows, faults = read('a,b\n1,"x"y\n2,z\n3,"p"q\n4,"never closed\n5,z\n')
    assert [fault.field for fault in faults] == ["2:", "4:", "5:"]
    assert [row[0] for _, row in rows] == ["a", "2", "5"]
    assert "第 4 行（文件第 4 行）" in faults[1].text


def test_a_file_of_quotes_that_stay_open_is_not_read_again_for_each_line() -> None:
    rows, faults = read("a,b\n" + 'a","\n' * 40_000)
    assert rows == [(1, ["a", "b"])]
    assert 20 < len(faults) < 1000
    assert [fault.field for fault in faults[:-1]] == [f"{n}:" for n in range(2, len(faults) + 1)]
    assert faults[-1].text == f"不成对的引号太多，第 {len(faults)} 行以后没有再看，请先改正以上各处。"


def test_a_small_file_of_quotes_that_stay_open_is_read_to_its_end() -> None:
    rows, faults = read("a,b\n" + 'a","\n' * 1000 + "x,y\n")
    assert len(faults) == 1000 and rows == [(1, ["a", "b"]), (1002, ["x", "y"])]


def test_a_cell_may_be_as_long_as_it_likes() -> None:
    rows, faults = read(f"a,b\n1,{'字' * 200_000}\n")
    assert not faults and len(rows[1][1][1]) == 200_000


def test_rows_that_say_nothing_are_known() -> None:
    assert is_blank(["", " ", "\u3000"]) and is_blank([]) and not is_blank(["", "0"])


@pytest.mark.parametrize(
    ("cell", "share", "number"),
    [("1,234.5", False, 1234.5), ("９５％", False, 95.0), ("95 %", True, 0.95), ("1 234", False, None), ("", False, None),
     ("nan", False, None), ("-.5e1", False, -5.0)],
)  # fmt: skip
def test_a_number_in_a_cell_is_read_as_people_write_it(cell: str, share: bool, number: float | None) -> None:
    found = number_in(cell, share)
    assert found == number or number is None and found != found


def test_columns_are_counted_by_their_letters() -> None:
    assert [column_number(letters) for letters in ("A", "z", "AA", "XFD")] == [1, 26, 27, 16384]
