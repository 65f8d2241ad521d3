"""The definitions that come with the platform, read from `data/`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from .rules import ItemSpec, PackageSpec

DATA = Path(__file__).resolve().parent / "data"
NAMES = DATA / "guangan-items.csv"


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _package(folder: Path) -> PackageSpec:
    items = [_read(path) for path in sorted(folder.glob("[0-9]*.toml"))]
    return PackageSpec.model_validate({**_read(folder / "package.toml"), "items": items})


@cache
def items() -> tuple[ItemSpec, ...]:
    """Items offered on their own."""
    return tuple(ItemSpec.model_validate(_read(path)) for path in sorted((DATA / "items").glob("*.toml")))


@cache
def packages() -> tuple[PackageSpec, ...]:
    return tuple(_package(folder) for folder in sorted((DATA / "packages").iterdir()) if folder.is_dir())
