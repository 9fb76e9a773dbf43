"""`amili`: the key pair and the API code."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.cli.terminal import Terminal

CODE = "canary-api-code-19f2"


@pytest.fixture
def ready(terminal: Terminal) -> Terminal:
    """A terminal where `init` was run."""
    assert terminal.run("init").status == 0
    return terminal


def stored(terminal: Terminal) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((terminal.folder / "data").iterdir()))


def test_standard_output_is_the_public_key_and_nothing_else(ready: Terminal) -> None:
    made = ready.run("amili", "keys")
    key = load_pem_public_key(made.out.encode())

    assert made.status == 0
    assert isinstance(key, EllipticCurvePublicKey)
    assert isinstance(key.curve, SECP256R1)
    assert "PRIVATE" not in made.out + made.err
    assert ready.run("amili", "public-key").out == made.out


def test_a_key_pair_is_never_replaced(ready: Terminal) -> None:
    made = ready.run("amili", "keys")
    again = ready.run("amili", "keys")

    assert again.status == 3
    assert again.out == ""
    assert "already a key pair" in again.sentence
    assert ready.run("amili", "public-key").out == made.out


def test_several_key_pairs_by_name(ready: Terminal) -> None:
    first, second = ready.run("amili", "keys"), ready.run("amili", "keys", "--name", "partner")

    assert second.status == 0
    assert second.out != first.out
    assert ready.run("amili", "public-key", "--name", "partner").out == second.out


def test_no_key_pair_yet(ready: Terminal) -> None:
    for command in (("amili", "public-key"), ("amili", "code", "--api-code", CODE)):
        said = ready.run(*command)
        assert said.status == 3
        assert said.sentence == "There is no Amili key pair named “default”. `amili-connector amili keys` makes one."


@pytest.mark.parametrize("way", ["question", "option", "environment"])
def test_the_code_is_stored_encrypted_and_never_shown(ready: Terminal, way: str) -> None:
    ready.run("amili", "keys")
    said = ready.run(
        *("amili", "code"),
        *(("--api-code", CODE) if way == "option" else ()),
        typed=f"{CODE}\n" if way == "question" else "",
        env={"AMILI_API_CODE": CODE} if way == "environment" else {},
    )

    assert said.status == 0, said.err
    assert CODE not in said.out + said.err
    assert CODE.encode() not in stored(ready)
    assert b"PRIVATE KEY" not in stored(ready)


@pytest.mark.parametrize("code", [" ", "klistrad–kod"])
def test_what_cannot_be_a_code_is_refused(ready: Terminal, code: str) -> None:
    ready.run("amili", "keys")
    said = ready.run("amili", "code", "--api-code", code)

    assert said.status == 3
    assert said.sentence.startswith("API code from Amili: what was given is empty")
