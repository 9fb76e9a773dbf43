"""HTTP to a ledger's address: what goes wrong on the way, and what the answers of all ledgers have in common."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from connector.domain.errors import OutcomeUnknown, RemoteError, TooLarge, Unavailable
from connector.domain.redaction import redacted
from connector.remote.addresses import guarded_session, normalised_url
from connector.remote.calls import AnswerTooLarge, Kind, ask, longest_call_s

_MESSAGE_LENGTH = 400
_READ_AT_MOST = 8_000


class Transport:
    """Requests to one address of `system`. Follows no redirect. Safe to use from several threads."""

    def __init__(
        self, system: str, url: str, *, allow_private: bool, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        """Raises `ConfigurationError` for an address that may not be used."""
        self.url = normalised_url(url, allow_private=allow_private)
        self._system = system
        self._allow_private = allow_private
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._within_s = longest_call_s(connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def send(
        self, verb: str, path: str, *, operation: str, kind: Kind = Kind.DOCUMENT, **request: Any
    ) -> requests.Response:
        """The answer to one request, whatever its status, read whole. `operation` says in words what was tried.

        Raises `Unavailable` if the system was never reached, `OutcomeUnknown` for a timeout, of the call as a whole
        too, or a broken connection, and `TooLarge` for an answer that is larger than any of its `kind`.
        """
        try:
            return ask(
                self._session(),
                verb,
                self.url + path,
                kind=kind,
                timeout_s=self._timeout_s,
                within_s=self._within_s,
                **request,
            )
        except AnswerTooLarge as fault:
            raise TooLarge(
                f"answered with more than {fault.kind.in_words}; the rest was not read.",
                system=self._system,
                operation=operation,
                status=fault.status,
            ) from None
        except requests.exceptions.ConnectTimeout:
            raise self._unreached("did not answer when called", operation) from None
        except requests.exceptions.Timeout:
            raise OutcomeUnknown("did not answer in time.", system=self._system, operation=operation) from None
        except requests.exceptions.SSLError as error:
            raise self._tls_error(error, operation) from None
        except requests.exceptions.ConnectionError as error:
            raise self._connection_error(error, operation) from None
        except requests.exceptions.RequestException as error:
            raise OutcomeUnknown(
                f"the answer broke off ({type(error).__name__}).", system=self._system, operation=operation
            ) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = guarded_session(allow_private=self._allow_private)
        return session

    def _unreached(self, what: str, operation: str) -> Unavailable:
        return Unavailable(
            f"{what}.", system=self._system, operation=operation, advice=f"Check that {self._system} is up."
        )

    def _tls_error(self, error: requests.exceptions.SSLError, operation: str) -> RemoteError:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Unavailable(
                "its certificate is not valid, so nothing was sent.",
                system=self._system,
                operation=operation,
                advice="Let the server's keeper renew the certificate.",
            )
        return OutcomeUnknown("the encrypted connection broke.", system=self._system, operation=operation)

    def _connection_error(self, error: requests.exceptions.ConnectionError, operation: str) -> RemoteError:
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None)
        if isinstance(reason, urllib3.exceptions.NameResolutionError):
            return self._unreached("its server name cannot be found", operation)
        if isinstance(reason, urllib3.exceptions.NewConnectionError):
            return self._unreached("refused the connection", operation)
        return OutcomeUnknown("the connection broke.", system=self._system, operation=operation)


def own_words(text: str, *secrets: str) -> str:
    """A system's own words, fit to be shown: `secrets` and personal numbers are masked, and it is not too long."""
    # Masked before it is cut: half a secret would no longer look like one.
    return redacted(" ".join(text[:_READ_AT_MOST].split()), secrets=secrets, mask="••••")[:_MESSAGE_LENGTH]


def retry_after_s(answer: requests.Response) -> float | None:
    """Seconds to wait by the header `Retry-After`, which holds seconds or a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
