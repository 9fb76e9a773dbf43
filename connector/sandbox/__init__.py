"""Imitations of Amili and of a ledger, served over HTTP: for the demo, the tests and the benchmarks."""
