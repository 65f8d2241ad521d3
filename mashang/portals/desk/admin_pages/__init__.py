"""Pages of administrators. Their addresses are in `urls`."""
