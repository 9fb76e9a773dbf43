"""Hearing of what happens in a ledger: polling is the guarantee, events are the speed."""
