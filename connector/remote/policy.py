"""What one deployment's calls to other systems keep to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HttpPolicy:
    """How long a call may wait, and where it may go. Made once from a deployment's settings.

    `connect_timeout_s` and `read_timeout_s` are the longest waits for a connection and for the next byte. With
    `allow_private`, addresses of private networks and plain http may be called. `at_most_s` limits the call as a whole
    further than follows from the waits.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    allow_private: bool = False
    at_most_s: float | None = None

    @property
    def longest_call_s(self) -> float:
        """Return how long one call may take in all, of which `read_timeout_s` may pass without a byte."""
        waits_s = self.connect_timeout_s + 2 * self.read_timeout_s
        return waits_s if self.at_most_s is None else min(waits_s, self.at_most_s)


ORDINARY = HttpPolicy()
"""What is kept to where no deployment says otherwise."""
