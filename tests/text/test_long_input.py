"""What people type may be long and odd: no reader takes more time than the length of it is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from mashang.catalogue.rules import definition, written
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused
from mashang.text.rules import personal, replies, search, tables
from mashang.text.rules.hot import Message, grouped
from mashang.text.rules.places import endings, main_places
from mashang.text.rules.plain import plain
from mashang.text.rules.replies import Exchange, check_replies
from mashang.text.rules.similar import near_duplicates
from mashang.text.rules.tables import read_time, table_of
from tests.growth import linear

LONG = 100_000
RUNS = (
    "1", "1.", "1,", "1 ", " ", "\n", " \n", "\u3000", "。", "。\n", "\"", "”", "（", "[", "《", "〔", "啊", "第一", "经", "转", "日", "日 ",
    "年1", "2026年", "2026年1月 ", "其他", "村", "某某路", "a@", "@a.", "京A1", "86 1", "6225 ", ",", "、 ", " =", "已",
)  # fmt: skip
MARKS = "\u0301" * 500 + "\u0316" * 500


def answered(text: str) -> Any:
    return check_replies([Exchange(text, text, text)])


def hottest(text: str) -> Any:
    return grouped([Message(str(n), datetime(2026, 3, 1 + n, tzinfo=ZONE), text[n:], text) for n in range(2)])


def counted(text: str) -> Any:
    return table_of(f'likes\n"{text.replace(chr(34), "")}"\n'.encode(), "in.csv").numbers_of("likes")


READERS: tuple[Callable[[str], Any], ...] = (
    answered, hottest, counted, personal.mask_personal, endings, plain, search.bigrams, search.narrow, read_time,
    written.words, written.lines, written.many, written.limit, written.count, written.number, definition.read,
    lambda text: written.limit("1" + text), lambda text: written.condition("甲" + text, {}),
    lambda text: near_duplicates([text, text[1:]]),
)  # fmt: skip


def repeated(run: str, length: int) -> str:
    return run * (length // len(run))


def read_or_refused(read: Callable[[str], Any], text: str) -> None:
    try:
        read(text)
    except Refused:
        pass
    except ValueError as no:  # with the sentence of the reader of a cell
        assert "看不懂" in str(no) or "应为" in str(no) or "不是" in str(no) or "没有" in str(no), no


@pytest.mark.parametrize("read", READERS, ids=[getattr(one, "__name__", "") for one in READERS])
def test_no_text_of_a_hundred_thousand_characters_keeps_a_reader_busy(read: Callable[[str], Any]) -> None:
    for run in (*RUNS, MARKS):
        assert linear(lambda length, run=run: read_or_refused(read, f"好。{repeated(run, length)}x"), LONG), run
        assert linear(lambda length, run=run: read_or_refused(read, f"{repeated(run, length)}。5"), LONG), run


@pytest.mark.parametrize(
    "pattern", [name for name in vars(replies) if name.startswith("_") and hasattr(getattr(replies, name), "finditer")]
)
def test_each_expression_of_the_checks_goes_through_an_answer_once(pattern: str) -> None:
    found = getattr(replies, pattern)

    def work(length: int, run: str) -> None:
        for _ in found.finditer(" ".join(f"好。{repeated(run, length)}x".split())):
            pass

    for run in RUNS:
        assert linear(partial(work, run=run), LONG), run


def test_an_answer_is_closed_or_open_however_many_spaces_stand_in_it() -> None:
    for gap in ("", " ", "\n\u3000\n", "\n" * 3000):
        for end in ("。", f"。{gap}”", f"。{gap}某某局{gap and ' '}2026年{gap}3月{gap}1日", f"3月{gap}1日"):
            assert replies._is_closed(f"路灯已经修好{end}{gap}"), (gap[:3], end[:5])
        assert not replies._is_closed(f"路灯已经修好。{gap}某某局{gap}办公室{gap}")


def test_grounds_are_counted_in_any_number_of_digits() -> None:
    part = replies._grounds("1" * 50_000 + "，投入12.5万元，惠及300户。")
    assert part.passage == "依据：12.5万元、300户"


def test_a_key_of_thousands_of_parts_is_refused_with_its_line() -> None:
    for line in ("a." * 100_000 + "a = 1", "[" + "a." * 100_000 + "a]"):
        with pytest.raises(Refused, match="第 2 行有 100000 个点"):
            definition.read(f'name = "x"\n{line}\n')


def test_of_ten_thousand_places_the_main_ones_are_told() -> None:
    def work(places: int) -> None:
        named = Counter({f"{chr(0x4E00 + n)}{chr(0x9000 - n)}村": 2 for n in range(places)})
        named.update({"青山小区": 9, "大青山小区": 8})
        assert main_places(named)[0] == "大青山小区" and len(main_places(named)) == 3

    assert linear(work, 10_000)


DIGITS = "1" * 5000


@pytest.mark.parametrize(
    "day",
    [f"2026-{DIGITS}-01", f"2026-03-{DIGITS}", f"2026-03-02 {DIGITS}", f"2026年{DIGITS}月1日"],
    ids=range(4),
)
def test_a_day_of_thousands_of_digits_is_a_fault_of_its_cell(day: str) -> None:
    assert read_time(day) is None
    table = table_of(f"at\n2026-03-02\n{day}\n".encode(), "in.csv")
    table.times("at")
    [fault] = table.faults
    assert fault.field == "3:at" and len(fault.text) < 100


@pytest.mark.parametrize("number", [DIGITS, f"1e{DIGITS}", f"0.{DIGITS}", f"1e{'0' * 5000}5"], ids=range(4))
def test_a_number_of_thousands_of_digits_is_a_fault_of_its_cell(number: str) -> None:
    table = table_of(f"likes\n3\n{number}\n".encode(), "in.csv")
    assert table.numbers_of("likes") == [3, 0]
    assert [fault.field for fault in table.faults] == ["3:likes"]


def test_a_heading_of_thousands_of_columns_is_read_once() -> None:
    def work(headings: Callable[[int], list[str]], columns: int) -> None:
        table = tables.table_of(f"{','.join(headings(columns))}\n".encode(), "in.csv", ("label",), 0)
        for place in range(20):
            table.heading_fault("text", str(table.place("text")) + str(place))
        assert any("缺少“label”列" in fault.text for fault in table.faults)

    def names(columns: int) -> list[str]:
        return [f"列{n}" for n in range(columns)]

    for headings in (names, lambda n: ["内容"] * n, lambda n: [*names(n // 2), *names(n // 2)]):
        assert linear(partial(work, headings), 40_000)
