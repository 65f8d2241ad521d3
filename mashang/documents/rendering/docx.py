"""Editable DOCX after GB/T 9704-2012: fonts of the standard by name, A4, 22 lines of 28 characters.

The office's word processor supplies the faces (方正小标宋, 仿宋_GB2312); they are proprietary and not embedded.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import segno
from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from ..rules import Sheet

SONG, FANG, HEI = "方正小标宋简体", "仿宋_GB2312", "黑体"
RED = RGBColor(0xD7, 0x00, 0x0F)
_LINE = Pt(28.95)


def _write(paragraph: Paragraph, text: str, face: str, size: float, colour: RGBColor | None = None) -> Paragraph:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = "Times New Roman", Pt(size)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if colour is not None:
        run.font.color.rgb = colour
    layout = paragraph.paragraph_format
    layout.space_before = layout.space_after = Pt(0)
    if size <= 16:
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, _LINE
    return paragraph


def _body(doc: Doc, text: str) -> None:
    paragraph = _write(doc.add_paragraph(), text, FANG, 16)
    paragraph.paragraph_format.first_line_indent = Pt(32)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY


def _centred(doc: Doc, text: str, face: str, size: float, colour: RGBColor | None = None) -> Paragraph:
    paragraph = _write(doc.add_paragraph(), text, face, size, colour)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _rule(paragraph: Paragraph) -> None:
    """The red rule under the number."""
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "12"), ("space", "8"), ("color", "D7000F")):
        bottom.set(qn(f"w:{key}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _page(doc: Doc) -> None:
    section = doc.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _table(doc: Doc, rows: tuple[tuple[str, str], ...]) -> None:
    table = doc.add_table(rows=0, cols=2, style="Table Grid")
    for label, value in rows:
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Mm(45), Mm(111)
        _write(cells[0].paragraphs[0], label, HEI, 14)
        _write(cells[1].paragraphs[0], value, FANG, 14)


def _signed(doc: Doc, sheet: Sheet, code: str, url: str) -> None:
    doc.add_paragraph()
    for text, blanks in ((sheet.unit, 2), (sheet.date, 4)):
        paragraph = _write(doc.add_paragraph(), text, FANG, 16)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(16 * blanks)
    picture = io.BytesIO()
    segno.make(url, error="m", micro=False).save(picture, kind="png", scale=8, border=1)
    doc.add_paragraph().add_run().add_picture(picture, width=Mm(24))
    _write(doc.add_paragraph(), f"扫码核验真伪：{url}　验证码 {code}", FANG, 10.5)


def make_docx(sheet: Sheet, *, code: str, url: str, at: datetime) -> bytes:
    """The same words as the PDF, to be edited before printing; its properties are dated when it was issued."""
    doc = Document()
    _page(doc)
    head = doc.core_properties
    head.title, head.author, head.language = sheet.title, sheet.unit, "zh-CN"
    head.created = head.modified = at.replace(tzinfo=None)
    if sheet.mark:
        _write(doc.add_paragraph(), sheet.mark, HEI, 14, RED)
    _centred(doc, sheet.unit, SONG, 30, RED)
    doc.add_paragraph()
    _rule(_centred(doc, sheet.number, FANG, 16))
    doc.add_paragraph()
    _centred(doc, sheet.title, SONG, 22)
    doc.add_paragraph()
    if sheet.addressee:
        _write(doc.add_paragraph(), f"{sheet.addressee}：", FANG, 16)
    listed = tuple(f"{number}．{line}" for number, line in enumerate(sheet.listed, 1))
    for text in (*sheet.paragraphs, *listed, *sheet.after):
        _body(doc, text)
    if sheet.rows:
        _table(doc, sheet.rows)
    for text in sheet.notes:
        _body(doc, text)
    _signed(doc, sheet, code, url)
    out = io.BytesIO()
    doc.save(out)
    return _undated(out.getvalue())


def _undated(data: bytes) -> bytes:
    """The same archive without the hour at which it was packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return out.getvalue()
