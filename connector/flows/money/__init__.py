"""What Amili pays out, and the report of it."""
