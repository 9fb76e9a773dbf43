"""Hosts whose companies approve an app of the deployment's: what the app must be able to, and what it is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel

from connector.domain.errors import ConfigurationError, NotAuthorised
from connector.hosts.pacing import Budget
from connector.remote import tokens
from connector.remote.policy import HttpPolicy


class Why(StrEnum):
    """What stands in the way of a consent. The first four are what hosts call it themselves."""

    DENIED = "access_denied"
    SCOPE_NOT_ALLOWED = "invalid_scope"
    NO_LICENCE = "error_missing_license"
    NO_APP_LICENCE = "error_missing_app_license"

    NO_ANSWER = "no_answer"
    OTHER_ATTEMPT = "other_attempt"
    NO_CODE = "no_code"
    REFUSED = "refused"
    """The host refused, in words that are not known here."""
    NO_SERVICE_ACCOUNT = "no_service_account"
    """Refused even when no service account was asked for."""
    ANSWER_SPENT = "answer_spent"
    APP_NOT_ACCEPTED = "app_not_accepted"
    NOT_REACHED = "not_reached"
    RIGHTS_NOT_APPROVED = "rights_not_approved"
    RIGHTS_MISSING = "rights_missing"
    OTHER_COMPANY = "other_company"
    NO_CREDITOR = "no_creditor"
    NOT_POSSIBLE = "not_possible"
    """Something on our side, which the error's own words tell."""


class ConsentRefused(ConfigurationError):
    """A consent that cannot be used. `why`, `rights` (scopes) and `company` with its `number` tell what the words say.

    `said` are the host's own words, if it had any that are not among ours.
    """

    def __init__(
        self,
        why: Why,
        message: str,
        *,
        system: str,
        advice: str,
        said: str = "",
        rights: tuple[str, ...] = (),
        company: str = "",
        number: str = "",
    ) -> None:
        super().__init__(f"{message} {system} says: {said}" if said else message, system=system, advice=advice)
        self.why = why
        self.said = said
        self.rights = rights
        self.company = company
        self.number = number


class ServiceAccountRefused(NotAuthorised):
    """The host allows no service account here: ask for consent without one."""


class TokenStore(tokens.TokenStore, Protocol):
    """Where processes share tokens, encrypted, and give them up."""

    def forget(self, key: str) -> None:
        """Keep nothing under `key`."""


@dataclass(frozen=True)
class RequestQuota:
    """`limit` requests in any `window_s` seconds; background work leaves `reserved` of them to people."""

    limit: int
    window_s: float
    reserved: int


@dataclass(frozen=True)
class AppContext:
    """What a deployment gives to its app at a host.

    `settings` are the host's own of the deployment, `redirect_uri` is where people are sent back to. `budget` gives the
    budget of requests of a name and quota. `tokens` and budgets are shared by all processes of the deployment.
    """

    settings: BaseModel
    redirect_uri: str
    tokens: TokenStore
    budget: Callable[[str, RequestQuota], Budget]
    http: HttpPolicy


class Consented(ABC):
    """What a company's consent gave, before it is kept."""

    @property
    @abstractmethod
    def missing(self) -> tuple[str, ...]:
        """The rights that are needed and were not approved, as far as the host tells."""

    @property
    @abstractmethod
    def named_company(self) -> str:
        """The number of the company that approved, "" if the consent does not tell."""

    @abstractmethod
    def company(self) -> str:
        """The number of the company that approved; the host is asked where the consent does not tell."""

    @abstractmethod
    def keep(self, company: str) -> bool:
        """Keep it as that of `company`. True if it holds until it is withdrawn, and not only while it is used."""

    @abstractmethod
    def give_back(self) -> None:
        """Void what would go on by itself, if there is anything. Raises the errors of remote calls."""
