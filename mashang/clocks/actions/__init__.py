"""The only writes of the room: running clocks, sweeps, and what times are computed from."""

from .sources import add_hours, add_notice, add_overlay, publish_rule, seed_catalogue, withdraw
from .sweeping import Firing, sweep
from .writing import stop_all, write

__all__ = [
    "Firing", "add_hours", "add_notice", "add_overlay", "publish_rule", "seed_catalogue", "stop_all", "sweep",
    "withdraw", "write",
]  # fmt: skip
