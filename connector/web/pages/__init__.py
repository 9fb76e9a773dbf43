"""The pages that people use, one module each."""
