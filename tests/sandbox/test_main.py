"""Each imitation runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from connector.sandbox import installed
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


def test_fortnox_prints_its_address_and_knows_the_app() -> None:
    with process(
        "fortnox", "--client-id", "c", "--client-secret", "s", "--redirect-uri", "http://x.example/"
    ) as running:
        url = first_line(running)
        asked = {"client_id": "c", "response_type": "code", "state": "1", "scope": "invoice", "account_type": "service"}
        back = requests.get(f"{url}/oauth-v1/auth", params=asked, allow_redirects=False, timeout=5)
        assert back.headers["Location"].startswith("http://x.example/?code=")
        state = requests.get(f"{url}/_sandbox/state", timeout=5).json()
        (tenant,) = state["companies"]
        form = {"grant_type": "client_credentials"}
        token = requests.post(
            f"{url}/oauth-v1/token", data=form, auth=("c", "s"), headers={"TenantId": tenant}, timeout=5
        ).json()["access_token"]
        listed = requests.get(
            f"{url}/3/invoices?filter=unpaidoverdue", headers={"Authorization": f"Bearer {token}"}, timeout=5
        ).json()
        assert state["labels"]["clean"] in [item["DocumentNumber"] for item in listed["Invoices"]]
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


def test_what_is_no_imitation_is_refused_with_the_names_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connector.sandbox", "moonbook"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    for name in ("amili", *installed.names()):
        assert name in done.stderr
