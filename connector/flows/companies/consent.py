"""Consent to our app by companies whose ledger is opened so: asked for, received, and put to use.

A consent leaves nothing behind that a page or command could show: its tokens go straight into the store.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings
from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConfigurationError, ConnectorError
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.hosts import kinds, opening
from connector.hosts.base import App, Consented, ConsentRefused, LedgerIdentity, ServiceAccountRefused, Why
from connector.store import connections, leases
from connector.store.connections import StoredConnection

log = logging.getLogger(__name__)

_JOINING_S = 30.0


@dataclass(frozen=True)
class Question:
    """The address at which a person approves, and the random text that comes back with the answer."""

    url: str
    state: str = field(repr=False)


@dataclass(frozen=True)
class Approved:
    """A company that has approved, by its number at its host. `connection_id` is the connection that it has already,
    "" if it has none.

    `lasting` says that the consent holds until it is withdrawn; else it ends when it is not used for weeks.
    """

    host: str
    company: str
    lasting: bool
    connection_id: str

    @property
    def host_settings(self) -> dict[str, Any]:
        """Return what a connection's `host` settings must hold of it."""
        return {_setting_of(self.host): self.company}


def new_state() -> str:
    """A random text by which an answer is distinguished from one that no one here asked for."""
    return secrets.token_urlsafe(32)


def app_of(deployment: Deployment, host: str) -> App:
    """The deployment's app at a kind of host. Raises `ConfigurationError` if none is set up."""
    return opening.required(host, deployment.app(host))


def company_of(host: str, settings: Mapping[str, Any]) -> str:
    """The company that host settings name, by its number; "" if none, and for a kind that is opened by a key."""
    consent = kinds.by_consent(host)
    return str(settings.get(consent.company_setting, "")) if consent else ""


def _setting_of(host: str) -> str:
    consent = kinds.by_consent(host)
    if consent is None:
        raise ConfigurationError(f"{kinds.name_of(host)} is opened by a key, and not by consent.")
    return consent.company_setting


def ask(deployment: Deployment, host: str, *, service_account: bool = True, state: str = "") -> Question:
    """Begin: the person goes to the address. Raises `ConfigurationError` if no app is set up.

    `state` is one of `new_state` if the question is asked once more; by default it is a new one.
    """
    chosen = state or new_state()
    return Question(app_of(deployment, host).consent_url(chosen, service_account=service_account), chosen)


def answer_in(address: str) -> dict[str, str]:
    """The answer in the address that a person was sent back to."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def receive(
    deployment: Deployment,
    host: str,
    answer: Mapping[str, str],
    *,
    state: str,
    expected: StoredConnection | None = None,
) -> Approved:
    """Take the answer: exchange it for tokens and keep them.

    `expected` is the connection whose consent is to be renewed. Raises `ServiceAccountRefused`, upon which one asks
    again without a service account, `ConsentRefused` in words for a person, and the errors of remote calls.
    """
    consented = app_of(deployment, host).receive(answer, state=state)
    system = kinds.name_of(host)
    if missing := consented.missing:
        _void(deployment, host, consented, consented.named_company)
        raise ConsentRefused(
            Why.RIGHTS_NOT_APPROVED,
            f"These rights were not approved in {system}: {', '.join(missing)}.",
            system=system,
            advice="Connect again, and approve every right that is asked for.",
            rights=missing,
        )
    company = consented.company()
    if expected is not None and company_of(host, expected.settings.host) != company:
        _void(deployment, host, consented, company)
        raise ConsentRefused(
            Why.OTHER_COMPANY,
            f"Another company than {expected.name} was chosen in {system}.",
            system=system,
            advice=f"Connect again, and choose {expected.name}.",
            company=expected.name,
        )
    lasting = consented.keep(company)
    return Approved(host, company, lasting, connection_of(deployment, host, company))


def no_account_at_all(error: ServiceAccountRefused) -> ConsentRefused:
    """Return what is said where a service account is refused although none was asked for any more."""
    return ConsentRefused(
        Why.NO_SERVICE_ACCOUNT,
        f"{error.system} refuses the app: {error.message}",
        system=error.system,
        advice=f"Check the app in {error.system}'s developer portal.",
    )


def _void(deployment: Deployment, host: str, consented: Consented, company: str) -> None:
    """Give back what a consent gave that is not kept.

    Whether that ends the consent itself is not established for every host, so that it is left where a
    connection may live on the same consent.
    """
    if not company or connection_of(deployment, host, company):
        return
    try:
        consented.give_back()
    except ConnectorError as error:
        # It ends by itself, and why the consent cannot be used is what the person must hear.
        log.warning("what a consent gave could not be given back to %s: %s", kinds.name_of(host), error)


def ledger_of(deployment: Deployment, approved: Approved) -> LedgerIdentity:
    """Return whose books an approved company's are, by their own answer. Raises the errors of remote calls."""
    return deployment.ledger(approved.host, approved.host_settings, None).check()


