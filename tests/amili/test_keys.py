from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from pydantic import SecretStr

from connector.amili.keys import load_private_key, make_key_pair, public_key_of
from connector.domain.errors import ConfigurationError


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, encryption: KeySerializationEncryption) -> SecretStr:
    return SecretStr(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode())


def test_the_public_key_verifies_what_the_private_key_signed() -> None:
    pair = make_key_pair()
    signed = jwt.encode({"a": 1}, pair.private_key.get_secret_value(), algorithm="ES256")
    assert jwt.decode(signed, pair.public_key, algorithms=["ES256"]) == {"a": 1}
    assert public_key_of(pair.private_key) == pair.public_key
    assert pair.public_key.startswith("-----BEGIN PUBLIC KEY-----\n")


def test_every_pair_is_another() -> None:
    assert make_key_pair().public_key != make_key_pair().public_key


def test_a_pair_does_not_show_its_private_key() -> None:
    pair = make_key_pair()
    assert "PRIVATE" not in repr(pair)
    assert pair.private_key.get_secret_value().splitlines()[1] not in repr(pair)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (SecretStr("no key at all"), "not a PEM key"),
        (SecretStr(""), "not a PEM key"),
        (_pem(ec.generate_private_key(ec.SECP384R1()), NoEncryption()), "not on the curve P-256"),
        (_pem(rsa.generate_private_key(65537, 2048), NoEncryption()), "not on the curve P-256"),
        (_pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret")), "passphrase"),
    ],
)
def test_an_unusable_key_says_why_and_not_what_it_is(key: SecretStr, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        load_private_key(key)
    text = key.get_secret_value()
    assert not text or text not in str(caught.value)
    with pytest.raises(ConfigurationError, match=why):
        public_key_of(key)
