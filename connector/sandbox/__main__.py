"""Run one imitation in a process of its own: `python -m connector.sandbox amili|odoo|fortnox --port N`.

The first line printed is its base address. It serves until it is stopped.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.seed import demo_books
from connector.sandbox.fortnox.state import DEMO_APP, FortnoxState
from connector.sandbox.fortnox.switches import Consent, FortnoxSwitches
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.seed import demo_ledger
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import LedgerSwitches, OdooVersion

if TYPE_CHECKING:
    from flask import Flask


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m connector.sandbox", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    amili = kinds.add_parser("amili", help="the collector, with one account and one creditor")
    amili.add_argument("--port", type=int, default=0, help="0 takes any free port")
    amili.add_argument("--api-code", default="sandbox", help="the code that --public-key belongs to")
    amili.add_argument("--public-key", type=Path, help="PEM file; more keys: POST /_sandbox/keys")
    amili.add_argument("--organisation-number", default="5566778899", help="the creditor's")
    odoo = kinds.add_parser("odoo", help="the ledger, with one company and its invoices")
    odoo.add_argument("--port", type=int, default=0, help="0 takes any free port")
    odoo.add_argument("--api-key", default="", help="printed as the second line if left out")
    odoo.add_argument("--database", default="sandbox")
    odoo.add_argument("--version", choices=[version.value for version in OdooVersion], default=OdooVersion.V19.value)
    odoo.add_argument("--empty", action="store_true", help="without the demo's customers and invoices")
    fortnox = kinds.add_parser("fortnox", help="the ledger Fortnox: consent, REST, PDF, events; one company")
    fortnox.add_argument("--port", type=int, default=0, help="0 takes any free port")
    fortnox.add_argument("--client-id", default=DEMO_APP.client_id)
    fortnox.add_argument("--client-secret", default=DEMO_APP.client_secret)
    fortnox.add_argument("--redirect-uri", default=DEMO_APP.redirect_uri, help="where consent leads back to")
    fortnox.add_argument("--ask", action="store_true", help="show a consent page, instead of consenting at once")
    fortnox.add_argument("--empty", action="store_true", help="without a company; add: POST /_sandbox/companies")
    return parser.parse_args(argv)


def _fortnox(arguments: argparse.Namespace) -> Flask:
    state = FortnoxState(
        switches=FortnoxSwitches(consent=Consent.ASKED if arguments.ask else Consent.APPROVED),
        seed=None if arguments.empty else demo_books,
        app=App(arguments.client_id, arguments.client_secret, arguments.redirect_uri),
    )
    return create_fortnox(state)


def _build(arguments: argparse.Namespace) -> tuple[Flask, tuple[str, ...]]:
    if arguments.kind == "fortnox":
        return _fortnox(arguments), ()
    if arguments.kind == "amili":
        amili = guide_state(organization_no=arguments.organisation_number)
        if arguments.public_key is not None:
            amili.register_key(arguments.api_code, arguments.public_key.read_text())
        return create_amili(amili), ()
    odoo = OdooState(
        seed=None if arguments.empty else demo_ledger,
        api_key=arguments.api_key,
        database=arguments.database,
        switches=LedgerSwitches(version=OdooVersion(arguments.version)),
    )
    return create_odoo(odoo), (() if arguments.api_key else (odoo.api_key,))


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one imitation until SIGINT or SIGTERM."""
    arguments = _arguments(argv)
    app, more_lines = _build(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running(app, arguments.port) as url:
        for line in (url, *more_lines):
            print(line, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
