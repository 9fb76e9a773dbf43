"""The key pairs to Amili: tried before they are kept, looked at while Amili refuses them, and replaced in place.

A pair that Amili does not accept parks the connections that use it, in that one of Amili's environments: nothing is
asked of Amili for them, but for one look an hour. A new pair waits beside the old one, which goes on, until Amili is
seen to accept it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import SecretStr

from connector.amili.auth import Credentials
from connector.amili.client import try_to_sign_in
from connector.amili.keys import make_key_pair
from connector.domain.assessment import CreditorStatus
from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.flows.job import HOUR_S, Per, job
from connector.flows.outcome import NEXT, Outcome
from connector.flows.troubles import About
from connector.hosts.pacing import in_background
from connector.store import amili_accesses, connections
from connector.store.amili_accesses import AmiliAccess
from connector.store.connections import StoredConnection
from connector.store.timeline import WORKER

log = logging.getLogger(__name__)


class Trial(StrEnum):
    """What became of trying to sign in at one of Amili's environments."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    """It could not be reached, or gave no answer that can be read: nothing is known."""


@dataclass(frozen=True)
class Tried:
    """What Amili's environments said of a key pair and a code: each, and the error where there was one."""

    trials: dict[Environment, Trial]
    errors: dict[Environment, ConnectorError]

    @property
    def accepted_by(self) -> tuple[Environment, ...]:
        """The environments that let us in."""
        return tuple(where for where, trial in self.trials.items() if trial is Trial.ACCEPTED)

    @property
    def is_whole(self) -> bool:
        """Return whether all that were asked let us in."""
        return bool(self.trials) and all(trial is Trial.ACCEPTED for trial in self.trials.values())

    @property
    def is_untried(self) -> bool:
        """Return whether no one let us in, and someone who may was not reached."""
        return not self.accepted_by and Trial.NOT_REACHED in self.trials.values()

    @property
    def refusal(self) -> ConnectorError | None:
        """Return why it cannot work: no environment lets us in, and all have said so. None where one does, or may."""
        return None if self.accepted_by or self.is_untried else next(iter(self.errors.values()), None)


def tried(deployment: Deployment, credentials: Credentials, environments: Collection[Environment] = ()) -> Tried:
    """Try to sign in with `credentials` in these of Amili's environments, or in all that the deployment knows."""
    trials: dict[Environment, Trial] = {}
    errors: dict[Environment, ConnectorError] = {}
    for where, url in deployment.amili_urls.items():
        if not url or (environments and where not in environments):
            continue
        try:
            try_to_sign_in(url, credentials, deployment.http, now=datetime.now(UTC))
            trials[where] = Trial.ACCEPTED
        except KeyRefused as error:
            trials[where], errors[where] = Trial.REFUSED, error
        except ConnectorError as error:
            trials[where], errors[where] = Trial.NOT_REACHED, error
    return Tried(trials, errors)


def enter_code(deployment: Deployment, access_id: str, api_code: SecretStr, *, by: str = "") -> Tried:
    """Keep the API code that Amili issued for a key pair, once it has been tried; untried where no one is reached.

    Raises the refusal, the code before kept, if Amili does not accept it, and `ConfigurationError` for no such pair.
    """
    access = deployment.access(access_id)
    found = tried(deployment, Credentials(api_code=api_code, private_key=access.private_key))
    if found.refusal is not None:
        raise found.refusal
    connections.set_api_code(
        deployment.databases.main, deployment.vault, access_id, api_code, untried=found.is_untried, by=by
    )
    return found


def parked(deployment: Deployment, connection: StoredConnection) -> bool:
    """Return whether the connections of a key pair wait for a new one; parks them if Amili refuses it at a second
    look.
    """
    if connection.amili_refused_at is not None:
        return True
    access, environment = deployment.access(connection.amili_access), connection.settings.environment
    if access.api_code is None:
        return False
    credentials = Credentials(api_code=access.api_code, private_key=access.private_key)
    if tried(deployment, credentials, (environment,)).trials.get(environment) is not Trial.REFUSED:
        return False
    _park(deployment, access, environment)
    return True


