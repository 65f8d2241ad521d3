"""Rating, and what a bad rating sets going."""

from mashang.cases.actions import common

from ..procedure import S, redress
from . import erasing, redressing
from .rating import Rate, rate

common.join(redress, running=[S.OPEN, S.CONTACTED], steps=["put_right"])

__all__ = ["Rate", "erasing", "rate", "redressing"]
