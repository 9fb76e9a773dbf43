"""Trying a mapping offline: the registration that would be sent, and every finding, from a saved document."""

from __future__ import annotations

import json
import socket
from datetime import date
from typing import Any

import pytest

from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.errors import ConfigurationError
from connector.flows.companies.mapping import map_document
from connector.resources import read_template

TODAY = date(2026, 11, 23)
SETTINGS = ConnectionSettings(
    account="674dbeaf08847b9501cc9132",
    creditor="674dbeb208847b9501cc9138",
    invoice_fee_agreed=True,
    host={"fee_products": ["FAKTAVG"]},
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody was called")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def document() -> dict[str, Any]:
    """The example document that installers are given."""
    read: dict[str, Any] = json.loads(read_template("odoo/example-document.json"))
    return read


def codes(answer: dict[str, Any], *severities: str) -> set[str]:
    return {finding["code"] for finding in answer["findings"] if finding["severity"] in severities}


def test_a_document_becomes_the_registration_that_would_be_sent(document: dict[str, Any]) -> None:
    answer = map_document("odoo", document, SETTINGS, today=TODAY)
    assert json.loads(json.dumps(answer)) == answer, "it is plain JSON"
    registration = answer["registration"]
    assert (registration["account"], registration["creditor"]) == (SETTINGS.account, SETTINGS.creditor)
    (debt,) = registration["debts"]
    assert (debt["invoice_number"], debt["capital_to_claim"]) == ("INV/2026/00001", 2550)
    assert debt["fees_included_in_capital_to_claim"] == {"invoice_fee": 50}
    assert codes(answer, "block") == set()


def test_the_connections_first_action_holds_unless_another_is_tried(document: dict[str, Any]) -> None:
    answers = [
        map_document("odoo", document, SETTINGS, today=TODAY, first_action=action)["registration"]["first_action"]
        for action in (None, FirstAction.DEBT_COLLECTION)
    ]
    assert answers == ["reminder", "debt_collection"]


def test_findings_stand_beside_the_registration_they_would_stop(document: dict[str, Any]) -> None:
    answer = map_document("odoo", document, SETTINGS.model_copy(update={"creditor": ""}), today=TODAY)
    assert answer["registration"] is not None
    assert "G1" in codes(answer, "block")


def test_an_amount_that_cannot_be_read_is_a_finding(document: dict[str, Any]) -> None:
    document["move"]["amount_residual"] = 2550.001
    answer = map_document("odoo", document, SETTINGS, today=TODAY)
    assert answer["registration"] is None
    assert codes(answer, "block") == {"B2"}


@pytest.mark.parametrize(("host", "content"), [("sap", {}), ("odoo", {}), ("odoo", {"move": 7})])
def test_what_is_no_document_of_the_host_is_said_to_be_none(host: str, content: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        map_document(host, content, SETTINGS, today=TODAY)
