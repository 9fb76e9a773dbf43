"""The benchmarks: `python -m tests.bench`. Programs that print figures, not tests; pytest collects none of them."""
