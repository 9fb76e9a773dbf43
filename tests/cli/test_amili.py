"""`amili`: the key pair and the API code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.cli.terminal import Terminal
from tests.flows.hand_over_steps import closed_port

CODE = "canary-api-code-19f2"


@pytest.fixture
def ready(terminal: Terminal) -> Terminal:
    """A terminal where `init` was run. Nobody answers at Amili's address."""
    terminal.env["AMILI_SANDBOX_URL"] = f"http://127.0.0.1:{closed_port()}"
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


@pytest.fixture
def answering(ready: Terminal) -> Iterator[tuple[Terminal, AmiliState]]:
    """The same, with a key pair that Amili knows by `CODE`."""
    amili = guide_state(organization_no="5560269986")
    amili.register_key(CODE, ready.run("amili", "keys").out)
    with running(create_amili(amili)) as url:
        ready.env["AMILI_SANDBOX_URL"] = url
        yield ready, amili


def test_a_code_that_amili_accepts_is_kept(answering: tuple[Terminal, AmiliState]) -> None:
    terminal, _ = answering
    said = terminal.run("amili", "code", "--api-code", CODE)

    assert said.status == 0, said.err
    assert "It works in sandbox." in said.out
    assert "UNTRIED" not in said.out


def test_a_code_that_amili_refuses_takes_no_others_place(answering: tuple[Terminal, AmiliState]) -> None:
    terminal, amili = answering
    assert terminal.run("amili", "code", "--api-code", CODE).status == 0

    said = terminal.run("amili", "code", "--api-code", "canary-mistyped-code")

    assert said.status == 4
    assert "does not accept our API code" in said.sentence
    assert "canary-mistyped-code" not in said.out + said.err
    with running(imitation("odoo").app(OdooState(database="db", api_key="canary-ledger-key-0a"))) as url:
        terminal.env["ALLOW_PRIVATE_ADDRESSES"] = "true"
        given = ("--url", url, "--database", "db", "--api-key", "canary-ledger-key-0a")
        terminal.run("connect", *given, "--yes")
    assert amili.live_tokens(), "the code before is still the one in use"


def test_where_nobody_answers_the_code_is_stored_and_said_to_be_untried(ready: Terminal) -> None:
    ready.run("amili", "keys")
    said = ready.run("amili", "code", "--api-code", CODE)

    assert said.status == 0
    assert "UNTRIED" in said.out
    assert "could not be reached" in said.err
