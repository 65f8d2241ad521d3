"""What is loaded, and in which order: the one list. Each line is the dotted path of a function.

`REFERENCE` (`function(now)`, may be run again at any time) belongs to every installation and runs in `mashang setup`.
The rest belongs to the demo county: `DEMO` (`function(progress)`) before the first page, `DEMO_REST` beside the running
platform, in a process of its own, picking up where it was stopped; `ACCOUNTS` gives (role, name, password) to print.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is being made, how many are done, of how many

REFERENCE: tuple[str, ...] = (
    "mashang.site.reference.clocks",
    "mashang.site.reference.regions",
    "mashang.catalogue.seeds.load",
)
DEMO: tuple[str, ...] = (
    "mashang.org.seeds.seed_units",
    "mashang.org.seeds.seed_persons",
    "mashang.site.county.year.seed_first",
)
DEMO_REST: tuple[str, ...] = ("mashang.site.county.year.seed_rest", "mashang.performance.seeds.seed_scores")
ACCOUNTS: tuple[str, ...] = ("mashang.org.seeds.accounts",)
