"""Joining a company to its creditor, changing its settings, and the keys to its ledger."""
