"""What a person's session holds of a company that is to approve the app: an attempt under way, and what came of it.

Nothing of it is secret: tokens go straight into the store, and the session is signed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from flask import session

from connector.domain.connection import Environment
from connector.domain.errors import ConnectorError, KeyRefused, NotAuthorised, NotSent, OutcomeUnknown, RemoteError
from connector.domain.text import Quote
from connector.flows.companies import consent
from connector.flows.companies.consent import Approved
from connector.flows.error_words import words_of
from connector.hosts.base import ConsentRefused, Why
from connector.web.person import current_user

_STATE = "consent_state"
_ATTEMPT = "consent_attempt"
_COMPANY = "consent_company"
_REFUSAL = "consent_refusal"


@dataclass(frozen=True)
class Choice:
    """With which key pair, in which of Amili's environments, a company is to be connected."""

    amili_access: str = ""
    environment: Environment = Environment.SANDBOX


@dataclass(frozen=True)
class Attempt:
    """One person's attempt. `connection_id` is the connection whose consent is to be renewed, "" for a new one."""

    state: str = field(repr=False)
    host: str
    by: str
    choice: Choice
    connection_id: str = ""
    service_account: bool = True


@dataclass(frozen=True)
class Refusal:
    """Why an attempt came to nothing, for a page to tell in the reader's language."""

    why: Why
    said: str = ""
    rights: tuple[str, ...] = ()
    company: str = ""
    number: str = ""
    technical: str = ""


def prepared_state() -> str:
    """The state of the next attempt. It is made with the page, so that two clicks on its button are one attempt."""
    if _STATE not in session:
        session[_STATE] = consent.new_state()
    state: str = session[_STATE]
    return state


def begin(attempt: Attempt) -> None:
    """Hold `attempt`, in place of one before."""
    session[_ATTEMPT] = asdict(attempt)
    session.pop(_REFUSAL, None)


def current(host: str) -> Attempt | None:
    """The attempt at this kind of host that the signed-in person has under way, and may have."""
    kept, user = session.get(_ATTEMPT), current_user()
    if not kept or user is None or (kept["host"], kept["by"]) != (host, user.email):
        return None
    attempt = Attempt(**{**kept, "choice": _choice(kept["choice"])})
    allowed = user.may_use(attempt.connection_id) if attempt.connection_id else user.may_use_all
    return attempt if allowed else None


def _choice(kept: dict[str, str]) -> Choice:
    return Choice(kept["amili_access"], Environment(kept["environment"]))


def received() -> None:
    """The attempt under way has been answered: another answer to it is none."""
    session.pop(_ATTEMPT, None)
    session.pop(_STATE, None)


def keep_company(approved: Approved, choice: Choice) -> None:
    """Hold the company that has approved until it is saved."""
    session[_COMPANY] = {
        "host": approved.host,
        "company": approved.company,
        "lasting": approved.lasting,
        "choice": asdict(choice),
    }


def company(host: str) -> tuple[Approved, Choice] | None:
    """The company at this kind of host that has approved and is not saved yet."""
    kept = session.get(_COMPANY)
    if not kept or kept["host"] != host:
        return None
    return Approved(kept["host"], kept["company"], kept["lasting"], ""), _choice(kept["choice"])


def drop_company() -> None:
    """The company is saved, or cannot be."""
    session.pop(_COMPANY, None)


def refuse(error: ConnectorError) -> Why:
    """Hold why an attempt came to nothing."""
    refusal = _refusal(error)
    session[_REFUSAL] = asdict(refusal)
    return refusal.why


def refusal(why: str) -> Refusal | None:
    """Return what is held of the refusal that a page's address names."""
    kept = session.get(_REFUSAL)
    if not kept or kept["why"] != why:
        return None
    return Refusal(**{**kept, "why": Why(why), "rights": tuple(kept["rights"])})


def _refusal(error: ConnectorError) -> Refusal:
    match error:
        case ConsentRefused():
            return Refusal(error.why, error.said, error.rights, error.company, error.number)
        case KeyRefused():
            return Refusal(Why.ANSWER_SPENT, _quoted(error))
        case NotAuthorised():
            return Refusal(Why.APP_NOT_ACCEPTED, _quoted(error))
        case NotSent() | OutcomeUnknown():
            return Refusal(Why.NOT_REACHED)
        case RemoteError():
            return Refusal(Why.REFUSED, _quoted(error))
        case _:
            return Refusal(Why.NOT_POSSIBLE, technical=f"{error.message} {error.advice}".strip())


def _quoted(error: ConnectorError) -> str:
    """Return what the host itself said, if anything."""
    found = words_of(error)
    return found.words if isinstance(found, Quote) else ""
