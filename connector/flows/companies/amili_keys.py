"""The key pairs to Amili: tried before they are kept, looked at while Amili refuses them, and replaced in place.

A pair that Amili does not accept parks the connections that use it, in that one of Amili's environments: nothing is
asked of Amili for them, but for one look an hour. A new pair waits beside the old one, which goes on, until Amili is
seen to accept it.
"""

from __future__ import annotations

import logging

from pydantic import SecretStr

from connector.amili.keys import make_key_pair
from connector.domain.assessment import CreditorStatus
from connector.domain.errors import ConfigurationError, KeyRefused
from connector.flows.amili_sign_in import Trial, Tried, tried
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.flows.job import HOUR_S, Per, job
from connector.flows.outcome import NEXT, Outcome
from connector.flows.parking import pair_is_parked, park_pair
from connector.flows.troubles import About
from connector.hosts.pacing import in_background
from connector.store import amili_accesses, connections
from connector.store.amili_accesses import AmiliAccess
from connector.store.connections import StoredConnection
from connector.store.timeline import WORKER

log = logging.getLogger(__name__)


def enter_code(deployment: Deployment, access_id: str, api_code: SecretStr, *, by: str = "") -> Tried:
    """Keep the API code that Amili issued for a key pair, once it has been tried; untried where no one is reached.

    Raises the refusal, the code before kept, if Amili does not accept it, and `ConfigurationError` for no such pair.
    """
    access = deployment.access(access_id)
    found = tried(deployment, access.private_key, api_code)
    if found.refusal is not None:
        raise found.refusal
    connections.set_api_code(
        deployment.databases.main, deployment.vault, access_id, api_code, untried=found.is_untried, by=by
    )
    return found


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
    for refusal in amili_accesses.refusals(db):
        if refusal.amili_access != access.id:
            continue
        if tried(deployment, access.private_key, access.api_code, (refusal.environment,)).accepted_by:
            amili_accesses.accepted(db, access.id, refusal.environment)
            log.info("key pair %s: Amili (%s) accepts it again", access.id, refusal.environment)
    return NEXT


def _try_the_untried(deployment: Deployment, access: AmiliAccess, api_code: SecretStr) -> None:
    used_in = amili_accesses.environments_of(deployment.databases.main, access.id)
    found = tried(deployment, access.private_key, api_code, used_in)
    if found.is_whole:
        amili_accesses.tried(deployment.databases.main, access)
    for where, trial in found.trials.items():
        if used_in and trial is Trial.REFUSED:
            park_pair(deployment, access, where)


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
    found = tried(deployment, access.new.private_key, code, used_in)
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
        pair_is_parked(deployment, connection)
        raise
    amili_accesses.accepted(deployment.databases.main, access.id, environment)
    amili_accesses.tried(deployment.databases.main, access)
    return status
