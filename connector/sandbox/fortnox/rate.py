"""The rate limit of the Fortnox imitation: a sliding window for each client and company
(fortnox/API.md, "Rate limit")."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from flask import Response

from connector.sandbox.fortnox.errors import failure_in_json
from connector.sandbox.fortnox.grants import Access
from connector.sandbox.fortnox.switches import FortnoxSwitches, RateKey
from connector.sandbox.shared.wire import failure_answer


class RateWindows:
    """When each caller was let through lately. The caller holds the lock."""

    def __init__(self) -> None:
        self._passed: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)
        self.fullest = 0
        """The most requests that any window held."""

    def admit(self, access: Access, at: datetime, switches: FortnoxSwitches) -> bool:
        """Return whether a request at `at` is within the limit; if so it counts."""
        grant = access.grant
        by_token = switches.rate_key is RateKey.ACCESS_TOKEN
        window = self._passed[(access.token, "") if by_token else (grant.client_id, str(grant.tenant))]
        while window and window[0] <= at - timedelta(seconds=switches.rate_window_s):
            window.popleft()
        admitted = len(window) < switches.rate_limit_requests
        if admitted or switches.rate_counts_refused:
            window.append(at)
        self.fullest = max(self.fullest, len(window))
        return admitted


def too_many_requests(switches: FortnoxSwitches) -> Response:
    """A 429 in the form that the switches ask for; neither body nor header is documented."""
    answer = failure_answer(429, switches.rate_limit_body, failure_in_json)
    if switches.rate_limit_retry_after_s is not None:
        answer.headers["Retry-After"] = str(switches.rate_limit_retry_after_s)
    return answer
