"""`connect fortnox`: a person approves in a browser and brings the address back; every wrong turn is told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import GUIDE_CREDITOR, AmiliState, guide_state
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Consent
from connector.sandbox.installed import imitation
from connector.sandbox.shared.serve import running
from tests.cli.conftest import PATIENT
from tests.cli.terminal import Running, Said, Terminal
from tests.flows.consent_stage import APP, COMPANY
from tests.flows.ledgers import ORGANISATION
from tests.flows.waiting import until

NAME = "testbolaget-ab"
ADDRESS = re.compile(r"http://\S+/oauth-v1/auth\?\S+")


@dataclass
class Beginning:
    """A fresh deployment with an app at Fortnox and a key at Amili, and a company that nobody has connected yet."""

    terminal: Terminal
    fortnox: FortnoxState
    amili: AmiliState
    tenant: int

    def switch(self, **changes: Any) -> None:
        self.fortnox.switches.set(replace(self.fortnox.switches.switches, **changes))

    def change_app(self, **changes: Any) -> None:
        self.fortnox.grants.apps[APP.client_id] = replace(APP, **changes)

    def connect(self, *arguments: str, visits: int = 1, change: Any = None) -> Said:
        """Give `connect fortnox --yes`, and bring back what Fortnox answers, `visits` times."""
        with self.terminal.talk("connect", "fortnox", "--yes", *arguments) as (command, answer):
            for number in range(1, visits + 1):
                address = asked(command, number)
                answer((change or visit)(address))
            return command.wait()

    def connected(self) -> list[str]:
        said = self.terminal.run("check", "--json")
        return [] if said.status == 3 else [one["connection"] for one in said.json]


def asked(command: Running, number: int) -> str:
    """The address of the `number`th question, once the command waits for the answer to it."""
    question = "The address you were sent to"
    until(lambda: command.out.count(question) >= number, within_s=120, what=f"question {number}")
    return str(ADDRESS.findall(command.out)[number - 1])


def visit(address: str) -> str:
    """The address to which Fortnox sends the person back."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    return answer.headers["Location"]


@pytest.fixture
def beginning(terminal: Terminal) -> Iterator[Beginning]:
    fortnox = FortnoxState(app=APP)
    company = fortnox.add_company(COMPANY, "556677-8899")
    amili = guide_state(organization_no=ORGANISATION)
    with ExitStack() as stack:
        url = stack.enter_context(running(imitation("fortnox").app(fortnox)))
        terminal.env |= PATIENT | {
            "AMILI_SANDBOX_URL": stack.enter_context(running(create_amili(amili))),
            "ALLOW_PRIVATE_ADDRESSES": "true",
            "FORTNOX_CLIENT_ID": APP.client_id,
            "FORTNOX_CLIENT_SECRET": APP.client_secret,
            "FORTNOX_AUTHORISATION_URL": url,
            "FORTNOX_API_URL": url,
        }
        assert terminal.run("init").status == 0
        amili.register_key("canary-api-code-77f1", terminal.run("amili", "keys").out)
        assert terminal.run("amili", "code", typed="canary-api-code-77f1\n").status == 0
        yield Beginning(terminal, fortnox, amili, company.tenant)
        terminal.end_all()


def refused(said: Said, *words: str) -> None:
    assert said.status == 3, said.err
    assert not [word for word in words if word not in said.err], said.err
    assert "Traceback" not in said.err


def test_a_company_is_connected(beginning: Beginning) -> None:
    said = beginning.connect()

    assert said.status == 0, said.err
    assert f"Ledger:   {COMPANY} (5566778899)" in said.out
    assert f"Creditor: {COMPANY} (5566778899) at Amili, sandbox" in said.out
    assert f"Connected as “{NAME}”" in said.out
    assert beginning.connected() == [NAME]


