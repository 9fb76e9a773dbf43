"""Each imitation runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.sandbox.conftest import API_CODE, PRIVATE_KEY, Caller, public_pem


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "connector.sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.terminate()


def first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def test_amili_prints_its_address_and_knows_the_key(tmp_path: Path, amili: Caller) -> None:
    key = tmp_path / "public.pem"
    key.write_text(public_pem(PRIVATE_KEY))
    with process("amili", "--api-code", API_CODE, "--public-key", str(key)) as running:
        url = first_line(running)
        assert requests.get(f"{url}/authenticates/api-code", timeout=5).status_code == 401
        assert requests.get(f"{url}/_sandbox/state", timeout=5).json()["cases"] == []
    assert running.returncode == 0


def test_odoo_prints_its_address_and_takes_the_key() -> None:
    with process("odoo", "--api-key", "k") as running:
        url = first_line(running)
        answer = requests.post(
            f"{url}/json/2/res.users/context_get", json={}, headers={"Authorization": "bearer k"}, timeout=5
        )
        assert answer.json()["uid"] == 5
        assert requests.get(f"{url}/_sandbox/state", timeout=5).json()["labels"]["clean"] == 1
    assert running.returncode == 0


def test_odoo_is_the_version_that_is_asked_for() -> None:
    with process("odoo", "--api-key", "k", "--version", "18.0") as running:
        url = first_line(running)
        told = requests.post(f"{url}/web/webclient/version_info", json={}, timeout=5).json()
        assert told["result"]["server_serie"] == "18.0"
    assert running.returncode == 0