def scopes_asked(deployment: Deployment, host: str) -> tuple[str, ...]:
    """Every scope that companies of the kind are asked to approve."""
    app, consent = deployment.app(host), kinds.by_consent(host)
    return app.rights if app else consent.rights if consent else ()


def scopes_of(missing_rights: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that `LedgerIdentity.missing_rights` is about."""
    return tuple(right.partition(":")[0] for right in missing_rights)


def require_rights(host: str, ledger: LedgerIdentity) -> None:
    """Raise `ConsentRefused` for a company where a licence or a right is missing."""
    if ledger.missing_rights:
        system = kinds.name_of(host)
        raise ConsentRefused(
            Why.RIGHTS_MISSING,
            f"These rights are missing in {system}: {'; '.join(ledger.missing_rights)}.",
            system=system,
            advice=f"An administrator of the company adds the licence or the right in {system}; then connect again.",
            rights=scopes_of(ledger.missing_rights),
        )


def connection_of(deployment: Deployment, host: str, company: str) -> str:
    """The connection of the company with this number; "" if it has none."""
    known = connections.settings_by_host(deployment.databases.main, host)
    return next((name for name, settings in known.items() if company_of(host, settings.host) == company), "")


def renewed(deployment: Deployment, approved: Approved, *, by: str) -> StoredConnection:
    """Let the connection that an approved company has go on: what waited for the consent is taken up by itself."""
    connection = deployment.connection(approved.connection_id)
    # False means that someone else renewed the same consent at this moment, which serves as well.
    connections.replace_key(deployment.databases.main, deployment.vault, connection, None, expires=None, by=by)
    return deployment.connection(approved.connection_id)


def creditors_of(
    deployment: Deployment, amili: AmiliClient, approved: Approved, ledger: LedgerIdentity
) -> tuple[Creditor, ...]:
    """The creditors at Amili with the company's own organisation number: no other may be chosen for it.

    Raises `ConsentRefused`, the consent given back, if there is none.
    """
    number = ledger.organization_number
    creditors = amili.creditors(number) if number else ()
    if creditors:
        return creditors
    give_back(deployment, approved)
    system = kinds.name_of(approved.host)
    raise ConsentRefused(
        Why.NO_CREDITOR,
        f"No creditor that our key at Amili sees has the organisation number of {ledger.company} "
        f"({number or 'no organisation number'}).",
        system=system,
        advice=f"Choose the right company in {system}, or ask Amili to give the API user access to its creditor.",
        company=ledger.company,
        number=number or "–",
    )


def give_back(deployment: Deployment, approved: Approved) -> None:
    """Forget a consent that came to nothing. One that a connection lives on stays."""
    if not connection_of(deployment, approved.host, approved.company):
        app_of(deployment, approved.host).forget(approved.company)


def join(
    deployment: Deployment,
    approved: Approved,
    ledger: LedgerIdentity,
    creditor: Creditor,
    *,
    connection_id: str,
    settings: ConnectionSettings,
    amili_access: str,
) -> str:
    """Save the connection of an approved company. Gives its id: the one that it has, if someone was quicker.

    Raises as `connecting.join`.
    """
    db = deployment.databases.main
    name = f"connect:{approved.host}:{approved.company}"
    with leases.lease(db, name, for_s=_JOINING_S, wait_s=_JOINING_S):
        if known := connection_of(deployment, approved.host, approved.company):
            return known
        connecting.join(
            deployment,
            connection_id=connection_id,
            host=approved.host,
            ledger=ledger,
            creditor=creditor,
            settings=settings.model_copy(update={"host": {**settings.host, **approved.host_settings}}),
            api_key=None,
            amili_access=amili_access,
        )
    return connection_id


def ends(deployment: Deployment, connection: StoredConnection) -> date | None:
    """Until when the consent of a connection must be used at the latest; None for one that holds until withdrawn.

    Raises `ConfigurationError` if no app is set up.
    """
    app = app_of(deployment, connection.host)
    until = app.ends(company_of(connection.host, connection.settings.host))
    return until.astimezone(STOCKHOLM).date() if until else None
