"""Workbooks are looked through before they are opened: nothing that a few bytes claim is ever made."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from mashang.kernel.refused import Refused
from mashang.text.rules import workbook
from mashang.text.rules.workbook import sheets

SHEET = "xl/worksheets/sheet1.xml"


def book(**cells: object) -> bytes:
    made = Workbook()
    for place, value in cells.items():
        made.active[place] = value
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(change: Callable[[str], str], data: bytes, part: str = SHEET) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == part else text)
    return out.getvalue()


def with_rows(rows: str) -> bytes:
    """A sheet of these rows, written by hand."""
    return changed(
        lambda text: text.partition("<sheetData>")[0] + f"<sheetData>{rows}</sheetData></worksheet>", book(A1=1)
    )


def read(data: bytes) -> list[list[object]]:
    [(_name, rows)] = sheets(data, rows=10, columns=5)
    return rows


def test_a_sheet_is_read_from_its_first_cell_to_its_last() -> None:
    assert read(book(B1="甲", E10=2.5))[0] == ["", "甲", "", "", ""]
    assert read(book(B1="甲", E10=2.5))[9] == ["", "", "", "", 2.5]


@pytest.mark.parametrize(
    "data",
    [
        book(A1=1, XFD1048576=1),
        book(A1=1, F1=1),
        book(A1=1, A11=1),
        with_rows("<row r='11'><c><v>1</v></c></row>"),
        with_rows("<row r='10'/><row><c><v>1</v></c></row>"),
        with_rows("<row r='1'><c r='e1'><v>1</v></c><c><v>1</v></c></row>"),
        with_rows("<x:row xmlns:x='urn:x' r='1'><x:c r='F1'><x:is><x:t>a</x:t></x:is></x:c></x:row>"),
    ],
    ids=["corner", "column", "row", "no place", "row without number", "cell without place", "prefix"],
)
def test_a_cell_out_of_bounds_is_refused_however_it_is_written(data: bytes) -> None:
    with pytest.raises(Refused) as no:
        read(data)
    assert no.value.code == "workbook.size"


def test_far_cells_without_content_do_no_harm() -> None:
    assert read(with_rows("<row r='1'><c r='A1'><v>1</v></c><c r='XFD1' s='0'/></row>")) == [[1.0]]


def test_more_elements_than_a_sheet_can_use_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ELEMENTS", 1000)
    with pytest.raises(Refused) as no:
        read(with_rows("<row r='1'/>" * 1000))
    assert no.value.code == "workbook.size"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        changed(
            lambda text: text.replace("<worksheet", "<!DOCTYPE worksheet [<!ENTITY a 'a'>]><worksheet", 1), book(A1=1)
        ),
        with_rows("<row r='1'><c r='A-1'><v>1</v></c></row>"),
        with_rows("<row r='one'><c><v>1</v></c></row>"),
        with_rows("<row>"),
        changed(lambda _text: "nothing", book(A1=1), "xl/workbook.xml"),
        changed(lambda text: re.sub("<sheet .*?/>", "", text), book(A1=1), "xl/workbook.xml"),
    ],
    ids=["nothing", "cut", "types of its own", "place", "number", "unclosed", "no workbook", "no sheet"],
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as no:
        read(data)
    assert no.value.code == "workbook.broken"
