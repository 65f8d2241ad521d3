"""The measure of growth can fail, or no test that uses it could."""

from __future__ import annotations

from tests.growth import linear


def test_work_as_long_as_its_input_is_told_from_work_that_is_squared() -> None:
    assert linear(lambda n: sum(range(n)), 400_000)
    assert linear(lambda n: sorted(range(n, 0, -1)), 400_000)
    assert not linear(lambda n: [n in row for row in [list(range(n))] * n], 4_000)
    assert not linear(lambda n: sum(1 for i in range(n) for j in range(n)), 1_600)
