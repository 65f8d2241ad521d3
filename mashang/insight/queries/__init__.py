"""What leaders may ask: where it burns, how punctual, how content, how slow, and the cases behind each figure."""

from .behind import Behind, Found, behind
from .board import Board, board
from .places import counties, default_place, place_name
from .slow import slowest
from .year import Year, year

__all__ = [
    "Behind", "Board", "Found", "Year", "behind", "board", "counties", "default_place", "place_name", "slowest", "year",
]  # fmt: skip
