"""Answers that are right in what they say, and larger or slower than anybody should have to take."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator

from connector.sandbox.shared.switches import Fault, FaultKind

ODD = (FaultKind.LARGE_ANSWER, FaultKind.PACKED_ANSWER, FaultKind.ENDLESS_ANSWER, FaultKind.DRIPPING_ANSWER)

_PART = b" " * 65536
"""Blanks change the meaning of no JSON, and of no PDF that they follow."""

_GZIP = 16 + zlib.MAX_WBITS


def odd_answer(fault: Fault, content_type: str, content: bytes) -> tuple[dict[str, str], Iterable[bytes]]:
    """The headers and the parts of an answer with `content`, made odd by a fault that is one of `ODD`."""
    headers = {"Content-Type": content_type}
    match fault.kind:
        case FaultKind.LARGE_ANSWER:
            size = max(fault.size_bytes, len(content))
            return headers | {"Content-Length": str(size)}, _filled_up(content, size)
        case FaultKind.PACKED_ANSWER:
            packed = _packed(_filled_up(content, fault.size_bytes))
            return headers | {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}, [packed]
        case FaultKind.ENDLESS_ANSWER:
            return headers, _without_end(content)
        case _:
            return headers | {"Content-Length": str(len(content))}, _dripping(content, fault.every_s)


def _filled_up(content: bytes, size: int) -> Iterator[bytes]:
    yield content
    left = size - len(content)
    while left > 0:
        yield _PART[:left]
        left -= len(_PART)


def _packed(parts: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(wbits=_GZIP)
    return b"".join([*(packer.compress(part) for part in parts), packer.flush()])


def _without_end(content: bytes) -> Iterator[bytes]:
    yield content
    while True:
        yield _PART


def _dripping(content: bytes, every_s: float) -> Iterator[bytes]:
    for number in range(len(content)):
        time.sleep(every_s)
        yield content[number : number + 1]
