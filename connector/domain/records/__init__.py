"""A record: its contract, its columns, and the way from JSON text to a row."""
