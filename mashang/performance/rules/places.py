"""Where in the text of a scheme's file something stands, so that a fault can name its line; and another version put into it."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_VERSION = re.compile(r"(\s*version\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s#]+)")


def lines_of(text: str) -> dict[str, int]:
    """Line (from 1) of each table and key, by their path in the file: "indicators.on_time.weight"."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _plain(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(".".join(filter(None, (table, _plain(key[1])))), number)
    return found


def line_of(lines: dict[str, int], place: str) -> int:
    """The line of a place or of the nearest above it; 0 when none of its tables stands in the file."""
    path = re.sub(r"\[\d+\]", "", place)
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return 0


def with_version(text: str, version: str) -> str:
    """The text with another version; as it was when its own cannot be found."""
    lines, at = text.splitlines(keepends=True), lines_of(text)
    quoted = '"' + version.replace('"', "") + '"'
    if number := at.get("scheme.version"):
        lines[number - 1] = _VERSION.sub(lambda found: found[1] + quoted, lines[number - 1], count=1)
    elif number := at.get("scheme"):
        lines.insert(number, f"version = {quoted}\n")
    return "".join(lines)


def after(versions: list[str]) -> str:
    """The version to propose after these: one more than the greatest number, else "2"."""
    numbers = [int(v) for v in versions if v.isascii() and v.isdigit() and len(v) < 10]
    return str(max(numbers, default=1) + 1) if versions else "1"


def _plain(path: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in path.split("."))