def test_a_company_that_is_no_creditor_is_refused_and_its_consent_given_back(beginning: Beginning) -> None:
    beginning.change_app(service_accounts=False)
    beginning.amili.set_creditor(GUIDE_CREDITOR, organization_no="5560160680")

    refused(beginning.connect(visits=2), f"organisation number of {COMPANY} (5566778899)", "Choose the right company")

    assert beginning.fortnox.traffic.snapshot()["requests"]["POST /oauth-v1/revoke"] == 1
    assert beginning.connected() == []


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (Consent.DENIED, "not approved"),
        (Consent.INVALID_SCOPE, "developer portal: invoice customer"),
        (Consent.NO_LICENCE, "adds the licence"),
        (Consent.NO_APP_LICENCE, "licence for integrations"),
        (Consent.NOTHING, "locked or unpaid"),
    ],
)
def test_what_fortnox_refuses_is_told_and_the_next_try_works(
    beginning: Beginning, consent: Consent, words: str
) -> None:
    beginning.switch(consent=consent)
    refused(beginning.connect(), words)
    assert beginning.connected() == []
    beginning.switch(consent=Consent.APPROVED)
    assert beginning.connect().status == 0


@pytest.mark.parametrize(
    ("brought", "words"),
    [
        ("http://127.0.0.1:8080/fortnox/callback", "without an answer"),
        ("what is this", "without an answer"),
        ("http://127.0.0.1:8080/fortnox/callback?code=abc&state=another", "another attempt"),
        ("http://127.0.0.1:8080/fortnox/callback?code=abc", "another attempt"),
    ],
)
def test_an_answer_that_is_none_of_ours_is_not_used(beginning: Beginning, brought: str, words: str) -> None:
    refused(beginning.connect(change=lambda _address: brought), words)
    assert list(beginning.fortnox.traffic.snapshot()["requests"]) == []


def test_without_a_service_account_it_is_asked_once_more(beginning: Beginning) -> None:
    beginning.change_app(service_accounts=False)

    said = beginning.connect(visits=2)

    assert said.status == 0, said.err
    first, second = ADDRESS.findall(said.out)
    assert "account_type=service" in first
    assert "account_type" not in second
    assert beginning.connected() == [NAME]


def test_a_service_account_refused_twice_is_told(beginning: Beginning) -> None:
    def refuse(address: str) -> str:
        state = dict(parse_qsl(urlsplit(address).query))["state"]
        words = "Client+does+not+allow+service+account"
        return f"{APP.redirect_uri}?error=x&error_description={words}&state={state}"

    refused(beginning.connect(visits=2, change=refuse), "Fortnox refuses the app")


def test_rights_that_were_not_approved_are_named(beginning: Beginning) -> None:
    refused(
        beginning.connect(change=lambda address: visit(address.replace("+settings", ""))),
        "not approved in Fortnox: settings",
    )
    assert beginning.connected() == []


def test_a_missing_licence_is_named(beginning: Beginning) -> None:
    beginning.fortnox.companies[beginning.tenant].facts.unlicensed_scopes = {"payment"}
    refused(beginning.connect(), "payment: read payments of invoices", "adds the licence")


def test_a_company_that_is_connected_renews_its_consent(beginning: Beginning) -> None:
    assert beginning.connect().status == 0
    beginning.fortnox.revoke_consent(APP.client_id, beginning.tenant)
    assert beginning.terminal.run("check").status == 4
    warned = beginning.terminal.run("list")
    assert "Fortnox no longer accepts its consent" in warned.err
    assert "`amili-connector connect fortnox`" in warned.err

    said = beginning.connect()

    assert said.status == 0, said.err
    assert f"connected already, as “{NAME}”. Its consent is renewed" in said.out
    assert beginning.terminal.run("check").status == 0
    assert beginning.terminal.run("list").err.strip() == "Nothing to list."


def test_a_key_cannot_be_entered_for_it(beginning: Beginning) -> None:
    assert beginning.connect().status == 0
    said = beginning.terminal.run("key", "--api-key", "a-key-of-odoo")
    assert said.status == 2
    assert "amili-connector connect fortnox" in said.sentence


def test_without_an_app_it_says_what_to_set(beginning: Beginning) -> None:
    del beginning.terminal.env["FORTNOX_CLIENT_ID"], beginning.terminal.env["FORTNOX_CLIENT_SECRET"]
    refused(beginning.terminal.run("connect", "fortnox"), "FORTNOX_CLIENT_ID")
