"""Papers and photos that people hand in: small, drawn here, and saying that they are a demonstration."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import datetime
from functools import lru_cache
from random import Random

import numpy as np

from mashang.cases import actions
from mashang.kernel.actor import Actor

SCENES = 8
_WIDE, _HIGH = 320, 240
_GB = "<< /Registry (Adobe) /Ordering (GB1) /Supplement 5 >>"
_METRICS = "/Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80"


def paper(name: str, *, by: Actor, now: datetime) -> int:
    """Upload a one-page PDF with this title; gives the document."""
    return actions.keep(f"{name[:60]}（演示）.pdf".replace("/", "、"), io.BytesIO(pdf(name)), by=by, now=now).pk


def photo(draws: Random, *, by: Actor, now: datetime) -> int:
    """Upload one of a few drawn scenes of a building site; gives the document."""
    scene = draws.randrange(SCENES)
    return actions.keep(f"现场照片{scene + 1}（演示）.png", io.BytesIO(png(scene)), by=by, now=now).pk


@lru_cache(maxsize=256)
def pdf(title: str) -> bytes:
    """A page with the title, in a font that readers of PDF bring themselves."""
    lines = ((36, 700, 22, title), (36, 660, 14, "演示材料，内容虚构，不能作为凭证。"))
    drawn = "\n".join(
        f"BT /F1 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET" for x, y, size, text in lines
    )
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts [6 0 R] >>",
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo {_GB} /FontDescriptor 7 0 R >>",
        f"<< /Type /FontDescriptor /FontName /STSong-Light {_METRICS} >>",
    )
    return _file(objects)


def _file(objects: tuple[str, ...]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    tail = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out) + f"xref\n0 {count}\n0000000000 65535 f \n{table}{tail}".encode()


@lru_cache(maxsize=SCENES)
def png(scene: int) -> bytes:
    """Sky, ground and a house that grows with the scene's number, as a PNG of some kilobytes."""
    picture = np.empty((_HIGH, _WIDE, 3), np.uint8)
    rows = np.arange(_HIGH)[:, None]
    sky = 235 - rows * 60 // _HIGH
    picture[..., 0], picture[..., 1], picture[..., 2] = sky - 40 - scene * 4, sky - 20, sky
    picture[150:] = (120 + scene * 5, 110, 80)
    picture[150:154] = (90, 120, 60)
    top = 150 - 14 * (scene % 4 + 1)
    picture[top:170, 90 : 210 + scene * 4] = (190, 170 - scene * 6, 150)
    for left in range(104, 200, 32):
        picture[top + 8 : top + 20, left : left + 14] = (70, 90, 110)
    picture[top - 6 : top, 84 : 216 + scene * 4] = (150, 70, 50)
    raw = b"".join(b"\0" + row.tobytes() for row in picture)
    header = struct.pack(">IIBBBBB", _WIDE, _HIGH, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
