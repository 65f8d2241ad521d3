"""What others may ask of the catalogue."""

from ..events import SENTENCES
from .editing import (
    Edition,
    File,
    Line,
    Lines,
    Wanted,
    edition,
    export_csv,
    export_excel,
    file_of,
    home_of,
    lines,
    may_write,
    may_write_all,
    own_file,
    owner_name,
    preview,
)
from .reading import (
    Guide,
    Hit,
    Shares,
    Version,
    current,
    current_id,
    entries,
    faults_of,
    forget,
    guide,
    guide_of,
    items_in_force,
    packages,
    parsed,
    search,
    sentence,
    shares,
    version,
)

__all__ = [
    "Edition", "File", "Guide", "Hit", "Line", "Lines", "SENTENCES", "Shares", "Version", "Wanted", "current", "current_id",
    "edition", "export_csv", "export_excel", "entries", "faults_of", "file_of", "forget", "guide",
    "guide_of", "home_of", "items_in_force", "lines", "may_write", "may_write_all", "own_file", "owner_name", "packages",
    "parsed", "preview", "search", "sentence", "shares", "version",
]  # fmt: skip
