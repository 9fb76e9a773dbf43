"""The set-up in each version of Odoo, against the imitation: it is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.domain.errors import ConfigurationError, ConnectorError, LeftBehind, NotAuthorised, OutcomeUnknown
from connector.hosts.odoo import inventory
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.provision import NOTHING_LEFT, NOTHING_LEFT_BUT_MODULE, ProvisionReport, provision
from connector.hosts.odoo.removal import remove
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import OdooVersion
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.hosts.odoo.untouched_sandbox import by_key, fresh_odoo, standing

WEBHOOK = "https://connector.example/webhooks/odoo/acme/a-token"
FIELDS = "ir.model.fields"
STEPS = ("Fields: 7 of 18", "Groups of users", "The model of people's requests", "Actions", "Views and menu", "Rules")


def set_up(client: OdooClient, url: str = WEBHOOK, **options: Any) -> ProvisionReport:
    return provision(client, url, company_id=1, key_user=5, pause=lambda _: None, **options)


def striking(state: OdooState, step: str, fault: Fault) -> Callable[[str], None]:
    """A listener that lets `fault` come into force as a step begins."""

    def told(words: str) -> None:
        if words.startswith(step):
            state.switches.change({"faults": [vars_of(fault)]})

    return told


def vars_of(fault: Fault) -> dict[str, Any]:
    return {
        "kind": fault.kind.value,
        "operations": list(fault.operations),
        "next_n": fault.next_n,
        "share": fault.share,
        "status": fault.status,
    }


def no_faults(state: OdooState) -> None:
    state.switches.change({"faults": []})


@pytest.mark.parametrize("version", list(OdooVersion))
def test_the_set_up_is_made_put_right_and_taken_away(version: OdooVersion) -> None:
    state = fresh_odoo(version)
    before = standing(state)
    with by_key(state) as client:
        first = set_up(client)
        made = standing(state)
        second = set_up(client)
        assert standing(state) == made, "a second run changes nothing"
        removed = remove(client)

    assert state.languages() == {"sv_SE"}
    assert state.lock_ups == 0
    assert (second.created, sorted(second.updated), second.kept_old) == ((), sorted(first.created), "")
    assert first.senders == ("settings",)
    assert sorted(removed.removed) == sorted(first.created)
    before["ir.module.module"] = made["ir.module.module"]
    assert standing(state) == before


@pytest.mark.parametrize(("version", "categories"), [("17.0", 0), ("18.0", 0), ("19.0", 1)])
def test_a_category_of_our_own_is_made_only_where_that_is_allowed(version: str, categories: int) -> None:
    state = fresh_odoo(OdooVersion(version))
    with by_key(state) as client:
        report = set_up(client)

    assert report.created.count(inventory.CATEGORY) == categories
    assert state.traffic.requests.get("POST /jsonrpc/ir.module.category/create", 0) == 0
    (group,) = state.records.search("res.groups", [["name", "=", inventory.SEND_GROUP_NAME.source]])
    assert bool(state.records.get("res.groups", group).get("privilege_id")) == bool(categories)


@pytest.mark.parametrize("version", [OdooVersion.V17, OdooVersion.V19])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_refused_in_the_middle_is_taken_back(version: OdooVersion, step: str) -> None:
    state = fresh_odoo(version)
    state.made.write("ir.module.module", 1, {"state": "installed"})
    before = standing(state)
    refused = Fault(FaultKind.FAIL_BEFORE, share=1.0, status=403)
    writes = [f"{model}/{method}" for model in inventory.ORDER for method in ("create", "write")]
    at = {"operations": tuple(writes), "next_n": 1, "share": 0.0}
    with by_key(state) as client, pytest.raises(ConnectorError) as failure:
        set_up(client, told=striking(state, step, Fault(**{**vars(refused), **at})))

    kind = NotAuthorised if version is OdooVersion.V19 else OutcomeUnknown
    assert isinstance(failure.value, kind)
    assert failure.value.advice.endswith(NOTHING_LEFT)
    assert standing(state) == before
    assert state.lock_ups == 0


LOST = (
    f"{FIELDS}/create",
    f"{FIELDS}/write",
    "ir.model.data/create",
    "ir.model/create",
    "ir.model.access/create",
    "ir.rule/create",
    "res.groups/create",
    "ir.actions.server/create",
    "ir.ui.view/create",
    "ir.ui.view/update_field_translations",
    "ir.actions.act_window/create",
    "ir.ui.menu/create",
    "base.automation/create",
)


@pytest.mark.parametrize("operation", LOST)
@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
def test_what_a_lost_answer_left_is_found_and_taken_back(operation: str, kind: FaultKind) -> None:
    state = fresh_odoo()
    state.made.write("ir.module.module", 1, {"state": "installed"})
    before = standing(state)
    state.switches.change({"faults": [vars_of(Fault(kind, (operation,), next_n=1))]})
    with by_key(state) as client, pytest.raises(OutcomeUnknown) as failure:
        set_up(client)

    assert state.switches.fired[kind.value] == 1
    assert failure.value.advice.endswith(NOTHING_LEFT)
    assert standing(state) == before


def test_taking_back_goes_on_where_an_answer_of_its_own_is_lost() -> None:
    state = fresh_odoo(OdooVersion.V18)
    before = standing(state)

    def told(words: str) -> None:
        if words == "Views and menu":
            state.switches.change({"faults": [vars_of(Fault(FaultKind.DROP_BEFORE, ("ir.ui.view/create",), next_n=1))]})
        if words.startswith("It failed"):
            lost = [Fault(FaultKind.DROP_AFTER, (f"{model}/unlink",), next_n=2) for model in ("res.groups", FIELDS)]
            state.switches.change({"faults": [vars_of(fault) for fault in lost]})

    with by_key(state) as client, pytest.raises(OutcomeUnknown) as failure:
        set_up(client, told=told)

    assert failure.value.advice.endswith(NOTHING_LEFT_BUT_MODULE)
    assert state.switches.fired["drop_after"] > 1
    before["ir.module.module"][1]["state"] = "installed"
    assert standing(state) == before


def worn(state: OdooState, client: OdooClient) -> None:
    """People have changed what was set up."""
    call = client.call
    ids = {row["name"]: row["res_id"] for row in client.call("ir.model.data", "search_read", domain=[], fields=["name", "res_id"])}  # fmt: skip  # noqa: E501
    call("ir.ui.view", "write", ids=[ids["view_collection_list"]], vals={"arch": '<list string="Mine"/>'})
    words = {"sv_SE": {"Mine": "Mina"}}
    call("ir.ui.view", "update_field_translations", ids=[ids["view_collection_list"]], field_name="arch_db", translations=words)  # fmt: skip  # noqa: E501
    call("ir.actions.server", "write", ids=[ids["action_send_to_collection"]], vals={"code": "pass", "binding_model_id": False})  # fmt: skip  # noqa: E501
    call("res.groups", "write", ids=[ids["group_send"]], vals={"name": "Ours"}, context={"lang": "sv_SE"})
    call("res.groups", "write", ids=[ids["group_connector"]], vals={client.dialect.members_field: [(5, 0, 0)]})
    call("base.automation", "write", ids=[ids["rule_changed_company_1"]], vals={"active": False, "trigger_field_ids": [(5, 0, 0)]})  # fmt: skip  # noqa: E501
    call("ir.actions.act_window", "write", ids=[ids["window_collection"]], vals={"view_ids": [(5, 0, 0)]})
    call("ir.ui.menu", "unlink", ids=[ids["menu_collection"]])
    call(FIELDS, "write", ids=[ids["field_x_amili_url"]], vals={"copied": True})


@pytest.mark.parametrize("version", list(OdooVersion))
def test_what_was_there_before_a_failed_run_is_as_it_was(version: OdooVersion) -> None:
    state = fresh_odoo(version)
    with by_key(state) as client:
        set_up(client)
        worn(state, client)
        before = standing(state)
        at_the_end = Fault(FaultKind.DROP_AFTER, ("ir.actions.server/write",), next_n=1)
        with pytest.raises(OutcomeUnknown):
            set_up(client, WEBHOOK.replace("a-token", "another"), told=striking(state, "Rules", at_the_end))
        assert state.switches.fired["drop_after"] == 1
        assert children_apart(standing(state)) == children_apart(before)

        no_faults(state)
        report = set_up(client, WEBHOOK.replace("a-token", "another"))

    assert report.created == ("menu_collection",)
    hooks = [str(row.get("webhook_url") or "") for row in standing(state)["ir.actions.server"].values()]
    assert sum("another" in hook for hook in hooks) == len(inventory.HINT_RULES)
    (group,) = state.records.search("res.groups", [["name", "=", inventory.KEY_GROUP_NAME.source]])
    assert 5 in state.records.get("res.groups", group)[client.dialect.members_field]


def children_apart(found: dict[str, Any]) -> dict[str, Any]:
    """Without the ids of rows that are made anew with their record."""
    rows = found.pop("ir.actions.act_window.view").values()
    found["texts"] = {place: text for place, text in found["texts"].items() if "act_window" not in place[0]}
    for window in found["ir.actions.act_window"].values():
        window["view_ids"] = len(window["view_ids"])
    return {**found, "rows": sorted((row["sequence"], row["view_mode"], row["view_id"]) for row in rows)}


def test_an_odoo_that_is_away_for_good_is_told_of_and_gone_on_with_later() -> None:
    state = fresh_odoo()
    before = standing(state)
    waited: list[float] = []
    away = Fault(FaultKind.DROP_BEFORE, share=1.0)
    with by_key(state) as client:
        with pytest.raises(LeftBehind) as failure:
            provision(
                client,
                WEBHOOK,
                company_id=1,
                key_user=5,
                told=striking(state, "Views and menu", away),
                pause=waited.append,
            )
        assert "group_send" in failure.value.message
        assert "`amili-connector odoo provision` again" in failure.value.advice
        assert 0 < len(waited) < 5, "it does not try each thing for ever"

        no_faults(state)
        report = set_up(client)
        assert report.kept_old == ""
        assert len({*report.created, *report.updated}) == len(report.created) + len(report.updated)
        remove(client)

    before["ir.module.module"][1]["state"] = "installed"
    assert standing(state) == before


def test_a_run_that_a_person_ends_is_taken_back_too() -> None:
    state = fresh_odoo()
    before = standing(state)

    def told(words: str) -> None:
        if words == "Actions":
            raise KeyboardInterrupt

    with by_key(state) as client, pytest.raises(KeyboardInterrupt):
        set_up(client, told=told)
    before["ir.module.module"][1]["state"] = "installed"
    assert standing(state) == before


@pytest.mark.parametrize("act", [set_up, remove])
def test_17_without_a_language_that_can_be_named_is_left_alone(act: Callable[[OdooClient], object]) -> None:
    state = fresh_odoo(OdooVersion.V17)
    (swedish,) = state.records.search("res.lang", [["code", "=", "sv_SE"]])
    state.records.update("res.lang", swedish, {"code": "sr@latin"})
    before = standing(state)
    with by_key(state) as client, pytest.raises(ConfigurationError, match="no language that a request can name"):
        act(client)
    assert state.lock_ups == 0
    assert standing(state) == before


def test_the_steps_are_told_as_they_begin() -> None:
    state = fresh_odoo()
    told: list[str] = []
    with by_key(state) as client:
        set_up(client, told=told.append)
    fields = len(inventory.ADDED_FIELDS)
    assert told[0] == "Odoo's own module Automation Rules"
    assert told[1 : fields + 1] == [f"Fields: {place} of {fields}" for place in range(1, fields + 1)]
    assert told[fields + 1 :] == [
        "Groups of users",
        "The model of people's requests",
        "Actions",
        "Views and menu",
        "Rules that tell the connector",
    ]


@pytest.mark.parametrize("version", list(OdooVersion))
def test_no_english_is_left_in_a_swedish_users_views(version: OdooVersion) -> None:
    state = fresh_odoo(version)
    with by_key(state) as client:
        set_up(client)
        shown = client.call("ir.ui.view", "search_read", domain=[("name", "like", "amili_connector")], fields=["arch"], context={"lang": "sv_SE"})  # fmt: skip  # noqa: E501
    archs = " ".join(str(view["arch"]) for view in shown)
    assert "Återkalla ärendet hos Amili" in archs
    assert [text for text in inventory.VIEW_TEXTS if f'"{text}"' in archs] == []
    assert ("confirm-label" in archs) == (version is OdooVersion.V19)
