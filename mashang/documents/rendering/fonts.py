"""The Chinese fonts that documents are set in: those of the machine, of var/fonts, and the one that is installed along."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst
from django.utils.translation import gettext as _

from mashang.kernel.refused import Refused

ALONG = "zhplot"  # the wheel that brings Noto Sans SC (OFL); never imported
SONG = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "Songti SC", "SimSun")
HEI = (
    *("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "SimHei", "WenQuanYi Zen Hei"),
    "Noto Sans SC",
)


def along() -> list[Path]:
    """The folder of the wheel that brings the font; empty where it was left out."""
    found = find_spec(ALONG)
    return [Path(folder) for folder in (found and found.submodule_search_locations) or ()]


@cache
def book(var: Path) -> typst.Fonts:
    """All fonts there are; `var` is the folder of this installation. Searched once."""
    folders = [folder / "fonts" for folder in (var, *along())]
    return typst.Fonts(font_paths=[folder for folder in folders if folder.is_dir()])


def families(var: Path) -> tuple[str, str]:
    """(text, heading) families to set Chinese in. Refuses when there is none."""
    present = set(book(var).families())
    song = next((name for name in (*SONG, *HEI) if name in present), "")
    hei = next((name for name in (*HEI, *SONG) if name in present), "")
    if not song:
        text = _("这台服务器没有中文字体，文书不能生成。请管理员安装 fonts-noto-cjk，或把字体放进 var/fonts。")
        raise Refused("document.font", text)
    return song, hei
