"""事项管理 at the desk: the list, an entry with its versions, its draft in forms and as a file, new ones, sheets."""

from .adding import bring, new
from .drafting import definition, fields
from .entry import differences, entry, file, preview
from .listing import entries, export_csv, export_excel
from .rows import rows

__all__ = [
    "bring", "definition", "differences", "entries", "entry", "export_csv", "export_excel", "fields", "file", "new",
    "preview", "rows",
]  # fmt: skip
