"""The ledgers that the demo can be played with: imitations, served on this machine.

They are the imitations that are installed, of kinds of hosts that are installed too.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.flows.companies import connecting, consent
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.hosts.base import LedgerIdentity
from connector.remote.addresses import guarded_pool
from connector.remote.calls import Kind, ask
from connector.sandbox import installed
from connector.sandbox.shared.demo import DemoLedger

_CONSENT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Way:
    """How a ledger was opened: what a connection is made of."""

    ledger: LedgerIdentity
    host_settings: dict[str, Any]
    api_key: SecretStr | None


def names() -> tuple[str, ...]:
    """The hosts that there is an imitation of, those that are opened by a key first."""
    found = installed.names()
    return tuple(host for host in kinds.by_key_first() if host in found)


def served(host: str, public_url: str) -> AbstractContextManager[DemoLedger]:
    """The imitation of a host, served within the block. Raises `ConfigurationError` if there is none."""
    try:
        imitation = installed.imitation(host)
    except installed.NoImitation as error:
        raise ConfigurationError(str(error)) from None
    return imitation.demo(f"{public_url}{kinds.kind(host).callback_path}")


def opened(deployment: Deployment, ledger: DemoLedger) -> Way:
    """A served ledger, opened by its key, or by a consent which is given here without asking anybody."""
    if ledger.api_key:
        host, key = dict(ledger.host_settings), SecretStr(ledger.api_key)
        return Way(connecting.identify_ledger(deployment, ledger.host, host, key), host, key)
    question = consent.ask(deployment, ledger.host)
    answer = ask(
        guarded_pool(allow_private=True),
        "GET",
        question.url,
        kind=Kind.DOCUMENT,
        timeout_s=(_CONSENT_TIMEOUT_S, _CONSENT_TIMEOUT_S),
        within_s=_CONSENT_TIMEOUT_S,
    )
    address = answer.headers.get("Location", "")
    approved = consent.receive(deployment, ledger.host, consent.answer_in(address), state=question.state)
    return Way(consent.ledger_of(deployment, approved), approved.host_settings, None)
