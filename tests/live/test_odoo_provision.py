"""Setting a real Odoo up by API alone: install, repair, upgrade, two companies, removal without a trace.

Creates in Odoo the whole set-up, which it takes away again; a user, customers and invoices, which stay. What was
there of an earlier set-up is removed first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, NotAuthorised
from connector.hosts import opening
from connector.hosts.base import Host, LedgerCase, WriteBack
from connector.hosts.odoo import fields, inventory
from connector.hosts.odoo.export import cases
from connector.hosts.odoo.inventory import KEY_GROUP, MODULE, SEND_ACTION, SEND_GROUP
from connector.hosts.odoo.provision import provision
from connector.hosts.odoo.removal import remove
from connector.hosts.odoo.versions import DIALECTS
from connector.remote.policy import HttpPolicy
from tests.live.odoo_books import Books, odoo_env
from tests.live.odoo_versions import names, needs, odoo_major
from tests.live.provisioned_odoo import company, installed, set_up
from tests.said import en

pytestmark = pytest.mark.odoo

WEBHOOK = "https://connector.example/webhooks/odoo/acme/another-token"


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books(odoo_env())
    remove(books.settings_client)
    yield books
    remove(books.settings_client)


@pytest.fixture
def provisioned(books: Books) -> Books:
    set_up(books)
    return books


def host(books: Books, **chosen: Any) -> Host:
    return opening.open_host(
        "odoo",
        settings={**books.place, **chosen},
        api_key=SecretStr(books.env["ODOO_BOT_API_KEY"]),
        http=HttpPolicy(allow_private=True),
    )


def set_up_by_an_earlier_release(books: Books) -> None:
    """The set-up of six fields, one action, one view and one rule that earlier releases made."""
    call = books.settings_client.call
    model = books.reference("account.model_account_move")

    def bind(name: str, kind: str, object_id: int) -> None:
        row = {"module": MODULE, "name": name, "model": kind, "res_id": object_id, "noupdate": True}
        call("ir.model.data", "create", vals_list=[row])

    ids = {}
    for name, kind in (
        (fields.CASE_ID, "char"),
        (fields.STATUS, "char"),
        (fields.DATE, "datetime"),
        (fields.REQUESTED_AT, "datetime"),
        (fields.REQUESTED_BY, "char"),
        (fields.FIRST_ACTION, "char"),
    ):
        values = {"model_id": model, "name": name, "ttype": kind, "field_description": name, "copied": False}
        (ids[name],) = call("ir.model.fields", "create", vals_list=[values])
        bind(f"field_{name}", "ir.model.fields", ids[name])
    action = {"name": "Send", "model_id": model, "state": "code", "code": "pass", "binding_model_id": model}
    bind(SEND_ACTION, "ir.actions.server", call("ir.actions.server", "create", vals_list=[action])[0])
    view = {
        "name": "Invoice",
        "model": "account.move",
        "inherit_id": books.reference("account.view_move_form"),
        "arch": "<xpath expr='//notebook' position='inside'><page name='amili_connector' string='Collection'>"
        "<field name='x_amili_status'/></page></xpath>",
    }
    bind("view_invoice_form", "ir.ui.view", call("ir.ui.view", "create", vals_list=[view])[0])
    rule = {
        "name": "Requested",
        "model_id": model,
        "trigger": "on_create_or_write",
        "trigger_field_ids": [(6, 0, [ids[fields.REQUESTED_AT]])],
    }
    (rule_id,) = call("base.automation", "create", vals_list=[rule])
    bind("rule_requested", "base.automation", rule_id)
    hook = {
        "name": "Tell",
        "model_id": model,
        "state": "webhook",
        "webhook_url": "https://connector.example/old",
        "base_automation_id": rule_id,
        "usage": "base_automation",
    }
    bind("action_webhook_requested", "ir.actions.server", call("ir.actions.server", "create", vals_list=[hook])[0])


def test_a_second_run_changes_no_identity_and_makes_nothing(books: Books) -> None:
    first = set_up(books)
    objects = installed(books)
    second = set_up(books, WEBHOOK)

    assert (len(first.created), first.updated) == (len(objects), ())
    assert (second.created, sorted(second.updated)) == ((), sorted(first.created))
    assert installed(books) == objects
    assert first.pdf_action_id == second.pdf_action_id == objects[inventory.PDF_ACTION][1]
    hooks = books.settings_client.call(
        "ir.actions.server", "search_read", domain=[("state", "=", "webhook")], fields=["webhook_url"]
    )
    ours = sorted(hook["webhook_url"] for hook in hooks if "/webhooks/odoo/" in str(hook["webhook_url"]))
    assert ours == [f"{WEBHOOK}?event={event}" for event in ("changed", "requested", "withdrawal")]


def test_the_administrators_of_invoicing_may_send_at_first_and_later_it_is_the_companys_affair(books: Books) -> None:
    first = set_up(books)
    group = installed(books)[SEND_GROUP][1]
    (administrator,) = books.settings_client.call(
        "res.users", "search_read", domain=[("login", "=", os.environ["ODOO_LOGIN"])], fields=["name"]
    )
    assert administrator["name"] in first.senders
    books.settings_client.call("res.groups", "write", ids=[group], vals={names().members: [(3, administrator["id"])]})

    again = set_up(books)

    assert administrator["name"] not in again.senders


@needs(18, 19, why="keys do not end")
def test_the_connectors_own_keys_may_last_a_year_and_nobody_elses(provisioned: Books) -> None:
    objects, client = installed(provisioned), provisioned.settings_client
    uid = provisioned.client.call("res.users", "context_get")["uid"]
    groups = client.call(
        "res.groups",
        "read",
        ids=[objects[KEY_GROUP][1], objects[SEND_GROUP][1]],
        fields=["api_key_duration", names().members, "implied_ids"],
    )

    assert [group["api_key_duration"] for group in groups] == [inventory.KEY_DURATION_DAYS, 0]
    assert groups[0][names().members] == [uid]
    assert uid not in groups[1][names().members]
    assert groups[1]["implied_ids"] == [provisioned.reference("account.group_account_invoice")]


def test_what_was_deleted_or_switched_off_by_hand_is_repaired(provisioned: Books) -> None:
    before, client = installed(provisioned), provisioned.settings_client
    asked, hint, changed = (
        inventory.of_company(key, company(provisioned)) for key in ("rule_requested", "hint_requested", "rule_changed")
    )
    client.call("base.automation", "write", ids=[before[changed][1]], vals={"active": False})
    client.call("ir.ui.view", "write", ids=[before["view_invoice_form"][1]], vals={"active": False})
    client.call("ir.ui.view", "unlink", ids=[before["view_invoice_list"][1]])
    client.call("base.automation", "unlink", ids=[before[asked][1]])

    report = set_up(provisioned)

    assert set(report.created) == {"view_invoice_list", asked, hint}
    assert set(installed(provisioned)) == set(before)
    for model, key in (("base.automation", changed), ("ir.ui.view", "view_invoice_form")):
        (found,) = client.call(model, "read", ids=[before[key][1]], fields=["active"])
        assert found["active"] is True


def test_the_set_up_of_an_earlier_release_is_brought_up_to_date(books: Books) -> None:
    set_up_by_an_earlier_release(books)
    sent = books.invoice()
    books.client.call("account.move", "write", ids=[sent], vals={fields.CASE_ID: "case-1", fields.STATUS: "Hos Amili"})

    report = set_up(books)

    assert "view_invoice_form" in report.updated
    form = books.client.call(
        "account.move", "get_views", views=[(books.reference("account.view_move_form"), "form")], options={}
    )["views"]["form"]["arch"]
    assert form.count('name="amili_connector"') == 1
    assert "x_amili_ended" in form
    assert set(report.removed) == {"rule_requested", "action_webhook_requested"}
    kept = books.move(sent, fields.CASE_ID, fields.STATUS)
    assert (kept[fields.CASE_ID], kept[fields.STATUS]) == ("case-1", "Hos Amili")
    described = books.client.call("account.move", "fields_get", allfields=list(fields.ADDED), attributes=["type"])
    invoices = {added.name: added.kind for added in inventory.ADDED_FIELDS if added.model == inventory.INVOICE}
    assert {name: one["type"] for name, one in described.items()} == invoices


def test_a_companys_further_first_actions_can_be_chosen_and_those_of_another_stay(books: Books) -> None:
    def choices() -> list[str]:
        described = books.client.call("account.move", "fields_get", allfields=[fields.FIRST_ACTION])
        return [value for value, _ in described[fields.FIRST_ACTION]["selection"]]

    url, own = "https://connector.example/webhooks/odoo/acme/token", company(books)
    set_up(books)
    assert choices() == ["reminder", "debt_collection"]
    provision(books.settings_client, url, company_id=own, other_first_actions=("surveillance", "reminder"))
    provision(books.settings_client, url, company_id=own + 1, other_first_actions=("enforcement",))
    again = provision(books.settings_client, url, company_id=own)

    assert choices() == ["reminder", "debt_collection", "surveillance", "enforcement"]
    assert again.created == ()
    move = books.invoice()
    books.client.call("account.move", "write", ids=[move], vals={fields.FIRST_ACTION: "surveillance"})
    assert books.move(move, fields.FIRST_ACTION)[fields.FIRST_ACTION] == "surveillance"


def test_what_was_asked_for_before_the_set_up_is_read_as_a_question(books: Books) -> None:
    set_up_by_an_earlier_release(books)
    asked = books.invoice()
    wish = {fields.REQUESTED_AT: "2026-11-24 09:00:00", fields.REQUESTED_BY: "Verkställande direktören"}
    books.client.call("account.move", "write", ids=[asked], vals=wish)
    before = host(books)
    (told,) = [one for one in before.requested() if one.invoice_id == str(asked)]
    assert (told.by, before.vouches_for(told.mark)) == ("Verkställande direktören", False)
    assert len(before.check().to_mend) == 1

    report = set_up(books)

    # As the connection was before, and as it is afterwards.
    assert host(books).wish(str(asked)) == told
    after = host(books, answer_action_id=report.answer_action_id)
    assert after.wish(str(asked)) is None
    assert list(after.requested()) == []
    assert after.check().to_mend == ()
    mark = books.keep_request(asked, fields.SEND, "Ekonom Ek")
    pressed = after.wish(str(asked))
    assert pressed is not None
    assert (pressed.by, pressed.mark, after.vouches_for(mark)) == ("Ekonom Ek", mark, True)


def test_each_company_of_a_database_has_rules_of_its_own(provisioned: Books) -> None:
    mine = company(provisioned)
    other = mine + 1

    provision(provisioned.settings_client, WEBHOOK, company_id=other)

    keys = set(installed(provisioned))
    for key in ("rule_requested", "webhook_requested", "hint_requested", "rule_changed"):
        assert {f"{key}_company_{mine}", f"{key}_company_{other}"} <= keys
    domains = provisioned.settings_client.call(
        "base.automation", "search_read", domain=[("filter_domain", "like", "x_amili")], fields=["filter_domain"]
    )
    counts = [domain["filter_domain"].count(f"('company_id', '=', {mine})") for domain in domains]
    assert sorted(counts) == [0, 0, 0, 1, 1, 1]


def test_a_field_of_that_name_which_is_not_ours_is_left_alone(books: Books) -> None:
    values = {
        "model_id": books.reference("account.model_account_move"),
        "name": fields.FIRST_ACTION,
        "ttype": "char",
        "field_description": "Somebody else's",
    }
    (foreign,) = books.settings_client.call("ir.model.fields", "create", vals_list=[values])
    try:
        with pytest.raises(ConfigurationError, match="x_amili_first_action of type char"):
            set_up(books)
    finally:
        books.settings_client.call("ir.model.fields", "unlink", ids=[foreign])


def test_the_added_fields_are_not_copied_with_an_invoice(provisioned: Books) -> None:
    sent = provisioned.invoice()
    host(provisioned).write_back(str(sent), WriteBack("case-1", "Registrerat", datetime.now(UTC)))
    marked = {fields.DISPUTED: True, fields.FIRST_ACTION: "reminder"}
    provisioned.client.call("account.move", "write", ids=[sent], vals=marked)

    copy = provisioned.client.call("account.move", "copy", ids=[sent])

    assert provisioned.move(copy[0], *fields.ADDED) == {"id": copy[0], **dict.fromkeys(fields.ADDED, False)}


def test_without_the_fields_there_is_no_wish_and_no_place_to_write(books: Books) -> None:
    sent, ledger = books.invoice(), host(books)

    assert ledger.wish(str(sent)) is None
    assert list(ledger.requested()) == []
    result = ledger.write_back(str(sent), WriteBack("case-1", "Registrerat", datetime.now(UTC)))
    assert result.places == ()
    assert "not set up" in en(result.refused)
    assert list(cases(books.client, company(books))) == []


def test_the_connectors_own_key_may_not_provision(books: Books) -> None:
    with pytest.raises(NotAuthorised) as refusal:
        provision(books.client, "https://connector.example/webhooks/odoo/acme/secret-token", company_id=1)
    with pytest.raises(NotAuthorised):
        remove(books.client)

    assert "secret-token" not in str(refusal.value)
    assert installed(books) == {}


def test_the_case_ids_can_be_saved_before_they_are_lost(provisioned: Books) -> None:
    sent, others = provisioned.invoice(), provisioned.invoice()
    at = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    host(provisioned).write_back(str(sent), WriteBack("case-1", "Hos Amili", at))

    found = {case.invoice_id: case for case in cases(provisioned.client, company(provisioned))}

    number = provisioned.move(sent, "name")["name"]
    assert found[str(sent)] == LedgerCase(number, str(sent), "case-1", "Hos Amili", "2026-11-24 12:30:00")
    assert str(others) not in found


class Ended(Exception):
    """Somebody or something ended a run."""


def ending_at(step: str) -> Callable[[str], None]:
    """A listener that ends a run where a step begins."""

    def told(words: str) -> None:
        if words.startswith(step):
            raise Ended

    return told


URL = "https://connector.example/webhooks/odoo/acme/token"
STEPS = ("Fields: 9 of", "Groups of users", "The model", "Actions", "Views", "Rules")


@pytest.mark.skipif(not os.environ.get("ODOO_DATABASE_URL"), reason="ODOO_DATABASE_URL: no way to Odoo's own database")
@pytest.mark.parametrize("step", STEPS)
def test_a_first_run_that_ends_in_the_middle_leaves_nothing(books: Books, step: str) -> None:
    url = os.environ["ODOO_DATABASE_URL"]
    assert traces(url) == {}
    with pytest.raises(Ended):
        provision(books.settings_client, URL, company_id=company(books), told=ending_at(step))
    assert traces(url) == {}
    assert installed(books) == {}


def kept(books: Books) -> dict[str, Any]:
    """What stands in the objects of the set-up, in each of Odoo's languages."""
    found: dict[str, Any] = {}
    read = {
        "ir.ui.view": ["arch", "active", "priority"],
        "ir.actions.server": [
            "name",
            "code",
            "webhook_url",
            "binding_model_id",
            books.settings_client.dialect.groups_field,
        ],
        "base.automation": ["name", "filter_domain", "trigger_field_ids", "active"],
        "res.groups": ["name", "implied_ids", books.settings_client.dialect.members_field],
        "ir.ui.menu": ["name", "action", "sequence"],
        "ir.actions.act_window": ["name", "domain", "context"],
        "ir.model.fields": ["field_description", "copied", "ttype"],
    }
    for key, (model, number) in sorted(installed(books).items()):
        for lang in ("en_US", "sv_SE"):
            found[f"{key} {lang}"] = books.settings_client.call(
                model, "read", ids=[number], fields=read.get(model, ["display_name"]), context={"lang": lang}
            )
    return found


