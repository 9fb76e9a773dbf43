"""What of the set-up the imitation of Odoo takes as the real one does: the model of requests, choices of a field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connector.hosts.odoo import fields
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.installing import Installer, data_rows
from connector.hosts.odoo.inventory import ADDED_FIELDS, REQUEST_FIELDS
from connector.hosts.odoo.provision import keep_requests, take_away_other_access, with_choices
from connector.hosts.odoo.removal import take_away
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.serve import running

INVOICING = "account.group_account_invoice"


@pytest.fixture
def state() -> OdooState:
    """An Odoo in which nothing of ours is installed."""
    state = OdooState(switches=LedgerSwitches(custom_fields=False), api_key="connector")
    (model,) = state.records.search("ir.model", [["model", "=", fields.REQUEST]])
    state.made.unlink("ir.model", model)
    state.add_user("settings", key="settings", groups=("base.group_user", "base.group_system"))
    state.add_user("invoicing", key="invoicing", groups=("base.group_user", INVOICING))
    state.add_user("plain", key="plain", groups=("base.group_user",))
    return state


@pytest.fixture
def url(state: OdooState) -> Iterator[str]:
    with running(create_odoo(state)) as url:
        yield url


@pytest.fixture
def client(state: OdooState, url: str) -> OdooClient:
    return OdooClient(url, state.database, SecretStr("settings"), http=HttpPolicy(allow_private=True))


def status(url: str, user: str, method: str, **arguments: Any) -> int:
    answer = requests.post(
        f"{url}/json/2/{fields.REQUEST}/{method}",
        json=arguments,
        headers={"Authorization": f"bearer {user}"},
        timeout=9,
    )
    return answer.status_code


def installed(client: OdooClient, state: OdooState) -> Installer:
    run = Installer(client)
    keep_requests(run)
    take_away_other_access(client, run)
    # Hidden where the fields on invoices are not installed.
    state.switches.set(LedgerSwitches())
    return run


def test_the_model_is_made_with_its_fields_and_nobody_may_do_more_than_invoicing_reads(
    client: OdooClient, state: OdooState, url: str
) -> None:
    run = installed(client, state)

    assert {one.key for one in REQUEST_FIELDS} < set(run.created)
    assert {one.name for one in REQUEST_FIELDS} <= set(state.made.fields[fields.REQUEST])
    assert "x_name" not in state.made.fields[fields.REQUEST]
    assert [status(url, user, "search", domain=[]) for user in ("invoicing", "plain", "settings")] == [200, 403, 403]
    for user in ("invoicing", "plain", "settings"):
        assert status(url, user, "create", vals_list=[{fields.KIND: fields.SEND}]) == 403


def test_a_second_run_makes_nothing_and_takes_away_what_others_gave(
    client: OdooClient, state: OdooState, url: str
) -> None:
    first = installed(client, state)
    model = int(first.reference("amili_connector.request_model"))
    client.call("ir.model.access", "create", vals_list=[{"name": "Mine", "model_id": model, "perm_create": True}])
    row = {fields.KIND: fields.SEND, fields.COMPANY_OF: 1}
    assert status(url, "plain", "create", vals_list=[row]) == 200

    second = installed(client, state)

    assert (second.created, sorted(second.updated)) == ([], sorted(first.created))
    assert status(url, "plain", "create", vals_list=[row]) == 403


def test_a_run_that_broke_off_after_the_model_was_made_is_gone_on_with(client: OdooClient, state: OdooState) -> None:
    definition = {"name": "x", "ttype": "char", "field_description": "x"}
    model = {"name": "Begäran", "model": fields.REQUEST, "field_id": [(0, 0, {**definition, "name": fields.REASON})]}
    client.call("ir.model", "create", vals_list=[model])
    installed(client, state)
    assert {one.name for one in REQUEST_FIELDS} <= set(state.made.fields[fields.REQUEST])


def test_it_is_taken_away_whole(client: OdooClient, state: OdooState, url: str) -> None:
    installed(client, state)
    take_away(client, data_rows(client))
    assert status(url, "invoicing", "search", domain=[]) == 404
    assert data_rows(client) == []
    for what in ("ir.model", "ir.model.access", "ir.rule", "ir.model.fields"):
        named = client.call(what, "search_read", domain=[], fields=["name"])
        assert not [
            row for row in named if "amili" in row["name"] or row["name"] in {one.name for one in REQUEST_FIELDS}
        ]


def test_further_first_actions_are_added_to_the_choices_and_stay(client: OdooClient, state: OdooState) -> None:
    (added,) = [one for one in ADDED_FIELDS if one.name == fields.FIRST_ACTION]

    def choices(*others: str) -> list[str]:
        Installer(client).field(with_choices(added, others))
        found = client.call(
            "ir.model.fields.selection", "search_read", domain=[], fields=["value", "sequence"], order="id"
        )
        return [row["value"] for row in found]

    assert choices() == ["reminder", "debt_collection"]
    assert choices("surveillance", "reminder") == ["reminder", "debt_collection", "surveillance"]
    assert choices("enforcement") == ["reminder", "debt_collection", "surveillance", "enforcement"]
    assert choices() == ["reminder", "debt_collection", "surveillance", "enforcement"]
