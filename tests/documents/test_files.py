"""The files: text, QR code, the same bytes each time, no boxes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
import segno
import typst
import zxingcpp
from docx import Document
from PIL import Image

from mashang.documents import rendering, rules
from mashang.documents.rendering import fonts, pdf
from mashang.kernel import clock
from mashang.kernel.refused import Refused

AT = datetime(2026, 3, 5, 10, 30, tzinfo=clock.ZONE)
CODE, URL = "ABCD-EFGH-JKMN-PQRS", "https://wuping.example/verify/ABCDEFGHJKMNPQRS"
ROWS = [("建设项目", "村民住宅（新建）"), ("建设位置", "桃溪镇新田村三组"), ("备注", "#danger[x] *星* 𬭎 ㎡")]


def sheet(kind: str = "planning-permit", **facts: Any) -> rules.Sheet:
    given = {"item": "农村村民建房", "missing": ["住宅设计图：没有剖面"], "rows": ROWS, **facts}
    return rules.compose(
        kind,
        title="",
        number="武平-事-2026-000318-01",
        holder="陈某某",
        unit="武平县桃溪镇人民政府",
        facts=given,
        issued=AT,
        valid_to=date(2027, 3, 5),
    )


def make(format_: str, found: rules.Sheet) -> bytes:
    return rendering.MAKERS[format_][0](found, code=CODE, url=URL, at=AT)


def text_of(data: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).replace("\n", "")


@pytest.mark.row("A24")
def test_the_certificate_can_be_read_and_searched() -> None:
    data = make("pdf", sheet())
    text = text_of(data)
    for part in (
        "乡村建设规划许可证",
        "武平-事-2026-000318-01",
        "陈某某",
        "桃溪镇新田村三组",
        "武平县桃溪镇人民政府",
        CODE,
    ):
        assert part in text
    assert "#danger[x] *星* 𬭎" in text  # words are never read as markup
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 1


def test_a_long_notice_runs_on_to_a_second_page_whole() -> None:
    lines = [f"第{n}项材料：" + "应当补正" * 12 for n in range(1, 31)]
    data = make("pdf", sheet("supplement", missing=lines))
    text = text_of(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) > 1
    assert all(f"第{n}项材料" in text for n in range(1, 31))
    assert "不会再要求您补正其他材料" in text


@pytest.mark.row("A24")
def test_the_qr_code_on_the_page_leads_to_the_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pdf.typst.compile_with_warnings

    def as_picture(*args: Any, **options: Any) -> Any:
        options.pop("pdf_standards")
        return real(*args, **{**options, "format": "png", "ppi": 150})

    monkeypatch.setattr(pdf.typst, "compile_with_warnings", as_picture)
    page = Image.open(io.BytesIO(make("pdf", sheet()))).convert("L")
    (found,) = zxingcpp.read_barcodes(page)
    assert found.text == URL


@pytest.mark.parametrize("format_", ["pdf", "docx"])
@pytest.mark.parametrize("kind", ["planning-permit", "supplement"])
def test_the_same_document_gives_the_same_bytes(format_: str, kind: str) -> None:
    first = make(format_, sheet(kind))
    with clock.at("2031-01-01 08:00"):
        assert make(format_, sheet(kind)) == first
    assert make(format_, sheet(kind, rows=ROWS[:1], missing=["另一项"])) != first


NOWHERE = Path("no such folder")


class Bare:
    """A machine with the fonts of Typst alone."""

    def families(self) -> list[str]:
        return ["Libertinus Serif", "DejaVu Sans Mono"]


def test_a_chinese_font_comes_along_and_gives_way_to_those_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Noto Sans SC" in fonts.book(NOWHERE).families()
    monkeypatch.setattr(Bare, "families", lambda _: ["Noto Sans SC", "SimSun"])
    monkeypatch.setattr(fonts, "book", lambda var: Bare())
    assert fonts.families(NOWHERE) == ("SimSun", "Noto Sans SC")


def test_no_chinese_font_at_all_is_an_error_and_not_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "book", lambda var: Bare())
    with pytest.raises(Refused, match="没有中文字体"):
        make("pdf", sheet())


def test_a_character_in_no_font_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = typst.Fonts(include_system_fonts=False, font_paths=[folder / "fonts" for folder in fonts.along()])
    monkeypatch.setattr(fonts, "book", lambda var: alone)
    assert "刘𬭎喆" in text_of(make("pdf", sheet(rows=[("申请人", "刘𬭎喆")])))
    with pytest.raises(Refused, match="字体里没有“𪚥”"):
        make("pdf", sheet(rows=[("申请人", "刘𪚥")]))


def test_a_font_that_vanished_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "families", lambda var: ("Nowhere Song", "Nowhere Hei"))
    with pytest.raises(Refused, match="不能完整生成"):
        make("pdf", sheet())


def test_the_docx_follows_the_standard_layout() -> None:
    doc = Document(io.BytesIO(make("docx", sheet("supplement"))))
    section = doc.sections[0]
    assert [
        round(m.mm) for m in (section.page_width, section.page_height, section.top_margin, section.left_margin)
    ] == [
        210,
        297,
        37,
        28,
    ]
    text = "\n".join(p.text for p in doc.paragraphs)
    assert "一次性补正告知书" in text and "1．住宅设计图：没有剖面" in text and CODE in text
    body = next(p for p in doc.paragraphs if p.text.startswith("您提出的"))
    assert (body.runs[0].font.size.pt, body.paragraph_format.first_line_indent.pt) == (16, 32)
    assert "仿宋_GB2312" in body.runs[0]._element.xml


def test_the_docx_carries_the_table_and_the_qr_code() -> None:
    data = make("docx", sheet())
    table = Document(io.BytesIO(data)).tables[0]
    assert [cell.text for cell in table.rows[1].cells] == ["建设项目", "村民住宅（新建）"]
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        picture = next(name for name in packed.namelist() if name.endswith(".png"))
        (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(packed.read(picture))).convert("L"))
    assert found.text == URL


def test_the_templates_ship_with_the_room() -> None:
    assert {p.name for p in Path(pdf.TEMPLATES).glob("*.typ")} == {
        "common.typ",
        "notice.typ",
        "certificate.typ",
        "form.typ",
    }


def test_the_qr_picture_is_plain_svg() -> None:
    svg = pdf.qr_svg(URL)
    assert svg.startswith("<svg") and "<script" not in svg
    assert segno.make(URL, error="m", micro=False).version <= 6


@pytest.mark.parametrize("kind", ["planning-permit", "supplement"])
def test_a_revoked_document_says_so_above_all_else_in_both_forms(kind: str) -> None:
    mark = rules.revoked_mark(AT, "以欺骗手段取得 #x *y*")
    marked = replace(sheet(kind), mark=mark)
    assert text_of(make("pdf", marked)).replace(" ", "").startswith(mark.replace(" ", "")[:20])
    assert Document(io.BytesIO(make("docx", marked))).paragraphs[0].text == mark
    assert "撤销" not in text_of(make("pdf", sheet(kind)))
