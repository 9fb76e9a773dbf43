"""Where hosts tell of the app itself. Who is not known to be the host is told nothing and changes nothing."""

from __future__ import annotations

from flask import Blueprint, abort, request
from flask.blueprints import BlueprintSetupState

from connector.flows.events.lifecycle import companies
from connector.hosts import kinds
from connector.web.person import deployment

lifecycle = Blueprint("lifecycle", __name__)


def paths() -> tuple[str, ...]:
    """The addresses, one for each kind of host that tells of the app."""
    return tuple(kind.lifecycle_path for kind in kinds.every() if kind.lifecycle)


@lifecycle.record
def _mount(state: BlueprintSetupState) -> None:
    """Give each kind of host that tells of the app its address."""
    for kind in kinds.every():
        if kind.lifecycle:
            state.add_url_rule(kind.lifecycle_path, "receive", receive, methods=["POST"], defaults={"host": kind.id})


def receive(host: str) -> dict[str, str]:
    """Take a message that is signed. 404 where no secret is set up, 401 for a signature that does not fit."""
    kind = kinds.kind(host)
    settings = deployment().settings.of_host(host)
    if kind.lifecycle is None or not kind.lifecycle.is_set_up(settings):
        abort(404)
    body = request.get_data(cache=False)
    if not kind.lifecycle.is_genuine(body, dict(request.headers), settings):
        abort(401)
    kind.lifecycle.take(body, companies(deployment(), host))
    return {"status": "ok"}
