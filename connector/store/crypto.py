"""Secrets at rest: encrypted with a list of keys, newest first, so that keys rotate without a gap."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError


class Vault:
    """Encrypts with the newest key, decrypts with any of them. Never prints a key."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def seal(self, secret: str) -> bytes:
        """`secret` encrypted."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret again. Raises `ConfigurationError` if none of the keys fits."""
        try:
            return self._fernet.decrypt(bytes(sealed)).decode()
        except InvalidToken:
            raise _no_key_fits() from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret under the newest key. Raises `ConfigurationError` if none of the keys fits."""
        try:
            return self._fernet.rotate(bytes(sealed))
        except InvalidToken:
            raise _no_key_fits() from None


def _no_key_fits() -> ConfigurationError:
    return ConfigurationError(
        "A stored secret cannot be decrypted with any key in SECRET_KEYS.",
        advice="Add the key it was stored with to the end of SECRET_KEYS.",
    )
