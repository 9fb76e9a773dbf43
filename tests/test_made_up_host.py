"""Hosts that another package adds, taken through the main job by the command line and HTTP alone.

This is `connector/README.md`, "Adding a host", step by step: the made-up hosts of `tests/made_up_host`, one opened by a
key and one by a consent, and the product are two wheels in an environment of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.flows.waiting import until
from tests.source import ROOT, imports
from tests.web.page import Page, read
from tests.wheels import built, done, environment, run, running

SOURCE = ROOT / "tests" / "made_up_host"
MAY_IMPORT = ("connector.hosts.base", "connector.domain", "connector.remote")
API_CODE, LEDGER_KEY = "code-of-the-api", "key-of-the-ledger"
CLIENT, SECRET = "the-app", "the-apps-secret"
EMAIL = "eva@byran.example"
WITHIN_S = 120.0
_TIMEOUT_S = 30


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project") / "lunabok"
    shutil.copytree(SOURCE, project, ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))
    shutil.copy(SOURCE / "lunabok" / "__init__.py", project / "lunabok" / "__init__.py")
    wheels = [built(source, tmp_path_factory.mktemp("wheel")) for source in (ROOT, project)]
    return environment(tmp_path_factory.mktemp("elsewhere") / "venv", *wheels)


@dataclass
class Deployment:
    """A folder with a deployment in it, and the imitations that it speaks to."""

    home: Path
    folder: Path
    amili: str
    ledger: str
    address: str

    def says(self, *command: str) -> str:
        """What a command prints; it must succeed."""
        return run(self.home, "amili-connector", *command, cwd=self.folder)

    def json(self, *command: str) -> Any:
        """What a command prints for programs."""
        return json.loads(self.says(*command, "--json"))

    def warnings(self, *command: str) -> str:
        """What a command says beside what it prints; it must succeed."""
        return done(self.home, "amili-connector", *command, cwd=self.folder).stderr

    def at_amili(self) -> Any:
        """What has reached Amili."""
        return _state(self.amili)

    def cases(self) -> list[str]:
        """The invoices that Amili has cases of, by their numbers, one for each case."""
        return sorted(case["invoice_number"] for case in self.at_amili()["cases"])

    def shown_in_ledger(self) -> dict[str, str]:
        """The case ids that stand on the ledger's invoices, by their numbers."""
        invoices = _state(self.ledger)["invoices"].values()
        return {one["number"]: one["case"] for one in invoices if one["case"]}

    def in_ledger(self, what: str, **body: str) -> None:
        """Let something happen in the ledger, of which nobody is told."""
        requests.post(f"{self.ledger}/_sandbox/{what}", json=body, timeout=_TIMEOUT_S).raise_for_status()

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve pages and webhooks, with a worker."""
        with running(self.home, "amili-connector", "serve", cwd=self.folder):
            until(self._is_ready, within_s=WITHIN_S, what="the web server")
            yield

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.address}/ready", timeout=_TIMEOUT_S).ok
        except requests.ConnectionError:
            return False


def _state(url: str) -> Any:
    answer = requests.get(f"{url}/_sandbox/state", timeout=_TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


@contextmanager
def deployed(home: Path, folder: Path, host: str, *options: str) -> Iterator[Deployment]:
    """A deployment whose key pair Amili knows, beside an imitation of the host that nobody is connected to yet."""
    with ExitStack() as stack:

        def imitated(*command: str) -> str:
            arguments = ("python", "-m", "connector.sandbox", *command)
            started = stack.enter_context(running(home, *arguments, cwd=folder))
            assert started.stdout is not None
            return started.stdout.readline().strip()

        amili, ledger = imitated("amili"), imitated(host, *options)
        port = _free_port()
        on = Deployment(home, folder, amili, ledger, f"http://127.0.0.1:{port}")
        on.says("init")
        settings = {
            "PUBLIC_URL": on.address,
            "LISTEN": f"127.0.0.1:{port}",
            "AMILI_SANDBOX_URL": amili,
            "ALLOW_PRIVATE_ADDRESSES": "true",
            # Nothing but events and a person's own word is quick here.
            "POLL_INTERVAL_S": "86400",
            "SOLBOK_URL": ledger,
            "SOLBOK_CLIENT_ID": CLIENT,
            "SOLBOK_SECRET": SECRET,
        }
        with (folder / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        key = {"api_code": API_CODE, "public_key": on.says("amili", "keys")}
        requests.post(f"{amili}/_sandbox/keys", json=key, timeout=_TIMEOUT_S).raise_for_status()
        on.says("amili", "code", "--api-code", API_CODE)
        yield on


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """A person at the pages, without a browser."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()

    def get(self, path: str) -> requests.Response:
        """What is answered in the end to a GET of an address, here or elsewhere."""
        return self._session.get(path if "://" in path else self._address + path, timeout=_TIMEOUT_S)

    def page(self, path: str) -> Page:
        """The page at a path here."""
        answer = self.get(path)
        assert answer.ok, answer.text
        return read(answer.text)

    def submit(self, path: str, action: str, **filled: str) -> requests.Response:
        """Fill in a page's form, and gives what that leads to."""
        form = self.page(path).form(action)
        url = f"{self._address}{form.action or path}"
        answer = self._session.post(url, data=form.fields | filled, timeout=_TIMEOUT_S)
        assert answer.ok, answer.text
        return answer


