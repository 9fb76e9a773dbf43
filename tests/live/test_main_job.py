"""The main job on a real Odoo 19, as its users do it: set up by the command line, clicked in Odoo.

Creates in Odoo: the connector's fields, action and webhook, a user, customers, invoices and a payment. Takes the
fields, action and webhook away again; posted invoices stay, as Odoo keeps them.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest
import requests

from connector.hosts.odoo.provision import MODULE, SEND_ACTION, remove
from connector.sandbox.amili import create_amili
from connector.sandbox.amili_state import AmiliState, guide_state
from connector.sandbox.serve import running
from tests.flows.waiting import until
from tests.live.odoo_books import Books, odoo_env

pytestmark = pytest.mark.odoo

SETTINGS = {"first_action": "debt_collection", "invoice_fee_agreed": True, "host": {"fee_products": ["FAKTAVG"]}}


class Machine:
    """A new machine with the connector installed: a folder, and the command run in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self._env["PYTHONPATH"] = str(Path(__file__).parents[2])

    def run(self, *arguments: str, **env: str) -> str:
        """Run the command to its end; gives what it printed."""
        done = subprocess.run(
            self._command(*arguments),
            cwd=self._folder,
            env=self._env | env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the command and leave it running."""
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._command(*arguments), cwd=self._folder, env=self._env, stdout=log, stderr=subprocess.STDOUT
            )

    def log(self) -> str:
        """What the running command has printed so far."""
        return (self._folder / "log").read_text(encoding="utf-8")

    def configure(self, **settings: str) -> None:
        """Add settings to the .env that `init` wrote."""
        with (self._folder / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def write(self, name: str, document: object) -> str:
        """Put a JSON file into the folder; gives its name."""
        (self._folder / name).write_text(json.dumps(document), encoding="utf-8")
        return name

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "connector.cli", *arguments]


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    yield books
    remove(books.settings_client)


@pytest.fixture
def amili() -> Iterator[tuple[AmiliState, str]]:
    state = guide_state(organization_no="5566778899")
    with running(create_amili(state)) as url:
        yield state, url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _set_up(machine: Machine, books: Books, state: AmiliState, url: str) -> int:
    machine.run("init")
    port = _free_port()
    machine.configure(
        AMILI_SANDBOX_URL=url,
        ALLOW_PRIVATE_ADDRESSES="true",
        LISTEN=f"127.0.0.1:{port}",
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        POLL_INTERVAL_S="3600",
    )
    keys = machine.run("amili", "keys")
    public_key = re.search(r"-----BEGIN PUBLIC KEY-----.*-----END PUBLIC KEY-----\n", keys, re.DOTALL)
    assert public_key
    state.register_key("code-from-amili", public_key[0])
    machine.run("amili", "code", AMILI_API_CODE="code-from-amili")
    machine.run(
        "connect",
        *("--url", books.env["ODOO_URL"], "--database", books.env["ODOO_DB"], "--id", "testbolaget", "--yes"),
        *("--settings", machine.write("settings.json", SETTINGS)),
        LEDGER_API_KEY=books.env["ODOO_BOT_API_KEY"],
    )
    machine.run("odoo", "provision", ODOO_SETTINGS_KEY=books.env["ODOO_API_KEY"])
    return port


def _action(books: Books) -> int:
    (row,) = books.settings_client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE), ("name", "=", SEND_ACTION)],
        fields=["res_id"],
    )
    return int(row["res_id"])


def _left_in_odoo(books: Books) -> int:
    fields = books.settings_client.call("ir.model.fields", "search_count", domain=[("name", "=like", "x_amili_%")])
    rows = books.settings_client.call("ir.model.data", "search_count", domain=[("module", "=", MODULE)])
    return int(fields) + int(rows)


def test_clicked_in_odoo_and_a_case_at_amili(tmp_path: Path, books: Books, amili: tuple[AmiliState, str]) -> None:
    state, url = amili
    machine = Machine(tmp_path / "machine")
    port = _set_up(machine, books, state, url)
    clean = books.invoice(price=1000)
    paid = books.invoice()
    books.pay(paid)
    mails = books.mails()
    server = machine.start("serve")
    try:
        until(lambda: _answers(port), within_s=30, what="the web server")
        accountant = books.accountant()
        answer = books.click(accountant, _action(books), clean, paid)
        assert answer["tag"] == "display_notification"

        def shown(move: int, field: str) -> str:
            return str(books.move(move, field)[field] or "")

        until(lambda: shown(clean, "x_amili_case_id") != "", within_s=60, what="the case id in Odoo's field")
        until(lambda: shown(paid, "x_amili_status") != "", within_s=60, what="the paid invoice's answer in Odoo")
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(timeout=60)
    assert status == 0, machine.log()

    (case,) = state.cases.values()
    number = books.move(clean, "name")["name"]
    assert shown(clean, "x_amili_case_id") == case.id
    assert shown(clean, "x_amili_status") == "Hos Amili"
    assert shown(paid, "x_amili_case_id") == ""
    assert "A2" in machine.run("show", books.move(paid, "name")["name"])
    registration = state.registrations[case.registration_id]
    (debt,) = registration["debts"]
    assert debt["invoice_number"] == number
    assert Decimal(str(debt["capital_to_claim"])) == Decimal("1300.00")
    assert debt["fees_included_in_capital_to_claim"] == {"invoice_fee": 50.0}
    assert debt["invoice_due_days_after_invoice_date"] == 30
    assert registration["customer"]["id_number"] == "5560160680"
    (upload,) = case.uploads
    assert upload.content == base64.b64decode(books.move(clean, "invoice_pdf_report_file")["invoice_pdf_report_file"])
    # Odoo's renderer draws letters as outlines, so the text cannot be read back; that the bytes are those Odoo keeps
    # as the invoice's own PDF shows that it is the rendered invoice and no pro forma.
    assert len(pypdf.PdfReader(io.BytesIO(upload.content)).pages) == 1
    assert books.mails() == mails
    for secret in (books.env["ODOO_BOT_API_KEY"], books.env["ODOO_API_KEY"], "code-from-amili", "5560160680"):
        assert secret not in machine.log()

    machine.run("odoo", "remove", "--yes", ODOO_SETTINGS_KEY=books.env["ODOO_API_KEY"])
    assert _left_in_odoo(books) == 0


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/ready", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False
