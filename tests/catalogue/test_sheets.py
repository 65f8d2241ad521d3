"""Items out to Excel and CSV and back in; every fault by row and column; nothing half-imported."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from mashang.catalogue import actions, queries, rules, sheets, shipped
from mashang.catalogue.rules import ItemSpec
from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import NotFound, Refused

NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
EDITOR = Actor("staff", id=7, name="编辑", grants=(Grant("catalogue_editor"),))
KNOWN = {i.code: i for i in shipped.items()}
ITEMS = tuple(KNOWN.values())
FOOD = KNOWN["food-business"]


def workbook(change: Callable[[Any], object], items: tuple[ItemSpec, ...] = ITEMS) -> bytes:
    book = load_workbook(io.BytesIO(sheets.to_excel(items)))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def column(book: Any, title: str, sheet: str = "事项") -> int:
    return next(c.column for c in book[sheet][1] if c.value == title)


def texts(data: bytes, name: str = "事项.xlsx", known: dict[str, ItemSpec] | None = None) -> list[str]:
    with pytest.raises(Refused) as refused:
        sheets.read(data, name, KNOWN if known is None else known)
    return [f.text for f in refused.value.faults]


@pytest.mark.row("A1")
@pytest.mark.parametrize("write", [sheets.to_excel, sheets.to_csv], ids=["xlsx", "csv"])
def test_what_is_exported_is_imported_again_unchanged(write: Callable[..., bytes]) -> None:
    name = "a.xlsx" if write is sheets.to_excel else "a.csv"
    assert sheets.read(write(ITEMS), name, KNOWN) == list(ITEMS)


def test_an_item_new_to_the_catalogue_gets_a_plain_process() -> None:
    (review, decision) = next(
        i for i in sheets.read(sheets.to_excel(ITEMS), "a.xlsx", {}) if i.code == "food-business"
    ).steps
    assert (review.code, decision.code, decision.after) == ("review", "decision", ("review",))
    (only,) = next(i for i in sheets.read(sheets.to_excel(ITEMS), "a.xlsx", {}) if i.code == "sole-trader").steps
    assert only.kind == rules.StepKind.DECISION


def test_an_item_of_a_sheet_asks_who_applies_and_one_that_did_not_is_mended() -> None:
    without = FOOD.model_copy(update={"form": FOOD.form[1:]})
    (new,) = sheets.read(sheets.to_csv([FOOD]), "a.csv", {})
    (mended,) = sheets.read(sheets.to_csv([FOOD]), "a.csv", {FOOD.code: without})
    assert [f.code for f in new.form] == ["applicant"]
    assert [f.code for f in mended.form] == ["applicant", *(f.code for f in FOOD.form[1:])]
    assert mended.steps == FOOD.steps


@pytest.mark.row("A1")
def test_every_fault_is_named_by_row_and_column() -> None:
    def spoil(book: Any) -> None:
        items, materials = book["事项"], book["材料"]
        items.cell(2, column(book, "法定办结时限")).value = "二十天"
        items.cell(2, column(book, "事项类型")).value = "许可证"
        items.cell(3, column(book, "事项名称")).value = "食品\x0b经营".replace("\x0b", "") * 60
        items.cell(4, column(book, "办理渠道")).value = "网上办、飞鸽传书"
        materials.cell(2, 1).value = "nothing"
        materials.cell(3, column(book, "复印件份数", "材料")).value = -1

    found = texts(workbook(spoil))
    assert "“事项”表第 2 行“法定办结时限”列：“二十天”看不懂，请写成 20个工作日、30日、4个工作时或 24小时。" in found
    assert any(t.startswith("“事项”表第 2 行“事项类型”列：“许可证”不在可选范围内") for t in found)
    assert any(t.startswith("“事项”表第 4 行“办理渠道”列：“飞鸽传书”不在可选范围内") for t in found)
    assert "“材料”表第 2 行“事项代码”列：“nothing”不在“事项”表里。" in found
    assert any(t.startswith("“材料”表第 3 行“复印件份数”列：") for t in found)
    assert len(found) == 5


def test_faults_of_the_definition_are_told_with_their_row() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(3, column(book, "承诺办结时限")).value = "30个工作日"
        book["材料"].cell(2, column(book, "材料名称", "材料")).value = "其他材料"

    found = texts(workbook(spoil))
    assert any(t.startswith("“事项”表第 3 行：承诺办结时限(30个工作日)不能长于") for t in found)
    assert any("“其他材料”是兜底条款" in t for t in found)


def test_an_empty_required_cell_of_a_new_item_is_named() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(2, column(book, "实施主体")).value = None

    assert texts(workbook(spoil), known={}) == ["“事项”表第 2 行“实施主体”列：不能为空。"]


def test_a_new_item_of_a_unit_with_a_very_long_name_is_read() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(2, column(book, "实施主体")).value = "局" * 201

    assert sheets.read(workbook(spoil), "a.xlsx", {})[0].roles["organ"].label == "局" * 200


def test_the_same_code_twice_is_named() -> None:
    assert any("与第 2 行的代码“banner-arch”重复" in t for t in texts(sheets.to_excel((ITEMS[0], ITEMS[0]))))


def test_unknown_and_missing_columns_are_named() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(1, column(book, "事项名称")).value = "名字"

    assert texts(workbook(spoil)) == [
        "“事项”表第 1 行“名字”列：不认识这一列，请用导出的表头。",
        "“事项”表第 1 行“事项名称”列：缺少这一列。",
    ]


def test_leading_zeros_and_formulas_stay_text() -> None:
    tricky = KNOWN["banner-arch"].model_copy(
        update={"phone": "0597-4822318", "codes": rules.Codes(basic="000131001000"), "group": '=HYPERLINK("http://x")'}
    )
    data = sheets.to_excel((tricky,))
    book = load_workbook(io.BytesIO(data))
    cell = book["事项"].cell(2, column(book, "主题"))
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert sheets.read(data, "a.xlsx", {tricky.code: tricky}) == [tricky]
    line = next(csv.DictReader(io.StringIO(sheets.to_csv((tricky,)).decode("utf-8-sig"))))
    assert line["主题"].startswith("'=") and line["基本编码"] == "000131001000"
    assert sheets.read(sheets.to_csv((tricky,)), "a.csv", {tricky.code: tricky}) == [tricky]


def test_csv_in_gb18030_is_read_like_utf8() -> None:
    data = sheets.to_csv(ITEMS).decode("utf-8-sig")
    assert sheets.read(data.encode("gb18030"), "a.csv", KNOWN) == list(ITEMS)
    assert sheets.read(data.encode(), "a.csv", KNOWN) == list(ITEMS)


def test_a_file_of_two_encodings_is_refused_with_the_rows_that_differ() -> None:
    head, first, *rest = sheets.to_csv(ITEMS).splitlines(keepends=True)
    data = b"".join([head, first, *(line.decode().encode("gb18030") for line in rest)])
    found = texts(data, "a.csv")
    assert found and all("不是 UTF-8 编码" in text for text in found)


def test_every_row_with_broken_quotes_is_named_as_a_spreadsheet_counts_it() -> None:
    data = '事项代码,事项名称\na,"of two\nlines"\nb,"t"wo\nc,three\nd,"f"our\n'
    found = texts(data.encode(), "a.csv")
    assert [text.partition("：")[0] for text in found] == ["第 3 行（文件第 4 行）", "第 5 行（文件第 6 行）"]


def test_full_width_digits_are_read_as_digits() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(3, column(book, "承诺办结时限")).value = "４个工作日"

    read = {i.code: i for i in sheets.read(workbook(spoil), "a.xlsx", KNOWN)}
    assert read["food-business"].promised == "4wd"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for n in range(3):
            packed.writestr(f"xl/media/{n}.bin", bytes(100 << 20))
    return out.getvalue()


def empty_book() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (lambda: b"", "a.xlsx", "空的"),
        (lambda: b"x" * ((10 << 20) + 1), "a.xlsx", "10 MB"),
        (lambda: b"PK\x03\x04 broken", "a.xlsx", "打不开"),
        (lambda: sheets.to_excel(ITEMS)[:3000], "a.xlsx", "打不开"),  # cut off in transfer
        (bomb, "a.xlsx", "解开后太大"),
        (empty_book, "a.xlsx", "缺少这一列"),
        (lambda: sheets.to_excel(ITEMS), "a.exe", "只能导入"),
        (lambda: sheets.to_csv(ITEMS) + b'"never closed', "a.csv", "引号"),
        (lambda: b"\xff\xff\xff\xff", "a.csv", "GB 18030"),
        (lambda: sheets.to_csv(()), "a.csv", "没有事项"),
    ],
    ids=["empty", "big", "broken", "cut", "bomb", "blank", "type", "quotes", "encoding", "none"],
)
def test_a_file_that_is_no_catalogue_is_refused_in_a_sentence(make: Callable[[], bytes], name: str, words: str) -> None:
    assert any(words in text for text in texts(make(), name))


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(data: bytes) -> None:
    for name in ("a.csv", "a.xlsx"):
        with pytest.raises(Refused):
            sheets.read(data, name, {})


@pytest.mark.slow
def test_too_many_faults_are_counted_and_not_all_listed() -> None:
    many = tuple(ITEMS[0].model_copy(update={"code": f"x{n}"}) for n in range(300))

    def spoil(book: Any) -> None:
        for row in range(2, 302):
            book["事项"].cell(row, column(book, "承诺办结时限")).value = "?"

    found = texts(workbook(spoil, many))
    assert len(found) == 201
    assert "还有 100 处" in found[-1]


@pytest.mark.django_db
@pytest.mark.usefixtures("clock_rules")
@pytest.mark.row("A1")
def test_one_wrong_row_stops_the_whole_import() -> None:
    def spoil(book: Any) -> None:
        book["事项"].cell(6, column(book, "承诺办结时限")).value = "很快"

    with pytest.raises(Refused, match="第 6 行"):
        actions.import_sheet(workbook(spoil), "a.xlsx", by=EDITOR, now=NOW)
    with pytest.raises(NotFound):
        queries.current(ITEMS[0].code)


@pytest.mark.django_db
@pytest.mark.usefixtures("clock_rules")
@pytest.mark.row("A1")
def test_a_sheet_that_changes_one_item_publishes_one_new_version_and_keeps_its_form() -> None:
    actions.import_shipped(by=EDITOR, now=NOW)

    def faster(book: Any) -> None:
        book["事项"].cell(3, column(book, "承诺办结时限")).value = "3个工作日"

    exported = queries.export_excel(EDITOR, queries.Wanted())
    assert exported[:2] == b"PK" and queries.export_csv(EDITOR, queries.Wanted())[:3] == b"\xef\xbb\xbf"
    book = load_workbook(io.BytesIO(exported))
    faster(book)
    out = io.BytesIO()
    book.save(out)
    done = actions.import_sheet(out.getvalue(), "../../事项.xlsx", by=EDITOR, now=NOW)
    assert (done.published, done.same, done.codes) == (1, 4, ("food-business",))
    found = queries.current("food-business")
    assert isinstance(found.spec, ItemSpec)
    assert (found.number, found.spec.promised) == (2, "3wd")
    assert found.spec.form == KNOWN["food-business"].form and found.spec.steps == KNOWN["food-business"].steps
