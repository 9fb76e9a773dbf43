"""The page of the key pairs to Amili: whether Amili accepts them, and replacing one while it is in use."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from pydantic import SecretStr
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.errors import ConfigurationError, ConnectorError
from connector.flows.companies import amili_keys
from connector.store import amili_accesses, connections
from connector.store.amili_accesses import AmiliAccess
from connector.web.pages.connecting import installer
from connector.web.person import deployment
from connector.web.told import told

amili_key_pages = Blueprint("amili_keys", __name__)

DONE = frozenset({"offered", "replaced", "given_up"})
"""What the page can say was done just now (texts `amili_keys.done.…`)."""


@amili_key_pages.before_request
def must_be_installer() -> None:
    """Every page of this blueprint is for those who may use every company."""
    installer()


@amili_key_pages.get("/amili-keys")
def show() -> str:
    """Every key pair: its public key, how it stands at Amili, and what can be done."""
    return _page()


@amili_key_pages.post("/amili-keys/<access_id>/replace")
def replace(access_id: str) -> AnyResponse:
    """Make a new pair beside the one in use."""
    amili_keys.replace(deployment(), _known(access_id).id, by=installer().email)
    return _back(access_id, "offered")


@amili_key_pages.post("/amili-keys/<access_id>/confirm")
def confirm(access_id: str) -> AnyResponse | tuple[str, int]:
    """Try the new pair, with another API code if one is given, and use it if Amili accepts it."""
    access = _known(access_id)
    given = request.form.get("api_code", "").strip()
    if not given.isascii() or not given.isprintable():
        return _page(access_id, problem="amili_keys.malformed"), 422
    code = SecretStr(given) if given else None
    try:
        found = amili_keys.confirm(deployment(), access, by=installer().email, api_code=code)
    except ConfigurationError:
        return _page(access_id, problem="amili_keys.no_code"), 422
    if found.is_whole:
        return _back(access_id, "replaced")
    return _page(access_id, problem="amili_keys.not_yet", errors=tuple(found.errors.values())), 422


@amili_key_pages.post("/amili-keys/<access_id>/give-up")
def give_up(access_id: str) -> AnyResponse:
    """Forget the new pair that waits."""
    amili_accesses.give_up_new(deployment().databases.main, _known(access_id).id)
    return _back(access_id, "given_up")


def _known(access_id: str) -> AmiliAccess:
    try:
        return deployment().access(access_id)
    except ConfigurationError:
        abort(404)


def _back(access_id: str, done: str) -> AnyResponse:
    return redirect(url_for("amili_keys.show", done=done, name=access_id), 303)


def _page(of: str = "", *, problem: str = "", errors: tuple[ConnectorError, ...] = ()) -> str:
    db = deployment().databases.main
    refusals = amili_accesses.refusals(db)
    companies = [one for one in connections.summaries(db) if one.disconnected_at is None]
    return render_template(
        "amili_keys.html",
        pairs=[
            (
                access,
                [one for one in refusals if one.amili_access == access.id],
                [one for one in companies if one.amili_access == access.id],
            )
            for access in amili_accesses.every(db, deployment().vault)
        ],
        of=of or request.args.get("name", ""),
        done=told(DONE),
        problem=problem,
        errors=errors,
    )