def test_a_later_run_that_ends_in_the_middle_leaves_everything_as_it_was(provisioned: Books) -> None:
    client, objects = provisioned.settings_client, installed(provisioned)
    changed = inventory.of_company("rule_changed", company(provisioned))
    view = objects["view_collection_list"][1]
    for model, key, values in (
        ("ir.ui.view", "view_collection_list", {"arch": '<list string="Total"><field name="name"/></list>'}),
        ("ir.actions.server", SEND_ACTION, {"code": "action = False", "binding_model_id": False}),
        ("base.automation", changed, {"active": False}),
        ("ir.model.fields", "field_x_amili_url", {"copied": True}),
    ):
        client.call(model, "write", ids=[objects[key][1]], vals=values, context={"lang": "en_US"})
    words = {"sv_SE": {"Total": "Min summa"}}
    client.call("ir.ui.view", "update_field_translations", ids=[view], field_name="arch_db", translations=words)
    client.call("ir.ui.menu", "unlink", ids=[objects["menu_collection"][1]])
    before = kept(provisioned)

    def ended(step: str) -> None:
        if step.startswith("It failed"):
            assert kept(provisioned) != before
        ending_at("Rules")(step)

    with pytest.raises(Ended):
        provision(client, WEBHOOK, company_id=company(provisioned), told=ended)

    assert kept(provisioned) == before
    report = set_up(provisioned, WEBHOOK)
    assert report.created == ("menu_collection",)
    assert report.kept_old == ""
    after = kept(provisioned)
    assert after["view_collection_list en_US"] != before["view_collection_list en_US"]


