"""The stories play in the demo county."""

from tests.county import county, county_tables

__all__ = ["county", "county_tables"]
