"""What takes minutes: companies whose ledgers hang, and stops in the middle of slow calls. Run by `make chaos`."""