TRACES: dict[str, str] = {
    "columns": "select table_name || '.' || column_name from information_schema.columns where column_name ~ 'x_amili'",
    "ir_model_data": f"select name from ir_model_data where module = '{MODULE}' or name ~ 'x_amili'",
    "ir_model_fields": "select name from ir_model_fields where name ~ 'x_amili'",
    "ir_model_fields_selection": "select s.value from ir_model_fields_selection s"
    " left join ir_model_fields f on f.id = s.field_id where f.id is null or f.name ~ 'x_amili'",
    "ir_ui_view": "select name from ir_ui_view where name ~* 'amili' or arch_db::text ~* 'amili'",
    "ir_act_server": "select name::text from ir_act_server where code ~ 'amili' or webhook_url ~ '/webhooks/odoo/'",
    "ir_act_window": "select name::text from ir_act_window where context ~ 'amili' or domain ~ 'amili'",
    "ir_ui_menu": "select name::text from ir_ui_menu where name::text ~ 'Inkasso'",
    "ir_filters": "select name::text from ir_filters where domain ~ 'amili' or context ~ 'amili' or sort ~ 'amili'",
    "base_automation": "select name::text from base_automation where filter_domain ~ 'amili' or name::text ~ 'Amili'",
    "res_groups": "select name::text from res_groups where name::text ~ 'Amili|Inkasso'",
    "ir_model": "select model from ir_model where model ~ 'x_amili'",
    "tables": "select table_name from information_schema.tables where table_name ~ 'x_amili'",
    "constraints": "select conname from pg_constraint where conname ~ 'x_amili'",
    "ir_model_access": "select a.name from ir_model_access a left join ir_model m on m.id = a.model_id"
    " where m.id is null or m.model ~ 'x_amili'",
    "ir_rule": "select r.name from ir_rule r left join ir_model m on m.id = r.model_id"
    " where m.id is null or m.model ~ 'x_amili'",
    "ir_attachment": "select name from ir_attachment where name ~* 'amili'",
}


