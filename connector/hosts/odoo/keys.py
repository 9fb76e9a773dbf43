"""The connector's own API key in Odoo: when it ends, and making a new one where Odoo lets us (API.md, "Keys")."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import SecretStr

from connector.domain.errors import KeyRefused, NotAuthorised, NotFound, Refused, Unreadable
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import Record
from connector.hosts.odoo.transport import SYSTEM

MODEL = "res.users.apikeys"
GENERATE = "generate"
REVOKE = "revoke"
"""As Odoo's documentation of later releases of 19 has them; 19.0.0 has neither, and no one has seen them answer."""

_NAME = "Amili connector"


def expires(client: OdooClient, uid: int) -> date | None:
    """Return when the key of user `uid` ends. One with several keys has no way to tell which is ours: None.

    Raises `KeyRefused`, and the errors that mean Odoo was not reached.
    """
    if not client.dialect.known(MODEL, ["expiration_date"]):
        return None
    try:
        found: list[Record] = client.call(
            MODEL, "search_read", domain=[("user_id", "=", uid)], fields=["expiration_date"]
        )
    except KeyRefused:
        raise
    except (NotAuthorised, NotFound):
        # Not every Odoo lets a user look at its own keys; the date is a courtesy.
        return None
    if len(found) != 1 or not found[0]["expiration_date"]:
        return None
    return datetime.fromisoformat(found[0]["expiration_date"]).date()


def generate(client: OdooClient, key: SecretStr, *, until: date) -> SecretStr | None:
    """A new key of the user of `key`, valid to `until`; None where this Odoo makes none by a call.

    It does so for users with Settings rights, and for others by its parameter
    `base.enable_programmatic_api_keys`. Raises `KeyRefused`, and the errors of an unknown outcome.
    """
    if not client.dialect.makes_keys:
        return None
    try:
        made = client.call(
            MODEL,
            GENERATE,
            key=key.get_secret_value(),
            scope=None,
            name=_NAME,
            expiration_date=until.isoformat(),
        )
    except KeyRefused:
        raise
    except Refused:
        return None
    if not isinstance(made, str) or not made:
        raise Unreadable("answered with no key.", system=SYSTEM, operation=f"{MODEL}/{GENERATE}")
    return SecretStr(made)


def revoke(client: OdooClient, key: SecretStr) -> None:
    """Give `key` up. Raises the errors of `OdooClient.call`."""
    client.call(MODEL, REVOKE, key=key.get_secret_value())
