"""PDF by Typst. Words come in as JSON and are never read as markup; a missing Chinese font is an error, not boxes."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path

import segno
import typst
from django.conf import settings
from django.utils.translation import gettext as _

from mashang.kernel.refused import Refused

from ..rules import Sheet

TEMPLATES = Path(__file__).resolve().parent / "typst"
SONG = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "Songti SC", "SimSun")
HEI = ("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "SimHei", "WenQuanYi Zen Hei")


@cache
def _book() -> typst.Fonts:
    """The fonts of the machine, and those an office puts into var/fonts; searched once."""
    folder = Path(settings.VAR) / "fonts"
    return typst.Fonts(font_paths=[folder] if folder.is_dir() else [])


def fonts() -> tuple[str, str]:
    """(text, heading) families to set Chinese in. Refuses when the machine has none."""
    present = set(_book().families())
    song = next((name for name in (*SONG, *HEI) if name in present), "")
    hei = next((name for name in (*HEI, *SONG) if name in present), "")
    if not song:
        text = _("这台服务器没有中文字体，文书不能生成。请管理员安装 fonts-noto-cjk，或把字体放进 var/fonts。")
        raise Refused("document.font", text)
    return song, hei


def qr_svg(url: str) -> str:
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=0)
    return out.getvalue().decode()


def make_pdf(sheet: Sheet, *, code: str, url: str, at: datetime) -> bytes:
    """PDF/A-2b, dated when the document was issued, so that it is the same whenever it is made."""
    song, hei = fonts()
    words = {**asdict(sheet), "code": code, "url": url, "qr": qr_svg(url) if url else "", "song": song, "hei": hei}
    words["day"] = [at.year, at.month, at.day]
    try:
        data, warnings = typst.compile_with_warnings(
            TEMPLATES / f"{sheet.layout}.typ",
            root=TEMPLATES,
            font_paths=_book(),
            sys_inputs={"sheet": json.dumps(words, ensure_ascii=False)},
            format="pdf",
            pdf_standards=["a-2b"],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as fault:
        raise RuntimeError(f"template {sheet.layout}: {fault}") from fault
    if warnings:
        raise Refused("document.font", _("文书不能完整生成：%(w)s。请联系系统管理员。") % {"w": warnings[0].message})
    assert isinstance(data, bytes)
    return data
