"""HTTP to a ledger's address: what goes wrong on the way, and what the answers of all ledgers have in common."""

from __future__ import annotations

from typing import Any

import requests
import urllib3

from connector.domain.errors import OutcomeUnknown, RemoteError, Unavailable
from connector.remote.addresses import normalised_url
from connector.remote.calls import Kind
from connector.remote.client import HttpClient
from connector.remote.excerpt import excerpt
from connector.remote.policy import HttpPolicy

_MESSAGE_LENGTH = 400


class Transport:
    """Requests to one address of `system`. Follows no redirect. Safe to use from several threads."""

    def __init__(self, system: str, url: str, http: HttpPolicy) -> None:
        """Raises `ConfigurationError` for an address that may not be used."""
        self.url = normalised_url(url, allow_private=http.allow_private)
        self._system = system
        self._client = HttpClient(system, self.url, http)

    def send(
        self, verb: str, path: str, *, operation: str, kind: Kind = Kind.DOCUMENT, **request: Any
    ) -> requests.Response:
        """The answer to one request, whatever its status, read whole. `operation` says in words what was tried.

        Raises `Unavailable` if the system was never reached, `OutcomeUnknown` for a timeout, of the call as a whole
        too, or a broken connection, and `TooLarge` for an answer that is larger than any of its `kind`.
        """
        try:
            return self._client.send(verb, path, operation=operation, kind=kind, **request)
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
    return excerpt(text, secrets=secrets, mask="••••", at_most=_MESSAGE_LENGTH)
