"""Imports what the product imports on first use only, for processes that fork others, each of which would import it."""

import holidays.countries

import connector.flows.hand_over.pdf_content

__all__ = ["connector", "holidays"]
