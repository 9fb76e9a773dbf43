"""A mail server on this machine that keeps what it is given, and can be told to behave badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """What it took, and how it behaves. `silent` hangs up when it has a mail; the others are its answers."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    recipient_answer: str = ""
    mail_answer: str = ""
    silent: bool = False

    def mails(self) -> list[EmailMessage]:
        """What it took, read."""
        return [message_from_bytes(_content(one), policy=policy.default) for one in self.taken]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer to an addressee."""
        if self.recipient_answer:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer to a mail."""
        if self.mail_answer:
            return self.mail_answer
        self.taken.append(envelope)
        if self.silent:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Whether somebody may log in: only with the right password."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)


def _content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """A mail server at 127.0.0.1; `options` are those of aiosmtpd's SMTP."""
    server = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    controller = Controller(
        server, hostname="127.0.0.1", port=server.port, authenticator=server.login, ready_timeout=30, **options
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
