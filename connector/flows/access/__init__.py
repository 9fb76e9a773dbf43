"""How a ledger is reached: tokens, request budgets, and ledgers whose key is refused."""
