"""From where a visitor comes, in one spelling, and by what failures are counted there."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

from flask import request

_WITH_PORT = re.compile(r"\[(?P<bracketed>[^\[\]]+)\](:[0-9]*)?|(?P<plain>[0-9.]+):[0-9]*")
_NETWORK_OF_ONE_SITE = 64
_LONGEST = 64


def visitor_address(text: str) -> str:
    """The visitor's address alone, in one spelling. Some proxies add the port, which differs with every connection."""
    host = text.strip()
    if found := _WITH_PORT.fullmatch(host):
        host = found["bracketed"] or found["plain"]
    try:
        address = ip_address(host)
    except ValueError:
        return "".join(character for character in host[:_LONGEST] if character.isprintable())
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def here() -> str:
    """The address of anyone who sent the request."""
    return visitor_address(request.remote_addr or "")


def counted_address(address: str) -> str:
    """Return what stands for a `visitor_address` where failures are counted: of IPv6 the /64, which one visitor has
    wholly.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), _NETWORK_OF_ONE_SITE), strict=False))
    return str(parsed)
