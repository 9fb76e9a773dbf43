"""Where Fortnox tells of the app itself. Who does not know the webhook secret is told nothing and changes nothing."""

from __future__ import annotations

from flask import Blueprint, abort, request

from connector.flows.events import lifecycle
from connector.hosts.fortnox.lifecycle import SIGNATURE_HEADER, is_signed, notice
from connector.web.person import deployment

PATH = "/fortnox/lifecycle"

fortnox_lifecycle = Blueprint("fortnox_lifecycle", __name__)


@fortnox_lifecycle.post(PATH)
def receive() -> dict[str, str]:
    """Take a message that is signed. 404 where no secret is set up, 401 for a signature that does not fit."""
    secret = deployment().settings.fortnox_webhook_secret
    if secret is None or not secret.get_secret_value():
        abort(404)
    body = request.get_data(cache=False)
    if not is_signed(body, request.headers.get(SIGNATURE_HEADER, ""), secret):
        abort(401)
    told = notice(body)
    if told is not None:
        lifecycle.take(deployment(), told)
    return {"status": "ok"}
