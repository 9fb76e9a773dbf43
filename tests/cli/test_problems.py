"""Errors that anybody may meet: a sentence, an exit status, never a stack trace."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from connector import __version__
from connector.cli.exit_codes import ExitCode
from tests.cli.conftest import House
from tests.cli.terminal import Terminal
from tests.flows.stage import CONNECTION
from tests.flows.waiting import until


@pytest.fixture
def ready(terminal: Terminal) -> Terminal:
    """A terminal where `init` was run."""
    assert terminal.run("init").status == 0
    return terminal


def test_the_module_is_the_command(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "connector.cli", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert run.stdout == f"amili-connector, version {__version__}\n"


def test_the_help_tells_every_exit_status(terminal: Terminal) -> None:
    said = " ".join(terminal.run("--help").out.split())

    assert [code for code in ExitCode if f"{code.value} " not in said.partition("Exit status:")[2]] == []


def test_an_unknown_command(terminal: Terminal) -> None:
    said = terminal.run("sned")

    assert said.status == 2
    assert "No such command" in said.err


@pytest.mark.parametrize("command", [("check",), ("preview", "1"), ("send", "1"), ("odoo", "provision")])
def test_nobody_is_connected_yet(ready: Terminal, command: tuple[str, ...]) -> None:
    said = ready.run(*command)

    assert said.status == 3
    assert said.sentence == "No company is connected yet. `amili-connector connect` connects one."


def test_the_data_folder_cannot_be_made(ready: Terminal) -> None:
    (ready.folder / "file").touch()
    said = ready.run("list", env={"DATA_DIR": "file/data"})

    assert said.status == 3
    assert said.sentence == "The folder in DATA_DIR (file/data) cannot be made: Not a directory."


def test_the_database_cannot_be_opened(ready: Terminal) -> None:
    (ready.folder / "data" / "connector.db").mkdir(parents=True)
    said = ready.run("list")

    assert said.status == 3
    assert said.sentence == "The database in DATA_DIR (data) cannot be used: unable to open database file."


def test_the_database_is_something_else(ready: Terminal) -> None:
    (ready.folder / "data").mkdir()
    (ready.folder / "data" / "connector.db").write_text("This is no database, but it is long enough.\n" * 40)
    said = ready.run("list")

    assert said.status == 3
    assert "file is not a database" in said.sentence


def test_the_database_is_of_a_newer_version(ready: Terminal) -> None:
    assert ready.run("list").status == 0
    with sqlite3.connect(ready.folder / "data" / "connector.db") as database:
        database.execute("UPDATE main_version SET version_num = '9999'")
    said = ready.run("list")

    assert said.status == 3
    assert "newer version" in said.sentence


def test_postgresql_is_down(ready: Terminal) -> None:
    said = ready.run("list", env={"DATABASE_URL": "postgresql://eva:canary-password@127.0.0.1:1/books"})

    assert said.status == 4
    assert said.sentence.startswith("PostgreSQL: the database in DATABASE_URL does not answer")
    assert "canary-password" not in said.err


def test_the_secret_keys_are_others_than_the_stored_secrets_were_sealed_with(house: House) -> None:
    said = house.terminal.run("check", env={"SECRET_KEYS": Fernet.generate_key().decode()})

    assert said.status == 3
    assert "SECRET_KEYS" in said.sentence
    assert house.terminal.run("check").status == 0


def test_what_nobody_foresaw_shows_where_but_not_what(house: House) -> None:
    with house.on.deployment.databases.main.begin() as connection:
        connection.exec_driver_sql('UPDATE connections SET settings = \'{"creditor": "what-the-row-holds", \'')
    said = house.terminal.run("check")

    assert said.status == 1
    assert said.err.splitlines()[-1].startswith("This should not happen (ValidationError).")
    assert "connections.py" in said.err
    assert "what-the-row-holds" not in said.err


def test_no_answer_to_a_question(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, typed="")

    assert said.status == ExitCode.ENDED
    assert house.on.hand_over(invoice) is None


def test_ctrl_c_while_it_waits(house: House) -> None:
    invoice = house.on.invoice()
    house.on.amili.switches.change({"slow_operations_s": {"register": 3.0}})
    running = house.terminal.start("send", invoice, "--yes")
    until(lambda: house.on.hand_over(invoice) is not None, within_s=120, what="the request taken up")
    running.signal(signal.SIGINT)
    said = running.wait()

    assert said.status == ExitCode.ENDED
    assert "Traceback" not in said.err
    assert "What you asked for is stored" in said.err
    house.on.amili.switches.change({"slow_operations_s": {}})
    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.on.cases(invoice) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_our_characters(house: House, encoding: str) -> None:
    invoice = house.on.invoice(house.on.customer(name="Björkö 建設 AB"))
    said = house.terminal.run("preview", invoice, env={"PYTHONIOENCODING": encoding})

    assert said.status == 0, said.err
    assert "Can be sent." in said.out


def test_a_name_in_the_ledger_cannot_steer_the_terminal(house: House) -> None:
    invoice = house.on.invoice(house.on.customer(name="Ond\x1b[2J\x1b]0;titel\x07 \u202e AB"))
    preview = house.terminal.run("preview", invoice)
    sent = house.terminal.run("send", invoice, "--yes")
    listed = house.terminal.run("list")

    assert sent.status == 0, sent.err
    for said in (preview, sent, listed):
        assert "Ond" in said.out
        assert not [one for one in said.out + said.err if one in "\x1b\x07\u202e"]


def test_a_reader_that_leaves_early_is_no_error(house: House) -> None:
    assert house.terminal.run("check", "--connection", CONNECTION).status == 0
    reader = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m connector.cli list --help | true"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Traceback" not in reader.stderr
