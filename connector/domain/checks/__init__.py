"""The checks before a hand-over, one module per part of RULES.md, "A: the invoice" and so on.

Each module's `check` gives every finding of its part, in the order of the codes. A fact no one gave us
(None) makes its check say once that it was not made.
"""
