"""The collector: Amili's API, as its guide and reference describe it."""
