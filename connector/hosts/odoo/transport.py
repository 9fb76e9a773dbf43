"""HTTP to one Odoo's address: what goes wrong on the way, before there is an answer to read."""

from __future__ import annotations

import threading
from typing import Any

import requests
import urllib3

from connector.domain.errors import OutcomeUnknown, RemoteError, Unavailable
from connector.hosts.addresses import guarded_session, normalised_url

SYSTEM = "Odoo"


class Transport:
    """Requests to one Odoo. Follows no redirect. Safe to use from several threads."""

    def __init__(self, url: str, *, allow_private: bool, connect_timeout_s: float, read_timeout_s: float) -> None:
        """Raises `ConfigurationError` for an address that may not be used."""
        self.url = normalised_url(url, allow_private=allow_private)
        self._allow_private = allow_private
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def send(self, verb: str, path: str, *, operation: str, **request: Any) -> requests.Response:
        """The answer to one request, whatever its status. `operation` says in words what was tried.

        Raises `Unavailable` if Odoo was never reached, and `OutcomeUnknown` for a timeout or a broken
        connection.
        """
        try:
            return self._session().request(
                verb, self.url + path, timeout=self._timeout_s, allow_redirects=False, **request
            )
        except requests.exceptions.ConnectTimeout:
            raise _unreached("did not answer when called", operation) from None
        except requests.exceptions.Timeout:
            raise OutcomeUnknown("did not answer in time.", system=SYSTEM, operation=operation) from None
        except requests.exceptions.SSLError as error:
            raise _tls_error(error, operation) from None
        except requests.exceptions.ConnectionError as error:
            raise _connection_error(error, operation) from None
        except requests.exceptions.RequestException as error:
            raise OutcomeUnknown(
                f"the answer broke off ({type(error).__name__}).", system=SYSTEM, operation=operation
            ) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = guarded_session(allow_private=self._allow_private)
        return session


def _unreached(what: str, operation: str) -> Unavailable:
    return Unavailable(f"{what}.", system=SYSTEM, operation=operation, advice="Check that Odoo is up.")


def _tls_error(error: requests.exceptions.SSLError, operation: str) -> RemoteError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Unavailable(
            "its certificate is not valid, so nothing was sent.",
            system=SYSTEM,
            operation=operation,
            advice="Let the server's keeper renew the certificate.",
        )
    return OutcomeUnknown("the encrypted connection broke.", system=SYSTEM, operation=operation)


def _connection_error(error: requests.exceptions.ConnectionError, operation: str) -> RemoteError:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return _unreached("its server name cannot be found", operation)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return _unreached("refused the connection", operation)
    return OutcomeUnknown("the connection broke.", system=SYSTEM, operation=operation)
