"""Everything that waits for a person, and the daily mail of it."""
