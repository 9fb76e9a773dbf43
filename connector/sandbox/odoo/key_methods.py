"""Making and giving up API keys by a call, as later releases of Odoo 19 are documented to do (odoo/API.md, "Calls")."""

from __future__ import annotations

import secrets
from datetime import date

from connector.sandbox.odoo.call import Call, UnknownMethod, access_error
from connector.sandbox.odoo.switches import MakesKeys, OdooVersion


def generate_key(call: Call, key: str, scope: str | None, name: str, expiration_date: str) -> str:  # noqa: ARG001
    """A new key of the caller's, as odoo/API.md, "Keys" has it from Odoo's documentation."""
    allowed = call.state.switches.switches.makes_keys
    if allowed is MakesKeys.ABSENT or call.state.version is not OdooVersion.V19:
        raise UnknownMethod(call.model, "generate")
    if allowed is MakesKeys.REFUSED or call.state.keys.get(key) != call.user:
        raise access_error("Programmatic API keys are not enabled, or the key is not yours.")
    made = secrets.token_hex(20)
    call.state.set_key(made, call.user, expires=date.fromisoformat(expiration_date))
    return made


def revoke_key(call: Call, key: str) -> None:
    if call.state.switches.switches.makes_keys is not MakesKeys.ALLOWED:
        raise UnknownMethod(call.model, "revoke")
    call.state.drop_key(key)
