"""Small pictures drawn by the server: sparklines, bars and intervals, the tile map."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from .parts import Bar, LampState, Tile
from .ribbon import fmt

TILE_WIDTH, TILE_HEIGHT, TILE_GAP = 54, 42, 4
TILES = Path(__file__).parent / "data" / "fujian-county-tiles.csv"


@dataclass(frozen=True, slots=True)
class Spark:
    line: str
    band: str
    last_x: str
    last_y: str
    width: int
    height: int


def spark(
    values: Sequence[float], low: Sequence[float] = (), high: Sequence[float] = (), width: int = 120, height: int = 28
) -> Spark | None:
    """A line over equal steps, with the band low..high behind it; nothing for fewer than two values."""
    if len(values) < 2:
        return None
    everything = [*values, *low, *high]
    floor, top = min(everything), max(everything)
    room = (top - floor) or 1

    def point(i: int, v: float) -> tuple[str, str]:
        return fmt(2 + i * (width - 4) / (len(values) - 1)), fmt(2 + (top - v) / room * (height - 4))

    def path(points: Sequence[tuple[str, str]]) -> str:
        return "M" + "L".join(f"{x} {y}" for x, y in points)

    line = [point(i, v) for i, v in enumerate(values)]
    there = [point(i, v) for i, v in enumerate(high)]
    back = [point(i, v) for i, v in reversed(list(enumerate(low)))]
    band = path(there + back) + "Z" if low and high else ""
    return Spark(path(line), band, *line[-1], width, height)


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar on a scale of 100: `x`, `width` of the fill, or of the interval when `interval`."""

    bar: Bar
    x: str
    width: str
    tick: str
    interval: bool


def meters(bars: Sequence[Bar], top: float | None = None, floor: float = 0) -> list[Meter]:
    """Bars on one scale from `floor` to `top` (the largest value if not given)."""
    ends = [b.high if b.high is not None else b.value for b in bars]
    top = top if top is not None else max(ends, default=1)
    room = (top - floor) or 1

    def at(value: float) -> float:
        return min(100.0, max(0.0, (value - floor) / room * 100))

    found = []
    for bar in bars:
        interval = bar.low is not None and bar.high is not None
        start, end = (at(bar.low or 0), at(bar.high or 0)) if interval else (0.0, at(bar.value))
        found.append(Meter(bar, fmt(start), fmt(max(end - start, 0.6)), fmt(min(at(bar.value), 99.0)), interval))
    return found


@cache
def fujian() -> tuple[Tile, ...]:
    """Fujian's 84 counties on a schematic grid: one tile each, neither area nor border."""
    with TILES.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            Tile(int(r["col"]), int(r["row"]), r["name"], title=f"{r['city']}{r['name']}", code=r["code"])
            for r in csv.DictReader(file)
        )


def fujian_tiles(
    lamps: Mapping[str, tuple[LampState, int]], href: str = "", here: str = "", only: str = ""
) -> list[Tile]:
    """The map of Fujian with lamps by county code; `href` holds {code}; `only` keeps the codes with that prefix."""
    found = []
    for tile in fujian():
        if not tile.code.startswith(only):
            continue
        lamp, count = lamps.get(tile.code, ("none", 0))
        link = href.replace("{code}", tile.code)
        found.append(replace(tile, lamp=lamp, count=count, href=link, here=bool(here) and tile.code == here))
    return found


@dataclass(frozen=True, slots=True)
class DrawnTile:
    tile: Tile
    x: int
    y: int
    middle: int
    short: str


@dataclass(frozen=True, slots=True)
class DrawnMap:
    tiles: tuple[DrawnTile, ...]
    width: int
    height: int
    lamps: tuple[str, ...]


def short_name(name: str) -> str:
    """武平县 → 武平, 沙县 stays; long names are cut to what fits a tile."""
    return (name[:-1] if len(name) > 2 and name[-1] in "县区市" else name)[:4]


def draw_map(tiles: Sequence[Tile]) -> DrawnMap:
    """Positions on a grid that starts at the leftmost and topmost tile."""
    if not tiles:
        return DrawnMap((), 0, 0, ())
    left, top = min(t.col for t in tiles), min(t.row for t in tiles)
    step_x, step_y = TILE_WIDTH + TILE_GAP, TILE_HEIGHT + TILE_GAP
    drawn = []
    for t in tiles:
        x, y = 2 + (t.col - left) * step_x, 2 + (t.row - top) * step_y
        drawn.append(DrawnTile(t, x, y, x + TILE_WIDTH // 2, short_name(t.name)))
    width = max(d.x for d in drawn) + TILE_WIDTH + 2
    lamps = tuple(state for state in ("ok", "warn", "late", "hold", "none") if any(t.lamp == state for t in tiles))
    return DrawnMap(tuple(drawn), width, max(d.y for d in drawn) + TILE_HEIGHT + 2, lamps)
