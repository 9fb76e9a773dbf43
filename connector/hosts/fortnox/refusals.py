"""Why a company's consent came to nothing: told to a person, in the language of whoever tells it."""

from __future__ import annotations

from enum import StrEnum

from connector.domain.errors import ConfigurationError
from connector.hosts.fortnox.documents import SYSTEM


class Why(StrEnum):
    """What stands in the way of a consent. The first four are Fortnox's own words for it (API.md, "Consent")."""

    DENIED = "access_denied"
    SCOPE_NOT_ALLOWED = "invalid_scope"
    NO_LICENCE = "error_missing_license"
    NO_APP_LICENCE = "error_missing_app_license"

    NO_ANSWER = "no_answer"
    OTHER_ATTEMPT = "other_attempt"
    NO_CODE = "no_code"
    REFUSED = "refused"
    """Fortnox refused, in words that are not known here."""
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

    `said` are Fortnox's own words, if it had any that are not among ours.
    """

    def __init__(
        self,
        why: Why,
        message: str,
        *,
        advice: str,
        said: str = "",
        rights: tuple[str, ...] = (),
        company: str = "",
        number: str = "",
    ) -> None:
        super().__init__(f"{message} Fortnox says: {said}" if said else message, system=SYSTEM, advice=advice)
        self.why = why
        self.said = said
        self.rights = rights
        self.company = company
        self.number = number