if DIALECTS[odoo_major()].privilege_field:
    TRACES["res_groups_privilege"] = "select name::text from res_groups_privilege where name::text ~ 'Amili'"


def traces(url: str) -> dict[str, list[str]]:
    """What is found of ours in the database itself, wherever it could be."""
    with psycopg.connect(url) as connection:
        found = {where: [row[0] for row in connection.execute(query).fetchall()] for where, query in TRACES.items()}
    return {where: rows for where, rows in found.items() if rows}


@pytest.mark.skipif(not os.environ.get("ODOO_DATABASE_URL"), reason="ODOO_DATABASE_URL: no way to Odoo's own database")
def test_nothing_is_left_in_the_database_after_removal(books: Books) -> None:
    url = os.environ["ODOO_DATABASE_URL"]
    assert traces(url) == {}
    set_up(books)
    favourite: dict[str, Any] = {
        "name": "Mine at Amili",
        "model_id": "account.move",
        "domain": "[('x_amili_case_id', '!=', False)]",
        "context": "{}",
        "sort": "[]",
    }
    books.settings_client.call("ir.filters", "create", vals_list=[favourite])
    there = traces(url)
    nowhere = {"ir_attachment"}
    assert set(TRACES) - nowhere == set(there)
    assert len(there["ir_model_data"]) >= len(installed(books))

    report = remove(books.settings_client)

    assert traces(url) == {}
    assert report.favourites == ("Mine at Amili",)
    assert set(report.removed) > {added.key for added in inventory.ADDED_FIELDS}
    assert remove(books.settings_client).removed == ()
