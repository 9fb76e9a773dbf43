"""An event server of Fortnox's that says what a test tells it to, and keeps what was said to it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

SECRET = "canary-fortnox-app-secret-51c7"
TENANT = "348211"
OTHER = "348212"

EVENT = {
    "topic": "invoices",
    "offset": "aK3fA",
    "type": "invoice-updated-v1",
    "tenantId": 348211,
    "entityId": "10457",
    "timestamp": "2026-03-04T09:12:44.518+01:00",
}
"""fortnox/API.md, "Events"."""

Command = dict[str, Any]
Frame = Command | str | bytes
Answers = Callable[[Command], list[Frame]]


def token(tenant_id: str = TENANT) -> str:
    """The access token of a company; no log may show one."""
    return f"canary-access-token-of-{tenant_id}"


def polite(command: Command) -> list[Frame]:
    """The answers of fortnox/API.md, "Commands" when all is well."""
    answer: Command = {"response": command["command"], "result": "ok"}
    if command["command"] == "add-tenants-v1":
        tokens = command["accessTokens"]
        answer["tenantIds"] = {one: int(one.rpartition("-")[2]) for one in tokens}
    return [answer]


def refusing(*tenant_ids: str, named: bool = True) -> Answers:
    """As `polite`, but the tokens of some companies are not taken, nor others in the same command."""
    bad = {f"Bearer {token(one)}" for one in tenant_ids}

    def answer(command: Command) -> list[Frame]:
        found = [one for one in command.get("accessTokens", ()) if one in bad]
        if not found:
            return polite(command)
        return [{"response": "add-tenants-v1", "result": "error"} | ({"invalidTokens": found} if named else {})]

    return answer


@dataclass
class EventServer:
    """What was said to the server, and what it says."""

    url: str
    answers: Answers = polite
    commands: list[Command] = field(default_factory=list)
    greeting: list[Frame] = field(default_factory=list)

    def said(self, *names: str) -> list[Any]:
        """The names of the commands so far, or one field of those that have it."""
        return [command[names[0]] for command in self.commands if names[0] in command]

    def _serve(self, connection: ServerConnection) -> None:
        try:
            self._send(connection, self.greeting)
            for text in connection:
                command = json.loads(text)
                self.commands.append(command)
                self._send(connection, self.answers(command))
        except ConnectionClosed:
            return

    def _send(self, connection: ServerConnection, frames: list[Frame]) -> None:
        for frame in frames:
            if frame == b"close":
                connection.close(4001, "canary-reason of the server's")
            else:
                connection.send(json.dumps(frame) if isinstance(frame, dict) else frame)


@contextmanager
def event_server(answers: Answers = polite, *, tls: ssl.SSLContext | None = None) -> Iterator[EventServer]:
    """A server on this machine."""
    found = EventServer("", answers)
    with serve(found._serve, "127.0.0.1", 0, ssl=tls, compression=None) as server:
        port = server.socket.getsockname()[1]
        found.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}/topics-v1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """A server that says `reply` to whoever calls, whatever that is, and then waits; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        callers: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                callers.append(caller)
                caller.recv(4096)
                caller.sendall(reply)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/topics-v1"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)
            for caller in callers:
                caller.close()
