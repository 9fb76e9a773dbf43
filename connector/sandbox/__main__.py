"""Run one imitation in a process of its own: `python -m connector.sandbox NAME --port N`.

The first line printed is its base address. It serves until it is stopped. NAME is amili, or the id of a host.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.sandbox import installed
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import guide_state
from connector.sandbox.installed import NoImitation
from connector.sandbox.shared.imitation import Imitation, Made
from connector.sandbox.shared.serve import running

COLLECTOR = "amili"


def _arguments(imitations: Mapping[str, Imitation], argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m connector.sandbox", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    amili = kinds.add_parser(COLLECTOR, help="the collector, with one account and one creditor")
    amili.add_argument("--port", type=int, default=0, help="0 takes any free port")
    amili.add_argument("--api-code", default="sandbox", help="the code that --public-key belongs to")
    amili.add_argument("--public-key", type=Path, help="PEM file; more keys: POST /_sandbox/keys")
    amili.add_argument("--organisation-number", default="5566778899", help="the creditor's")
    for name, one in imitations.items():
        own = kinds.add_parser(name, help=one.help)
        own.add_argument("--port", type=int, default=0, help="0 takes any free port")
        one.add_options(own)
    return parser.parse_args(argv)


def _amili(arguments: argparse.Namespace) -> Made:
    state = guide_state(organization_no=arguments.organisation_number)
    if arguments.public_key is not None:
        state.register_key(arguments.api_code, arguments.public_key.read_text())
    return Made(create_amili(state))


def _imitations(argv: Sequence[str]) -> dict[str, Imitation]:
    """Every imitation that can be loaded. Raises `NoImitation` for the one that is asked for if it cannot."""
    found = {}
    for name in installed.names():
        try:
            found[name] = installed.imitation(name)
        except NoImitation:
            if name in argv[:1]:
                raise
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one imitation until SIGINT or SIGTERM."""
    given = sys.argv[1:] if argv is None else argv
    try:
        imitations = _imitations(given)
    except NoImitation as error:
        raise SystemExit(str(error)) from None
    arguments = _arguments(imitations, given)
    made = _amili(arguments) if arguments.kind == COLLECTOR else imitations[arguments.kind].made(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running(made.app, arguments.port) as url:
        for line in (url, *made.lines):
            print(line, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
