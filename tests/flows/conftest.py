"""The stories play in the demo county."""

from tests.county import county

__all__ = ["county"]
