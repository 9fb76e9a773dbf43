"""What is sent by this process, seen just before it leaves, and once it is answered but before the sender sees that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import requests
from requests.adapters import HTTPAdapter

Act = Callable[[requests.PreparedRequest], None]


def _nothing(_request: requests.PreparedRequest) -> None:
    return None


@contextmanager
def around_calls(*, before: Act = _nothing, after: Act = _nothing) -> Iterator[None]:
    """Call `before` and `after` with each request of the block; what they raise comes out at the sender."""
    send = HTTPAdapter.send

    def watched(adapter: Any, request: requests.PreparedRequest, *rest: Any, **options: Any) -> requests.Response:
        before(request)
        answer = send(adapter, request, *rest, **options)
        after(request)
        return answer

    with mock.patch.object(HTTPAdapter, "send", watched):
        yield
