"""HTTP to a ledger's address: what goes wrong on the way, and what the answers of all ledgers have in common."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from connector.domain.errors import OutcomeUnknown, RemoteError, Unavailable
from connector.hosts.addresses import guarded_session, normalised_url

_MESSAGE_LENGTH = 400
_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ –−]?\d{4}(?:01)?(?!\d)")


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
        self._local = threading.local()

    def send(self, verb: str, path: str, *, operation: str, **request: Any) -> requests.Response:
        """The answer to one request, whatever its status. `operation` says in words what was tried.

        Raises `Unavailable` if the system was never reached, and `OutcomeUnknown` for a timeout or a broken
        connection.
        """
        try:
            return self._session().request(
                verb, self.url + path, timeout=self._timeout_s, allow_redirects=False, **request
            )
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
    for secret in filter(None, secrets):
        text = text.replace(secret, "••••")
    return _NUMBER_OF_A_PERSON.sub("••••", " ".join(text.split()))[:_MESSAGE_LENGTH]


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
