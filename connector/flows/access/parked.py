"""A ledger, or Amili, that does not let us in, as the flows see it: it is not asked. What is said depends on which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import KeyRefused
from connector.hosts import kinds


@dataclass(frozen=True)
class ParkedWords:
    """For logs and errors: what the ledger does not accept, what it waits for, and what people do about it."""

    refuses: str
    waits: str
    advice: str


def words_of(host: str) -> ParkedWords:
    """The words for a ledger of the kind `host`, which opens by a key that a person enters, or by a consent."""
    if kinds.by_consent(host):
        return ParkedWords(
            refuses="does not accept the company's consent",
            waits="the company approves again",
            advice="Have the company approve the connector again.",
        )
    return ParkedWords(
        refuses="does not accept our key",
        waits="there is a new one",
        advice="Enter a new key for the company.",
    )


class _Parked:
    """Stands in for a host that lets us in no more: whatever is wanted of it is refused here, without a call."""

    def __init__(self, host: str) -> None:
        self._host = host

    def __getattr__(self, name: str) -> NoReturn:
        said = words_of(self._host)
        raise KeyRefused(
            f"{said.refuses}, and is not asked before {said.waits}.",
            system=kinds.name_of(self._host),
            operation=name,
            advice=said.advice,
        )


class _ParkedAmili:
    """Stands in for Amili's client while Amili does not accept our key pair: what is wanted of it is refused here."""

    def __getattr__(self, name: str) -> NoReturn:
        raise KeyRefused(
            "does not accept our key pair, and is not asked before there is a new one, or it does again.",
            system=AMILI,
            operation=name.replace("_", " "),
            advice="See the page on Amili's keys, or `amili-connector amili keys --replace`.",
        )

    def close(self) -> None:
        """Nothing is open."""


def parked_amili() -> Any:
    """Return what stands for a client of Amili's, and raises `KeyRefused` for everything."""
    return _ParkedAmili()


def parked_host(host: str) -> Any:
    """Return what stands for a host of the kind `host`, and raises `KeyRefused` for everything."""
    return _Parked(host)