def _park(deployment: Deployment, access: AmiliAccess, environment: Environment) -> None:
    if amili_accesses.refused(deployment.databases.main, access.id, access.number, environment):
        log.warning(
            "key pair %s: Amili (%s) does not accept it; nothing is asked there until it does, or there is a new one",
            access.id,
            environment,
        )


@job("amili_key", every=HOUR_S, per=Per(amili_accesses.to_look_at, About.of_access))
@in_background()
def look(deployment: Deployment, access_id: str) -> Outcome:
    """Look whether Amili accepts a key pair again that it refused, or a new one that waits to take its place."""
    access = deployment.access(access_id)
    if access.api_code is None:
        return NEXT
    if access.new is not None and confirm(deployment, access, by=WORKER).is_whole:
        return NEXT
    db = deployment.databases.main
    if access.is_untried:
        _try_the_untried(deployment, access, access.api_code)
    credentials = Credentials(api_code=access.api_code, private_key=access.private_key)
    for refusal in amili_accesses.refusals(db):
        if refusal.amili_access == access.id and tried(deployment, credentials, (refusal.environment,)).accepted_by:
            amili_accesses.accepted(db, access.id, refusal.environment)
            log.info("key pair %s: Amili (%s) accepts it again", access.id, refusal.environment)
    return NEXT


def _try_the_untried(deployment: Deployment, access: AmiliAccess, api_code: SecretStr) -> None:
    used_in = amili_accesses.environments_of(deployment.databases.main, access.id)
    found = tried(deployment, Credentials(api_code=api_code, private_key=access.private_key), used_in)
    if found.is_whole:
        amili_accesses.tried(deployment.databases.main, access)
    for where, trial in found.trials.items():
        if used_in and trial is Trial.REFUSED:
            _park(deployment, access, where)


def replace(deployment: Deployment, access_id: str, *, by: str) -> str:
    """Make a new key pair beside one that is in use; gives its public key, to hand to Amili. The old one goes on.

    The same one is given again while it waits. Raises `ConfigurationError` if there is no pair of this name.
    """
    deployment.access(access_id)
    pair = make_key_pair()
    amili_accesses.offer(
        deployment.databases.main,
        deployment.vault,
        access_id,
        private_key=pair.private_key,
        public_key=pair.public_key,
        by=by,
    )
    waiting = deployment.access(access_id).new
    if waiting is None:
        raise ConfigurationError("Somebody else has taken the new key pair into use at this moment.")
    return waiting.public_key


def confirm(deployment: Deployment, access: AmiliAccess, *, by: str, api_code: SecretStr | None = None) -> Tried:
    """See whether Amili accepts the new pair that waits, with the code of before or with `api_code`; if so, use it.

    It is used once every environment in which connections use the pair accepts it: then `is_whole` says so. Raises
    `ConfigurationError` if none waits, or there is no code.
    """
    code = api_code or access.api_code
    if access.new is None:
        raise ConfigurationError(
            f"No new key pair waits for “{access.id}”.", advice="`amili-connector amili keys --replace` makes one."
        )
    if code is None:
        raise ConfigurationError(
            f"The key pair “{access.id}” has no API code yet.",
            advice="Give the one that Amili issued for the new pair.",
        )
    used_in = amili_accesses.environments_of(deployment.databases.main, access.id)
    found = tried(deployment, Credentials(api_code=code, private_key=access.new.private_key), used_in)
    in_use = found.is_whole if used_in else bool(found.accepted_by)
    if in_use and amili_accesses.replace(deployment.databases.main, deployment.vault, access, api_code=code, by=by):
        log.warning("key pair %s: the new pair is in use, and the old one is deleted", access.id)
    return found


def check_creditor(deployment: Deployment, connection: StoredConnection) -> CreditorStatus:
    """Return who the connection's creditor is, by Amili's answer, which is kept, as is what that says of the key pair.

    Raises the errors of remote calls.
    """
    environment = connection.settings.environment
    access = deployment.access(connection.amili_access)
    try:
        status = connecting.check_creditor(deployment, connection)
    except KeyRefused:
        parked(deployment, connection)
        raise
    amili_accesses.accepted(deployment.databases.main, access.id, environment)
    amili_accesses.tried(deployment.databases.main, access)
    return status
