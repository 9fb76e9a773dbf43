"""Senders of webhooks: so many connections of this machine, each posting as soon as its last one was answered.

A program of its own, on one thread with bare sockets, so that it takes as little from the receiver as it can.
Reads its order as JSON from standard input and prints every answer's time in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Order:
    """Post hints about `invoices`, in turn, to `url` on this machine until `seconds` or `most` answers are over."""

    url: str
    invoices: tuple[str, ...]
    connections: int
    seconds: float
    most: int


async def sent(order: Order) -> tuple[float, list[float]]:
    """How long it took, and every answer's time in milliseconds. Raises `RuntimeError` for an answer but 200."""
    address = urlsplit(order.url)
    if address.hostname != "127.0.0.1":
        raise ValueError("only this machine is ever loaded")
    times_ms: list[float] = []
    started_s = time.perf_counter()
    until_s = started_s + order.seconds

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        turn = number
        while time.perf_counter() < until_s and len(times_ms) < order.most:
            request = _request(address.netloc, order.url, order.invoices[turn % len(order.invoices)])
            turn += order.connections
            asked_s = time.perf_counter()
            writer.write(request)
            await _answer(reader)
            times_ms.append(1000 * (time.perf_counter() - asked_s))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one(number) for number in range(order.connections)))
    return time.perf_counter() - started_s, times_ms


def _request(netloc: str, url: str, invoice: str) -> bytes:
    path = url.partition(netloc)[2]
    body = json.dumps({"_model": "account.move", "_id": int(invoice), "_action": "Send to collection(#304)"}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if " 200 " not in lines[0]:
        raise RuntimeError(f"answered {lines[0]}")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    await reader.readexactly(length)


def main() -> None:
    """Send what standard input orders."""
    order = Order(**json.loads(sys.stdin.readline()))
    seconds, times_ms = asyncio.run(sent(order))
    print(json.dumps({"seconds": seconds, "times_ms": times_ms}), flush=True)


if __name__ == "__main__":
    main()
