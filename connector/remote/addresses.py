"""The guard for ledger addresses that people type.

Source: DESIGN.md, "Addresses": https, public addresses only unless the deployment says otherwise, and never
followed through redirects. Two looks are taken. `checked_url` looks when the address is typed, so that the
person gets a sentence about it. `guarded_pool` looks again at every connection, at the same address that is then
connected to, since a name may resolve to something else by then.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import cache
from urllib.parse import urlsplit

from connector.domain.errors import ConfigurationError
from connector.remote.calls import Pool

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # RFC 6890: within one network; what `is_global` says of it depends on the Python
        "64:ff9b:1::/48",  # RFC 8215: translation within one network
        "::/96",  # RFC 4291 2.5.5.1: IPv4-compatible, given up; where it is routed, it ends at the IPv4 address inside
        "::ffff:0:0:0/96",  # RFC 2765: IPv4-translated, within one network
        "fec0::/10",  # RFC 3879: site-local, given up, still used in old networks
    )
)
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")


def normalised_url(text: str, *, allow_private: bool) -> str:
    """`text` as scheme, host and port, in one spelling; what follows them is left out.

    People paste what the browser shows, so a missing scheme becomes https and a path such as `/web/...` is
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


def base_address(url: str) -> str:
    """Return an address that a deployment's settings name, without a slash at its end; "" for none.

    Raises `ValueError` saying what is wrong, for the model that the setting is part of.
    """
    if url and not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    if url and not urlsplit(url).hostname:
        raise ValueError("names no server")
    return url.rstrip("/")


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
            require_public(host, str(address[0]))
    return url


def is_public(address: str) -> bool:
    """Return whether the IP address `address` lies on the public internet, also when one wraps another."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _NEVER_PUBLIC):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


@cache
def guarded_pool(*, allow_private: bool) -> Pool:
    """Return this process's connections, which reach public addresses only unless `allow_private`.

    A call whose server turns out to lie elsewhere raises `ConfigurationError` before it is connected to.
    """
    return Pool(None if allow_private else require_public)


def _ascii(host: str) -> str:
    """A host name in other letters (`åäö`) as the name server knows it; `ValueError` if it cannot be one."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def require_public(host: str, address: str) -> None:
    """Raise `ConfigurationError` unless `address`, one of the server `host`, lies on the public internet."""
    if not is_public(address):
        raise ConfigurationError(
            f"The server {host} lies on a private network ({address}).",
            advice="Use its public address, or let the deployment allow private addresses.",
        )
