"""The only writes of the room: running clocks, sweeps, and what times are computed from."""

from .recomputing import Recomputed, recompute
from .sources import load_hours, load_notice, load_overlay, publish_rule, revise_rule, seed_catalogue, withdraw
from .sweeping import Firing, sweep
from .writing import stop_all, write, writing

__all__ = [
    "Firing", "Recomputed", "load_hours", "load_notice", "load_overlay", "publish_rule", "recompute", "revise_rule", "seed_catalogue",
    "stop_all", "sweep", "withdraw", "write", "writing",
]  # fmt: skip
