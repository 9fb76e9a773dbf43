"""The key pair that a company authenticates with: ES256 on the curve P-256.

Source: API.md, "Authentication" (algorithms, and that the private key must not have a passphrase).
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError


@dataclass(frozen=True)
class KeyPair:
    """A private key (PKCS 8) and its public key (SubjectPublicKeyInfo), both PEM without a passphrase."""

    private_key: SecretStr
    public_key: str


def make_key_pair() -> KeyPair:
    """A fresh key pair. The public key is what Amili registers; the private key stays with us."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return KeyPair(private_key=SecretStr(pem), public_key=_public_pem(key))


def public_key_of(private_key: SecretStr) -> str:
    """The public key (PEM) that belongs to `private_key`. Raises `ConfigurationError`."""
    return _public_pem(load_private_key(private_key))


def load_private_key(private_key: SecretStr) -> ec.EllipticCurvePrivateKey:
    """`private_key` (PEM) ready to sign with. Raises `ConfigurationError` unless it is an open P-256 key."""
    try:
        key = load_pem_private_key(private_key.get_secret_value().encode(), password=None)
    except TypeError:
        raise _unusable("is protected by a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable("is not a PEM key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _unusable("is not on the curve P-256 (prime256v1)")
    return key


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The private key for Amili {why}.", advice="Make a new pair with `amili-connector amili keys`."
    )


def _public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
