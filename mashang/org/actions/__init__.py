"""The room's changes."""
