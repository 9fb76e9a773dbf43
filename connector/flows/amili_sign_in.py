"""Trying whether Amili lets a key pair in, each of its environments by itself. Nothing is kept of it here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import SecretStr

from connector.amili.auth import Credentials
from connector.amili.client import try_to_sign_in
from connector.domain.connection import Environment
from connector.domain.errors import ConnectorError, KeyRefused
from connector.flows.deployment import Deployment


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


def tried(
    deployment: Deployment, private_key: SecretStr, api_code: SecretStr, environments: Collection[Environment] = ()
) -> Tried:
    """Try to sign in with a key and a code in these of Amili's environments, or in all that the deployment knows."""
    credentials = Credentials(api_code=api_code, private_key=private_key)
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
