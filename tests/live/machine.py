"""A machine with the connector installed, connected to the real Odoo and to a sandbox of Amili by the command line."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import requests

from connector.sandbox.amili.state import AmiliState
from tests.live.odoo_books import Books

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


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def set_up(machine: Machine, books: Books, state: AmiliState, url: str) -> int:
    """Connect the real Odoo to Amili's sandbox at `url` and set Odoo up; gives the port that `serve` will listen on."""
    machine.run("init")
    port = free_port()
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
        *("--url", books.env["ODOO_URL"], "--database", books.env["ODOO_DB"], "--login", books.env["ODOO_BOT_LOGIN"]),
        *("--id", "testbolaget", "--yes"),
        *("--settings", machine.write("settings.json", SETTINGS)),
        LEDGER_API_KEY=books.env["ODOO_BOT_API_KEY"],
    )
    administrator = {"ODOO_SETTINGS_KEY": books.env["ODOO_API_KEY"], "ODOO_SETTINGS_LOGIN": books.env["ODOO_LOGIN"]}
    machine.run("odoo", "provision", **administrator)
    return port


def answers(port: int) -> bool:
    """Whether `serve` is up, with a worker."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/ready", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False
