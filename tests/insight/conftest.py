"""Figures are taken over the demo county."""

from tests.county import county, county_tables

__all__ = ["county", "county_tables"]
