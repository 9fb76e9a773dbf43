"""After the hand-over: payments, credits and withdrawals reach Amili, and cases are read back."""
