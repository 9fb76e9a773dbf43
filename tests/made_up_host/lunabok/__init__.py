"""A made-up accounting system: its ledger, what the connector knows of it, and an imitation of it."""