def test_a_host_needs_nothing_of_the_product_but_the_contract() -> None:
    host = [path for path in (SOURCE / "lunabok").glob("*.py") if path.name != "sandbox.py"]
    used = {name for path in host for name in imports(path) if name.partition(".")[0] == "connector"}

    assert used
    assert not {name for name in used if not name.startswith(MAY_IMPORT)}


def test_they_are_offered_beside_the_others(elsewhere: Path, tmp_path: Path) -> None:
    assert "[lunabok|odoo|fortnox|solbok]" in run(elsewhere, "amili-connector", "connect", "--help", cwd=tmp_path)


@pytest.mark.parametrize("host", ["lunabok", "solbok"])
def test_the_demo_is_played_with_them(elsewhere: Path, tmp_path: Path, host: str) -> None:
    said = run(elsewhere, "amili-connector", "demo", "--host", host, "--once", cwd=tmp_path)

    assert "No case twice." in said
    assert "the case id written back on the invoice" in said


def test_by_key_from_connecting_to_the_case_and_what_follows(elsewhere: Path, tmp_path: Path) -> None:
    with deployed(elsewhere, tmp_path, "lunabok", "--api-key", LEDGER_KEY) as on:
        said = on.says("connect", "lunabok", "--url", on.ledger, "--api-key", LEDGER_KEY, "--id", "klient", "--yes")
        webhook = re.search(rf"{on.address}/webhooks/lunabok/klient/\S+", said)
        assert webhook
        (checked,) = on.json("check")
        assert (checked["ledger"]["company"], checked["ledger"]["organization_number"]) == (
            "Klientbolaget AB",
            "5566778899",
        )

        assert on.json("preview", "L-1")["sendable"]
        on.says("send", "L-1", "--yes")

        (case,) = on.at_amili()["cases"]
        assert (case["invoice_number"], case["remaining_capital"]) == ("L-1", 1180)
        (sent,) = on.json("show", "L-1")
        assert on.shown_in_ledger() == {"L-1": sent["case_id"]}
        assert [one["invoice_number"] for one in on.json("list")] == ["L-1"]

        with on.served():
            on.in_ledger("invoices/4/wish")
            _told(webhook[0], invoice="4")
            until(lambda: on.cases() == ["L-1", "L-4"], within_s=WITHIN_S, what="the case of a wish in the ledger")

            on.in_ledger("invoices/1/pay")
            _told(webhook[0], changed=True)
            until(lambda: _paid(on, sent["case_id"]), within_s=WITHIN_S, what="the payment at Amili")


def test_by_consent_from_the_pages_to_the_case_and_what_the_host_tells(elsewhere: Path, tmp_path: Path) -> None:
    with deployed(elsewhere, tmp_path, "solbok", "--client-id", CLIENT, "--secret", SECRET) as on:
        password = on.says("user", "add", EMAIL).split()[-1]
        with on.served():
            person = Browser(on.address)
            person.submit("/sign-in", "/sign-in", email=EMAIL, password=password)
            assert "/connect/solbok" in person.page("/").links

            assert "books:read" in person.page("/connect/solbok").text
            led = person.submit("/connect/solbok", "/connect/solbok")
            (out,) = [link for link in read(led.text).links if link.startswith(on.ledger)]
            shown = person.get(out)
            assert shown.url == f"{on.address}/connect/solbok/company"
            assert "Klientbolaget AB" in read(shown.text).text
            saved = person.submit("/connect/solbok/company", "/company", name="klient")
            assert saved.url == f"{on.address}/connect/solbok/done/klient"
            (checked,) = on.json("check")
            assert checked["ledger"]["version"] == "2"

            on.says("send", "L-1", "--yes")
            assert on.cases() == ["L-1"]

            on.in_ledger("invoices/4/wish")
            on.in_ledger("events", invoice="4")
            until(lambda: on.cases() == ["L-1", "L-4"], within_s=WITHIN_S, what="the case that an event told of")
            until(lambda: sorted(on.shown_in_ledger()) == ["L-1", "L-4"], within_s=WITHIN_S, what="both case ids")

            (sent,) = on.json("show", "L-1")
            on.in_ledger("invoices/1/pay")
            on.in_ledger("events")
            until(lambda: _paid(on, sent["case_id"]), within_s=WITHIN_S, what="the payment at Amili")

            _told_of_the_app(on, event="withdrawn", signed_with="somebody's", answered=401)
            assert on.warnings("list") == ""
            on.in_ledger("consent/withdraw")
            _told_of_the_app(on, event="withdrawn", signed_with=SECRET, answered=200)
            assert "Solbok no longer accepts its consent" in on.warnings("list")


def _told(webhook: str, **body: object) -> None:
    answer = requests.post(webhook, json=body, timeout=_TIMEOUT_S)
    assert answer.json() == {"accepted": 1}


def _told_of_the_app(on: Deployment, *, event: str, signed_with: str, answered: int) -> None:
    body = json.dumps({"company": "17", "event": event}).encode()
    signature = hmac.new(signed_with.encode(), body, hashlib.sha256).hexdigest()
    answer = requests.post(
        f"{on.address}/solbok/lifecycle", data=body, headers={"X-Solbok-Signature": signature}, timeout=_TIMEOUT_S
    )
    assert answer.status_code == answered


def _paid(on: Deployment, case_id: str) -> bool:
    return [(one["case"], one["amount"]) for one in on.at_amili()["actions"] if one["kind"] == "payment"] == [
        (case_id, 1180)
    ]
