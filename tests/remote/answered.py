"""What is sent by this process, seen as soon as it is answered and before the sender sees the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import requests
from requests.adapters import HTTPAdapter


@contextmanager
def when_answered(act: Callable[[requests.PreparedRequest], None]) -> Iterator[None]:
    """Call `act` with each request of the block once it is answered."""
    send = HTTPAdapter.send

    def watched(adapter: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        answer = send(adapter, request, **options)
        act(request)
        return answer

    with mock.patch.object(HTTPAdapter, "send", watched):
        yield
