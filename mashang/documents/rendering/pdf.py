"""PDF by Typst. Words come in as JSON and are never read as markup; a missing Chinese font is an error, not boxes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import segno
import typst
from django.conf import settings
from django.utils.translation import gettext as _

from mashang.kernel.refused import Refused

from ..rules import Sheet
from . import fonts

TEMPLATES = Path(__file__).resolve().parent / "typst"
NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def _no_glyph(word: str) -> str:
    text = _("文书不能完整生成：字体里没有“%(word)s”。请管理员把有这个字的字体放进 var/fonts，或安装 fonts-noto-cjk。")
    return text % {"word": word}


def qr_svg(url: str) -> str:
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=0)
    return out.getvalue().decode()


def make_pdf(sheet: Sheet, *, code: str, url: str, at: datetime) -> bytes:
    """PDF/A-2b, dated when the document was issued, so that it is the same whenever it is made."""
    var = Path(settings.VAR)
    song, hei = fonts.families(var)
    words = {**asdict(sheet), "code": code, "url": url, "qr": qr_svg(url) if url else "", "song": song, "hei": hei}
    words["day"] = [at.year, at.month, at.day]
    try:
        data, warnings = typst.compile_with_warnings(
            TEMPLATES / f"{sheet.layout}.typ",
            root=TEMPLATES,
            font_paths=fonts.book(var),
            sys_inputs={"sheet": json.dumps(words, ensure_ascii=False)},
            format="pdf",
            pdf_standards=["a-2b"],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as fault:
        if unprintable := NO_GLYPH.search(str(fault)):
            raise Refused("document.font", _no_glyph(unprintable[1])) from fault
        raise RuntimeError(f"template {sheet.layout}: {fault}") from fault
    if warnings:
        raise Refused("document.font", _("文书不能完整生成：%(w)s。请联系系统管理员。") % {"w": warnings[0].message})
    assert isinstance(data, bytes)
    return data
