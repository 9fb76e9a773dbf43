"""The guard for ledger addresses that people type.

Source: design.md section 8: https, public addresses only unless the deployment says otherwise, and never
followed through redirects. Two looks are taken. `checked_url` looks when the address is typed, so that the
person gets a sentence about it. `guarded_session` looks again at every connection, at the address actually
connected to, since a name may resolve to something else by then.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector.domain.errors import ConfigurationError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")


def normalised_url(text: str, *, allow_private: bool) -> str:
    """`text` as scheme, host and port, in one spelling; what follows them is left out.

    People paste what the browser shows, so a missing scheme becomes https and a path such as `/odoo/...` is
    dropped. `allow_private` is the deployment's setting; with it http is accepted too. Resolves nothing.
    Raises `ConfigurationError` naming what is wrong.
    """
    text = text.strip()
    if not text:
        raise ConfigurationError("The address is empty.")
    if re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise ConfigurationError("The address holds characters that no address can hold.")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise ConfigurationError("The address is not written as an address is.") from None
    if parts.scheme not in {"http", "https"}:
        raise ConfigurationError("The address must begin with https://.")
    if parts.scheme == "http" and not allow_private:
        raise ConfigurationError("The address must begin with https://, so that the key is not sent in the clear.")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The address must not hold a user name or a password.")
    if port == 0 or not (_HOST_NAME.fullmatch(host) or _literal(host)):
        raise ConfigurationError("The address names no server.")
    shown = f"[{host}]" if ":" in host else host.rstrip(".")
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != default else "")


def checked_url(text: str, *, allow_private: bool) -> str:
    """`normalised_url`, and the server's name resolves, to public addresses only unless `allow_private`.

    Raises `ConfigurationError` naming what is wrong.
    """
    url = normalised_url(text, allow_private=allow_private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise ConfigurationError(f"The server {host} cannot be found.", advice="Check the spelling.") from None
    if not allow_private:
        for *_, address in found:
            _require_public(host, str(address[0]))
    return url


def is_public(address: str) -> bool:
    """Whether the IP address `address` lies on the public internet, also when one wraps another."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def guarded_session(*, allow_private: bool) -> requests.Session:
    """A session whose connections reach public addresses only, unless `allow_private`.

    A request whose server turns out to lie elsewhere raises `ConfigurationError` before any of it is sent.
    A proxy named by the environment is the deployment's own choice and is not looked at.
    """
    session = requests.Session()
    if not allow_private:
        session.mount("https://", _PublicOnly())
    return session


def _ascii(host: str) -> str:
    """A host name in other letters (`åäö`) as the name server knows it; `ValueError` if it cannot be one."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _require_public(host: str, address: str) -> None:
    if not is_public(address):
        raise ConfigurationError(
            f"The server {host} lies on a private network ({address}).",
            advice="Use its public address, or let the deployment allow private addresses.",
        )


class _PublicHTTPSConnection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        if self.sock is not None:
            try:
                _require_public(self.host, str(self.sock.getpeername()[0]))
            except ConfigurationError:
                self.close()
                raise


class _PublicHTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPSConnection


class _PublicOnly(HTTPAdapter):
    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicHTTPSPool}
