"""One HTTP call, whose answer is read whole and within limits: of size, also once unpacked, and of time in all."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any

import requests
import urllib3
from requests.utils import default_headers

from connector.remote import surroundings
from connector.remote.metered import Allowance, Check, MeteredAdapter, TooMuch, allowing

_MIB = 1024 * 1024
_PART_BYTES = 64 * 1024
_HEAD_BYTES = 256 * 1024
"""What the head of an answer, and the seams between its parts, may come to."""
_USUAL_HEADERS = dict(default_headers())


class Kind(IntEnum):
    """What is asked for, and how many bytes an answer of its kind holds at most, many times what real ones do."""

    DOCUMENT = 4 * _MIB
    """One thing, a token, a receipt."""
    LIST = 16 * _MIB
    """A page of rows."""
    PDF = 20 * _MIB
    """An invoice copy, also where it comes in base64."""

    @property
    def in_words(self) -> str:
        """The limit, for people."""
        return f"{self.value // _MIB} MiB"


class AnswerTooLarge(Exception):
    """More came than an answer of its kind holds; what was left of it was not read. `status` is the answer's."""

    def __init__(self, kind: Kind, status: int | None) -> None:
        self.kind = kind
        self.status = status
        super().__init__(f"more than {kind.in_words}")


class Pool:
    """Connections to other systems, kept for the next call and shared by all threads.

    `check` looks at each address before it is connected to, and raises for a wrong one. Neither cookies nor the
    passwords that `~/.netrc` holds for other programs are ever sent.
    """

    def __init__(self, check: Check | None = None) -> None:
        self._adapter = MeteredAdapter(check)

    def send(self, request: requests.PreparedRequest, *, timeout_s: tuple[float, float]) -> requests.Response:
        """Return the answer to `request`, its body still to be read. Raises the errors of `requests`."""
        here = surroundings.of(request.url or "")
        return self._adapter.send(request, stream=True, timeout=timeout_s, verify=here.verify, proxies=here.proxies)

    def close(self) -> None:
        """Close the connections that no call uses."""
        self._adapter.close()


def ask(
    pool: Pool,
    verb: str,
    url: str,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    kind: Kind,
    timeout_s: tuple[float, float],
    within_s: float,
    begun: Callable[[int], None] = lambda _: None,
    **request: Any,
) -> requests.Response:
    """The answer to one request, whatever its status, read whole; no redirect is followed.

    `timeout_s` are the longest waits for a connection and for the next byte, `within_s` is for all of the call.
    `begun` is told the status of an answer before its body is read. `request` is in the words of `requests`.
    Raises `AnswerTooLarge`, the errors of `requests` (`ReadTimeout` for a call that takes too long in all), and what
    the check of the pool or a body's own reading raise.
    """
    allowance = Allowance(within_s=within_s, wire_bytes=kind + kind // 4 + _HEAD_BYTES)
    sent = requests.Request(verb, url, headers=_USUAL_HEADERS | dict(headers), **request).prepare()
    status: int | None = None
    try:
        with allowing(allowance):
            answer = pool.send(sent, timeout_s=timeout_s)
            status = answer.status_code
            begun(status)
            answer.raw = io.BytesIO(_body(answer, kind))
            return answer
    except TooMuch:
        raise AnswerTooLarge(kind, status) from None
    except requests.exceptions.ConnectTimeout:
        raise
    except OSError:
        # However it showed: an answer that is still coming when the time is over looks like a broken one.
        if allowance.is_over:
            raise requests.exceptions.ReadTimeout("the call has taken too long") from None
        raise


def _body(answer: requests.Response, kind: Kind) -> bytes:
    """The answer's body, unpacked. Raises `TooMuch` and, for one that breaks off, what `requests` raises."""
    parts: list[bytes] = []
    left = int(kind)
    try:
        while part := answer.raw.read(_PART_BYTES, decode_content=True):
            left -= len(part)
            if left < 0:
                raise TooMuch
            parts.append(part)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except urllib3.exceptions.ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    finally:
        # Gives back a connection whose answer was read to its end, and ends every other.
        answer.raw.close()
    return b"".join(parts)
