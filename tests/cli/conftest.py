"""A terminal in an empty folder, and one in a company's deployment with both sandboxes running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.cli.terminal import Forking, Said, Terminal, forking
from tests.flows.ledgers import DATABASE, ORGANISATION
from tests.flows.stage import Stage, stage

PATIENT = {"CONNECT_TIMEOUT_S": "5", "READ_TIMEOUT_S": "10", "PAGE_WAIT_S": "60", "SETTLE_S": "16", "ATTEMPT_S": "30"}
"""Waits that a busy test machine does not exceed."""


@pytest.fixture(scope="session")
def program() -> Iterator[Forking]:
    """The program that runs the commands."""
    with forking() as started:
        yield started


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where what commands said is kept."""
    folder = tmp_path / "said"
    folder.mkdir()
    return folder


@pytest.fixture
def terminal(program: Forking, tmp_path: Path, scratch: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder with none of our settings."""
    folder = tmp_path / "folder"
    folder.mkdir()
    at = Terminal(program, folder, scratch, {})
    yield at
    at.end_all()


@dataclass
class House:
    """A company's deployment with both sandboxes, and a terminal in it."""

    on: Stage
    terminal: Terminal


@pytest.fixture
def house(program: Forking, tmp_path: Path, scratch: Path) -> Iterator[House]:
    """A deployment with one connected company. No worker runs."""
    with stage(tmp_path / "data", **PATIENT) as on:
        at = Terminal(program, tmp_path, scratch, on.env)
        yield House(on, at)
        at.end_all()


@dataclass
class Beginning:
    """A fresh deployment (`init` was run), both sandboxes, and a company that nobody has connected yet."""

    terminal: Terminal
    amili: AmiliState
    ledger: OdooState
    ledger_url: str
    ledger_key: str
    api_code: str

    def connect(self, *arguments: str, typed: str = "", key: str = "") -> Said:
        """Give a `connect` with address and key, and `arguments` beside them."""
        given = ("--url", self.ledger_url, "--database", DATABASE, "--api-key", key or self.ledger_key)
        return self.terminal.run("connect", *given, *arguments, typed=typed)


@pytest.fixture
def beginning(terminal: Terminal) -> Iterator[Beginning]:
    """Everything up to the API code: keys made, handed to Amili, and the code stored."""
    ledger = OdooState(database=DATABASE, api_key="canary-ledger-key-4c0f6f1e")
    amili = guide_state(organization_no=ORGANISATION)
    with ExitStack() as stack:
        terminal.env |= PATIENT | {
            "AMILI_SANDBOX_URL": stack.enter_context(running(create_amili(amili))),
            "ALLOW_PRIVATE_ADDRESSES": "true",
        }
        url = stack.enter_context(running(imitation("odoo").app(ledger)))
        assert terminal.run("init").status == 0
        made = terminal.run("amili", "keys")
        assert made.status == 0
        code = "canary-api-code-77f1"
        amili.register_key(code, made.out)
        assert terminal.run("amili", "code", typed=f"{code}\n").status == 0
        yield Beginning(terminal, amili, ledger, url, ledger.api_key, code)
        terminal.end_all()
