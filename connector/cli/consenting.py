"""`connect`, where a company approves: a person approves our app in a browser, and brings the answer back."""

from __future__ import annotations

import click

from connector.cli.output import shown
from connector.cli.person import user_name
from connector.domain.connection import Environment
from connector.flows.companies import consent
from connector.flows.companies.consent import Approved
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.hosts.base import ServiceAccountRefused


def approve(deployment: Deployment, host: str) -> Approved:
    """Have a company approve our app: as a service account, or else by a person's own account.

    Raises `ConfigurationError`, and the errors of remote calls.
    """
    try:
        return _approved(deployment, host, service_account=True)
    except ServiceAccountRefused:
        click.echo(f"{kinds.name_of(host)} allows no service account here. Approve once more, without one:")
    try:
        return _approved(deployment, host, service_account=False)
    except ServiceAccountRefused as error:
        raise consent.no_account_at_all(error) from None


def _approved(deployment: Deployment, host: str, *, service_account: bool) -> Approved:
    question = consent.ask(deployment, host, service_account=service_account)
    click.echo("Open this address in a browser, as a system administrator of the company, and approve:\n")
    click.echo(f"  {question.url}\n")
    click.echo(
        f"{kinds.name_of(host)} then sends you to a page of the connector, which says that the answer goes here; if the"
    )
    click.echo("connector is not running, the page cannot be shown. Its address is the answer all the same.")
    answer = click.prompt("The address you were sent to")
    return consent.receive(deployment, host, consent.answer_in(answer), state=question.state)


def renew(deployment: Deployment, approved: Approved, *, wanted: Environment | None = None) -> None:
    """Say that a company which is connected already has renewed its consent.

    `wanted` is the environment of Amili's that was asked for, if one was: the company stays in the one that it has.
    """
    connection = consent.renewed(deployment, approved, by=user_name())
    click.echo(shown(f"{connection.name} is connected already, as “{connection.id}”. Its consent is renewed."))
    click.echo("What waited for it goes on by itself.")
    present = connection.settings.environment
    if wanted not in (None, present):
        step = "go-live" if wanted is Environment.PRODUCTION else "go-live --back"
        click.echo(f"It stays in Amili's {present}: `amili-connector {step} --connection {connection.id}` is the step.")
