"""A made-up accounting system, added by a package of its own."""
