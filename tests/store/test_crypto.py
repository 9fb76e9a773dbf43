"""Secrets at rest: the newest key seals, any of them opens, and none is ever shown."""

from __future__ import annotations

import pytest

from connector.domain.errors import ConfigurationError
from connector.store.crypto import Vault
from tests.store.samples import key

CANARY = "canary-secret-åäö"


def test_what_is_sealed_can_be_opened_and_does_not_show() -> None:
    sealed_with = Vault((key(),))
    sealed = sealed_with.seal(CANARY)
    assert sealed_with.open(sealed) == CANARY
    assert b"canary" not in sealed
    assert sealed_with.seal(CANARY) != sealed, "equal secrets must not look equal"


def test_keys_rotate_without_a_gap() -> None:
    old, new = key(), key()
    sealed = Vault((old,)).seal(CANARY)
    both = Vault((new, old))
    assert both.open(sealed) == CANARY
    assert Vault((new,)).open(both.seal(CANARY)) == CANARY, "the newest key seals"
    assert Vault((new,)).open(both.reseal(sealed)) == CANARY
    with pytest.raises(ConfigurationError):
        Vault((old,)).open(both.reseal(sealed))


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"gAAAAAB"])
def test_what_cannot_be_opened_says_what_to_do(damage: bytes) -> None:
    chosen = key()
    with pytest.raises(ConfigurationError, match="SECRET_KEYS") as caught:
        Vault((chosen,)).open(damage)
    assert chosen.get_secret_value() not in str(caught.value)


def test_a_sealed_secret_that_was_tampered_with_is_refused() -> None:
    sealed_with = Vault((key(),))
    sealed = bytearray(sealed_with.seal(CANARY))
    sealed[-5] ^= 1
    with pytest.raises(ConfigurationError):
        sealed_with.open(bytes(sealed))


def test_a_vault_does_not_print_its_keys() -> None:
    chosen = key()
    assert chosen.get_secret_value() not in repr(Vault((chosen,)))
