"""The comparison of ledger, our record and Amili."""
