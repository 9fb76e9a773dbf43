"""amili-connector: an overdue invoice in the ledger becomes a debt-collection case at Amili, once."""

__version__ = "0.5.0"
