"""What others hold in their hands, by name: scripts, `.env` files, and what ledgers were given once.

A line may be added here. One that is taken away or changed breaks somebody's installation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from flask import Flask

from connector.cli import main
from connector.flows.deployment import open_deployment
from connector.sandbox.__main__ import main as run_sandbox
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.fortnox.state import DEMO_APP, FortnoxState
from connector.sandbox.installed import imitation
from connector.sandbox.odoo.state import OdooState
from connector.settings import setting_fields
from connector.web.app import create_app
from tests.conftest import SettingsFactory
from tests.source import ROOT

COMMANDS = {
    "amili code": "--api-code --name",
    "amili keys": "--confirm --give-up --name --replace",
    "amili public-key": "--name",
    "backup": "--json",
    "booked-through": "--account --connection --json -c",
    "check": "--connection --json -c",
    "connect": "--amili-keys --api-key --creditor --database --environment --id --login --settings --url --yes",
    "decide": "--another-debt --json --send-once-more --this-case --yes",
    "demo": "--host --once --port",
    "disconnect": "--connection --yes -c",
    "go-live": "--amili-keys --back --connection --creditor --yes -c",
    "init": "--email",
    "key": "--api-key --connection -c",
    "list": "--connection --ending --json --limit --ocr --state -c",
    "map": "--first-action --host --input --settings --today",
    "odoo provision": "--connection --settings-key --settings-login -c",
    "odoo remove": "--connection --export --settings-key --settings-login --yes -c",
    "pause": "--connection -c",
    "preview": "--connection --first-action --json --language -c",
    "propose": "--connection --force --json --language --send --yes -c",
    "reconcile": "--connection --exit-code --json --language -c",
    "reseal": "",
    "restore": "--check --done-otherwise --json --replace",
    "resume": "--connection -c",
    "send": "--accept --connection --first-action --json --language --lift --wait-s --yes -c",
    "serve": "",
    "settings": "--change --connection --language --yes -c",
    "show": "--json --language",
    "tasks": "--connection --exit-code --json --language -c",
    "user add": "--connection --language --name --password-stdin",
    "user companies": "--all --connection",
    "user digest": "--on",
    "user list": "--json",
    "user password": "--password-stdin",
    "user remove": "",
    "withdraw": "--json --language --reason --wait-s --yes",
    "worker": "--parent",
}

SETTINGS = [
    "ALLOW_PRIVATE_ADDRESSES",
    "AMILI_PRODUCTION_URL",
    "AMILI_SANDBOX_URL",
    "ATTEMPT_S",
    "CASES_INTERVAL_S",
    "CONNECTION_CONCURRENCY",
    "CONNECT_TIMEOUT_S",
    "DATABASE_URL",
    "DATA_DIR",
    "DIGEST_HOUR",
    "FORTNOX_API_URL",
    "FORTNOX_AUTHORISATION_URL",
    "FORTNOX_CLIENT_ID",
    "FORTNOX_CLIENT_SECRET",
    "FORTNOX_EVENTS_URL",
    "FORTNOX_RECEIPTS",
    "FORTNOX_WEBHOOK_SECRET",
    "LISTEN",
    "LOG_LEVEL",
    "MAIL_FROM",
    "PAGE_WAIT_S",
    "POLL_INTERVAL_S",
    "PUBLIC_URL",
    "READ_TIMEOUT_S",
    "RECONCILE_HOUR",
    "RETENTION_DAYS",
    "SECRET_KEYS",
    "SESSION_IDLE_S",
    "SESSION_SECRET",
    "SETTLE_S",
    "SMTP_HOST",
    "SMTP_PASSWORD",
    "SMTP_PORT",
    "SMTP_SECURITY",
    "SMTP_USER",
    "STOP_WAIT_S",
    "TRUSTED_PROXY",
    "WORKER_CONCURRENCY",
]

ADDRESSES = [
    "/webhooks/<host>/<connection_id>/<token>",
    "/connect/fortnox",
    "/connect/fortnox/go",
    "/connect/fortnox/company",
    "/connect/fortnox/done/<connection_id>",
    "/fortnox/callback",
    "/fortnox/lifecycle",
    "/sign-in",
    "/sign-out",
    "/health",
    "/ready",
    "/metrics",
]

SANDBOXES = {
    "amili": "--api-code --organisation-number --port --public-key",
    "fortnox": "--ask --client-id --client-secret --empty --port --redirect-uri",
    "odoo": "--api-key --database --empty --port --version",
}
"""`python -m connector.sandbox` by what it imitates."""

CONTROLS_OF_AMILI = [
    "/_sandbox/accounts",
    "/_sandbox/cases/<case_id>",
    "/_sandbox/cases/<case_id>/pay",
    "/_sandbox/creditors",
    "/_sandbox/creditors/<creditor_id>",
    "/_sandbox/keys",
    "/_sandbox/payouts",
    "/_sandbox/reset",
    "/_sandbox/state",
    "/_sandbox/switches",
    "/_sandbox/tokens/expire",
    "/_sandbox/uploads/<case_id>/<int:number>",
]

CONTROLS_OF_ODOO = [
    "/_sandbox/customers",
    "/_sandbox/customers/<int:partner>",
    "/_sandbox/invoices",
    "/_sandbox/invoices/<int:invoice>",
    "/_sandbox/invoices/<int:invoice>/break-pdf",
    "/_sandbox/invoices/<int:invoice>/click",
    "/_sandbox/invoices/<int:invoice>/credit",
    "/_sandbox/invoices/<int:invoice>/pay",
    "/_sandbox/invoices/<int:invoice>/withdraw",
    "/_sandbox/reset",
    "/_sandbox/state",
    "/_sandbox/switches",
    "/_sandbox/webhook",
]

CONTROLS_OF_FORTNOX = [
    "/_sandbox/companies",
    "/_sandbox/companies/<int:tenant>/customers",
    "/_sandbox/companies/<int:tenant>/customers/<path:number>",
    "/_sandbox/companies/<int:tenant>/facts",
    "/_sandbox/companies/<int:tenant>/invoices",
    "/_sandbox/companies/<int:tenant>/invoices/<number>",
    "/_sandbox/companies/<int:tenant>/invoices/<number>/credit",
    "/_sandbox/companies/<int:tenant>/invoices/<number>/labels",
    "/_sandbox/companies/<int:tenant>/invoices/<number>/pay",
    "/_sandbox/companies/<int:tenant>/revoke-consent",
    "/_sandbox/consent",
    "/_sandbox/events",
    "/_sandbox/reset",
    "/_sandbox/sockets/close",
    "/_sandbox/state",
    "/_sandbox/switches",
    "/_sandbox/webhook",
]


INSTALLED_IN_ODOO = [
    "answer_requests.py.txt",
    "collection_list.xml",
    "customer_form.xml",
    "hint.py.txt",
    "invoice_form.xml",
    "invoice_list.xml",
    "invoice_search.xml",
    "mark_disputed.py.txt",
    "render_pdf.py.txt",
    "send_to_collection.py.txt",
    "settle_dispute.py.txt",
    "withdraw_case.py.txt",
    "withdraw_request.py.txt",
]


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        elif command is not None:
            yield f"{above}{name}", command


def options(command: click.Command) -> set[str]:
    return {name for one in command.params if isinstance(one, click.Option) for name in one.opts}


def test_every_command_is_there_with_its_options() -> None:
    there = {name: options(command) for name, command in commands(main)}

    assert COMMANDS.keys() <= there.keys()
    assert {name: missing for name, words in COMMANDS.items() if (missing := set(words.split()) - there[name])} == {}


def test_the_keys_of_a_settings_user_come_by_the_same_variables() -> None:
    provision = dict(commands(main))["odoo provision"]
    variables = {str(one.envvar) for one in provision.params if isinstance(one, click.Option) and one.envvar}

    assert variables == {"ODOO_SETTINGS_KEY", "ODOO_SETTINGS_LOGIN"}


def test_every_setting_has_its_name_in_the_environment() -> None:
    assert set(SETTINGS) <= {name.upper() for name in setting_fields()}


def test_every_address_is_served(settings_factory: SettingsFactory) -> None:
    deployment = open_deployment(settings_factory())
    try:
        served = {rule.rule for rule in create_app(deployment).url_map.iter_rules()}
    finally:
        deployment.close()

    assert set(ADDRESSES) <= served


@pytest.mark.parametrize("name", SANDBOXES)
def test_every_imitation_is_started_with_the_same_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_sandbox([name, "--help"])

    assert ended.value.code == 0
    assert set(SANDBOXES[name].split()) <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


@pytest.mark.parametrize(
    ("app", "controls"),
    [
        (create_amili(guide_state()), CONTROLS_OF_AMILI),
        (imitation("odoo").app(OdooState()), CONTROLS_OF_ODOO),
        (imitation("fortnox").app(FortnoxState(app=DEMO_APP)), CONTROLS_OF_FORTNOX),
    ],
    ids=["amili", "odoo", "fortnox"],
)
def test_every_imitation_is_controlled_as_ever(app: Flask, controls: list[str]) -> None:
    assert set(controls) <= {rule.rule for rule in app.url_map.iter_rules()}


def test_what_is_installed_into_odoo_is_where_it_was() -> None:
    assert set(INSTALLED_IN_ODOO) <= {path.name for path in (ROOT / "templates" / "odoo").iterdir()}
