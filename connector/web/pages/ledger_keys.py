"""The page of what opens a company's ledger: a key, with the form for a new one; or its consent, to be renewed."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from pydantic import SecretStr
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.errors import ConfigurationError, KeyRefused
from connector.flows.companies import consent, keys
from connector.hosts import kinds
from connector.store.connections import StoredConnection
from connector.web import attempts
from connector.web.person import deployment, signed_in_user, told_of, usable_connection, words
from connector.web.shown import opened_by_consent
from connector.web.shown_error import ShownError, shown_error

ledger_keys = Blueprint("ledger_keys", __name__)


@ledger_keys.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@ledger_keys.get("/connections/<connection_id>/key")
def show(connection_id: str) -> str:
    """Return what is known of the key, and the form for a new one; or of the consent, and the way to renew it."""
    connection = usable_connection(connection_id)
    entered = "entered" in request.args
    return (
        _consent_page(connection, entered) if opened_by_consent(connection.host) else _page(connection, entered=entered)
    )


@ledger_keys.post("/connections/<connection_id>/key")
def enter(connection_id: str) -> AnyResponse | tuple[str, int]:
    """Test a new key, and put it in place of the old one if it opens the same company's books."""
    connection = usable_connection(connection_id)
    if opened_by_consent(connection.host):
        abort(404)
    given = request.form.get("api_key", "").strip()
    if not given or not given.isascii() or not given.isprintable():
        return _page(connection, problem="key.malformed"), 422
    try:
        keys.enter(deployment(), connection, SecretStr(given), by=signed_in_user().email)
    except KeyRefused:
        return _page(connection, problem="key.not_accepted"), 422
    except ConfigurationError as error:
        return _page(connection, problem="key.not_fitting", told=shown_error(error, words())), 422
    return redirect(url_for("ledger_keys.show", connection_id=connection_id, entered="1"), 303)


def _page(
    connection: StoredConnection, *, problem: str = "", told: ShownError | None = None, entered: bool = False
) -> str:
    return render_template(
        "key.html",
        connection=connection,
        system=kinds.name_of(connection.host),
        problem=problem,
        told=told,
        entered=entered and not problem,
    )


def _consent_page(connection: StoredConnection, entered: bool) -> str:
    app_is_set_up = deployment().app(connection.host) is not None
    attempts.prepared_state()
    refusal = attempts.refusal(request.args.get("problem", ""))
    return render_template(
        "consent.html",
        t=told_of(connection.host),
        connection=connection,
        system=kinds.name_of(connection.host),
        app_is_set_up=app_is_set_up,
        until=consent.ends(deployment(), connection) if app_is_set_up else None,
        scopes=consent.scopes_asked(deployment(), connection.host),
        refusal=refusal,
        renewed=entered and refusal is None,
    )
