"""Figures are taken over the demo county."""

from tests.county import county

__all__ = ["county"]
