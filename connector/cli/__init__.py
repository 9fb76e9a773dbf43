"""The command line. `main` is the entry; each module holds the commands of one occasion."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

from connector import __version__

_WHERE = {
    "amili": "connecting:amili",
    "check": "connecting:check",
    "connect": "connecting:connect",
    "demo": "demonstrating:demo",
    "init": "setting_up:init",
    "list": "sending:list_command",
    "map": "mapping:map_command",
    "odoo": "provisioning:odoo",
    "preview": "sending:preview_command",
    "send": "sending:send",
    "serve": "serving:serve",
    "show": "sending:show",
    "user": "setting_up:user",
    "worker": "serving:worker",
}


class _LoadedOnDemand(click.Group):
    """A group that imports a command only when it is used: a worker needs no web server, `map` no engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _WHERE:
            return None
        module, _, name = _WHERE[cmd_name].partition(":")
        return cast("click.Command", getattr(import_module(f"connector.cli.{module}"), name))


@click.group(cls=_LoadedOnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="amili-connector")
def main() -> None:
    """Takes an overdue invoice from the ledger to a debt-collection case at Amili, once."""
