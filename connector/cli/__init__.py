"""The command line. `main` is the entry; each module holds the commands of one occasion."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import click

from connector import __version__

_WHERE = {
    "amili": "connecting:amili",
    "backup": "backing_up:backup",
    "booked-through": "bank_booking:booked_through_command",
    "check": "checking:check",
    "connect": "connecting:connect",
    "decide": "deciding:decide",
    "demo": "demonstrating:demo",
    "disconnect": "going_live:disconnect",
    "go-live": "going_live:go_live",
    "init": "setting_up:init",
    "key": "keys:key",
    "list": "listing:list_command",
    "map": "mapping:map_command",
    "pause": "going_live:pause",
    "preview": "previewing:preview_command",
    "propose": "proposing:propose",
    "reconcile": "reconciling:reconcile",
    "reseal": "resealing:reseal",
    "restore": "backing_up:restore",
    "resume": "going_live:resume",
    "send": "sending:send",
    "serve": "serving:serve",
    "settings": "changing:settings_command",
    "show": "listing:show",
    "tasks": "tasks:tasks_command",
    "user": "people:user",
    "withdraw": "withdrawing:withdraw",
    "worker": "serving:worker",
}

_EPILOG = (
    "Exit status: 0 as asked; 2 given wrongly; 3 a setting or connection is missing or malformed; 4 the ledger, "
    "Amili or the database could not be reached, or refused; 5 findings stop an invoice, or (tasks --exit-code) "
    "something waits; 6 the work goes on; 130 ended by you; 1 something that should not happen."
)


def _of_host(host: str) -> click.Command | None:
    """The group of a kind of host in which something is installed."""
    from connector.hosts import kinds  # noqa: PLC0415

    if not kinds.is_known(host) or not kinds.kind(host).installation:
        return None
    from connector.cli.provisioning import group_of  # noqa: PLC0415

    return group_of(host)


class _LoadedOnDemand(click.Group):
    """A group that imports a command only when it is used: a worker needs no web server, `map` no engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        from connector.hosts import kinds  # noqa: PLC0415

        return sorted((*_WHERE, *(kind.id for kind in kinds.every() if kind.installation)))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _WHERE:
            return _of_host(cmd_name)
        module, _, name = _WHERE[cmd_name].partition(":")
        return cast("click.Command", getattr(import_module(f"connector.cli.{module}"), name))

    def invoke(self, ctx: click.Context) -> Any:
        from connector.cli.problems import errors_in_words, show_what_the_terminal_cannot  # noqa: PLC0415

        show_what_the_terminal_cannot()
        with errors_in_words():
            return super().invoke(ctx)


@click.group(cls=_LoadedOnDemand, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, prog_name="amili-connector")
def main() -> None:
    """Takes an overdue invoice from the ledger to a debt-collection case at Amili, once."""
