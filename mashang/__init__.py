"""Mashang (马上办): the online platform for administrative effectiveness."""

__version__ = "0.1.0"
