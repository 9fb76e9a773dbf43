"""What `connect` asks for where a ledger is opened by a key: options, and questions for what was not given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from connector.cli.problems import Misused
from connector.domain.connection import ConnectionSettings
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.hosts.base import ApiKey, AskedSetting, HostKind

Command = TypeVar("Command", bound=Callable[..., Any])


def _by_key() -> list[tuple[HostKind, ApiKey]]:
    return [(kind, kind.opened_by) for kind in kinds.every() if isinstance(kind.opened_by, ApiKey)]


def _listed(words: list[str], last: str = "and") -> str:
    return f" {last} ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def _names(asked: tuple[AskedSetting, ...]) -> list[str]:
    return [f"--{one.name}" for one in asked]


def options(command: Command) -> Command:
    """An option for each setting that any kind of host which is opened by a key is asked for, and one for the key."""
    systems = _listed([kind.name for kind, _ in _by_key()], "or")
    help_ = f"The API key in {systems}; asked for, unseen, if not given."
    command = click.option("--api-key", envvar="LEDGER_API_KEY", help=help_)(command)
    asked = {one.name: one for _, by_key in _by_key() for one in by_key.asked}
    for one in reversed(asked.values()):
        command = click.option(f"--{one.name}", help=one.help)(command)
    return command


def explained() -> str:
    """Return how the kinds of hosts are opened, in sentences for the help of `connect`."""
    by_key = [kinds.article(kind.name) for kind, _ in _by_key()]
    by_consent = [kind.name for kind in kinds.every() if kind.by_consent]
    said = []
    if by_key:
        one = _listed(by_key, "or")
        said.append(f"{one[:1].upper()}{one[1:]} is opened by an API key.")
    if by_consent:
        names = list(dict.fromkeys(name for _, key in _by_key() for name in (*_names(key.asked), "--api-key")))
        said.append(
            f"A company in {_listed(by_consent, 'or')} approves your app in a browser instead, so that "
            f"{_listed(names)} are not for it."
        )
    return " ".join(said)


def require_fitting(host: str, asked: Mapping[str, str | None]) -> None:
    """Raise `Misused` for an option that is for another kind of host."""
    opened_by = kinds.kind(host).opened_by
    own = {one.name for one in opened_by.asked} if isinstance(opened_by, ApiKey) else set()
    strange = {name for name, value in asked.items() if value and name not in own}
    for kind, by_key in _by_key():
        if strange & {one.name for one in by_key.asked}:
            raise Misused(f"{_listed(_names(by_key.asked))} are for {kind.name}.")


def completed(
    deployment: Deployment, host: str, settings: ConnectionSettings, asked: Mapping[str, str | None]
) -> ConnectionSettings:
    """The settings with what was given beside them, and what is still needed asked for.

    The login of the key's user is asked for only where the ledger wants it beside the key.
    """
    by_key = kinds.kind(host).opened_by
    if not isinstance(by_key, ApiKey):
        return settings
    values = dict(settings.host)
    for one in by_key.asked:
        if value := asked.get(one.name) or values.get(one.name) or (one.question and click.prompt(one.question)):
            values[one.name] = value
    login = by_key.login_setting
    if login and not values.get(login) and connecting.needs_login(deployment, host, values):
        values[login] = click.prompt("Login of the key's user").strip()
    return settings.model_copy(update={"host": values})
