"""What changes the catalogue."""

from .importing import Imported, import_names, import_sheet, import_shipped, publish_all
from .writing import Owner, begin, digest_of, discard, draft, publish, retire, revise

__all__ = [
    "Imported", "Owner", "begin", "digest_of", "discard", "draft", "import_names", "import_sheet", "import_shipped", "publish",
    "publish_all", "retire", "revise",
]  # fmt: skip
