"""The only ways to change a case and what hangs on it."""

from .closing import close_unit
from .documents import forget_erased, forget_unattached, keep
from .door import Answer, act, begin
from .drafts import drop_draft, forget_drafts, save_draft
from .erasing import Gone, forget_persons, forget_subject, forgets, hold, lock, settled_for
from .exporting import exported
from .helping import bind_identity, end_help, let_help
from .notices import Undelivered, mark_read, send_due, tell, tell_of, to_folder
from .tracking import forget_misses, track

__all__ = [
    "Answer", "Gone", "Undelivered", "act", "begin", "bind_identity", "close_unit", "drop_draft", "end_help", "exported", "forget_drafts", "forget_erased", "forget_persons",
    "forget_misses", "forget_subject", "forget_unattached", "forgets", "hold", "keep", "let_help", "lock", "mark_read", "save_draft", "send_due", "settled_for", "tell", "tell_of", "to_folder", "track",
]  # fmt: skip
