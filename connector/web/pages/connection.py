"""The pages of a connection as a whole: where it is at Amili, going live, pausing, and its end."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.amili.models import Creditor
from connector.domain.connection import Environment
from connector.domain.errors import ConnectorError
from connector.flows.companies import ending, going_live
from connector.flows.companies.going_live import Prospect
from connector.hosts import kinds
from connector.store import connection_life, connections, series
from connector.store.connections import StoredConnection
from connector.web.person import deployment, read, signed_in_user, usable_connection, words
from connector.web.problems import sort_of
from connector.web.shown_error import shown_error
from connector.web.told import told

connection_pages = Blueprint("connection", __name__)

DONE = frozenset({"paused", "resumed", "went_live", "went_back", "no_way_back", "disconnected", "disconnected_in_part"})
"""What the page can say was done just now (texts `connection.done.…`)."""


@connection_pages.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@connection_pages.get("/connections/<connection_id>/connection")
def show(connection_id: str) -> str:
    """Return where the connection is, what was done with it, and what can be."""
    connection = usable_connection(connection_id)
    db = deployment().databases.main
    access = deployment().access(connection.amili_access)
    return render_template(
        "connection.html",
        connection=connection,
        may_change=signed_in_user().may_use_all,
        acts=connection_life.acts(db, connection_id),
        pair_waits=access.new is not None,
        production_is_known=bool(deployment().settings.amili_production_url),
        is_live=connection.settings.environment is Environment.PRODUCTION,
        way_back=going_live.way_back(deployment(), connection) is not None,
        done=told(DONE),
    )


@connection_pages.post("/connections/<connection_id>/pause")
def pause(connection_id: str) -> AnyResponse:
    """Send nothing more until someone lets it go on."""
    ending.pause(deployment(), _present(connection_id), by=signed_in_user().email)
    return _back(connection_id, "paused")


@connection_pages.post("/connections/<connection_id>/resume")
def resume(connection_id: str) -> AnyResponse:
    """Let it go on."""
    ending.resume(deployment(), _present(connection_id), by=signed_in_user().email)
    return _back(connection_id, "resumed")


@connection_pages.get("/connections/<connection_id>/go-live")
def before_live(connection_id: str) -> str | tuple[str, int]:
    """Both sides as they answer in production, what stays behind, and the button."""
    return _live_page(_changeable(connection_id), request.args.get("pair", ""))


@connection_pages.post("/connections/<connection_id>/go-live")
def go_live(connection_id: str) -> AnyResponse | tuple[str, int] | str:
    """Go live, if all is as the person saw it; else show it again."""
    connection = _changeable(connection_id)
    access = request.form.get("amili_access", "")
    prospect = _look(connection, access)
    if not isinstance(prospect, Prospect) or request.form.get("seen") != _seal(prospect):
        return _live_page(connection, access, problem="live.changed"), 409
    creditor = _chosen(prospect)
    if creditor is None:
        return _live_page(connection, access, problem="live.choose_creditor"), 422
    if not request.form.get("understood"):
        return _live_page(connection, access, problem="live.understand"), 422
    going_live.go(deployment(), prospect, creditor, by=signed_in_user().email)
    return _back(connection_id, "went_live")


@connection_pages.post("/connections/<connection_id>/go-back")
def go_back(connection_id: str) -> AnyResponse:
    """Go back to the sandbox, while nothing was sent in production."""
    connection = _changeable(connection_id)
    if going_live.way_back(deployment(), connection) is None:
        return _back(connection_id, "no_way_back")
    going_live.go_back(deployment(), connection, by=signed_in_user().email)
    return _back(connection_id, "went_back")


@connection_pages.get("/connections/<connection_id>/disconnect")
def before_end(connection_id: str) -> str:
    """Return what stays when the connection ends, and the button."""
    return _end_page(_changeable(connection_id))


@connection_pages.post("/connections/<connection_id>/disconnect")
def disconnect(connection_id: str) -> AnyResponse | tuple[str, int]:
    """End the connection."""
    connection = _changeable(connection_id)
    if not request.form.get("understood"):
        return _end_page(connection, problem="end.understand"), 422
    _, problem = ending.disconnect(deployment(), connection, by=signed_in_user().email)
    return _back(connection_id, "disconnected_in_part" if problem else "disconnected")


def _present(connection_id: str) -> StoredConnection:
    """A connection that has not ended, and that the person may use; 404 for any other."""
    connection = usable_connection(connection_id)
    if connection.disconnected_at is not None:
        abort(404)
    return connection


def _changeable(connection_id: str) -> StoredConnection:
    """Likewise, for those who may use every company: 403 for others."""
    connection = _present(connection_id)
    if not signed_in_user().may_use_all:
        abort(403)
    return connection


def _back(connection_id: str, done: str) -> AnyResponse:
    return redirect(url_for("connection.show", connection_id=connection_id, done=done), 303)


def _look(connection: StoredConnection, access: str) -> Prospect | ConnectorError:
    accesses = connections.usable_accesses(deployment().databases.main)
    chosen = access if access in accesses else connection.amili_access
    with_ = deployment()
    try:
        return read(connection.id, ("live", chosen), lambda: going_live.look(with_, connection, amili_access=chosen))
    except ConnectorError as error:
        return error


def _seal(prospect: Prospect) -> str:
    """Return what the form must be about."""
    creditors = ",".join(sorted(one.id for one in prospect.choice.creditors))
    return f"{prospect.amili_access} {prospect.connection.settings.creditor} {creditors}"


def _chosen(prospect: Prospect) -> Creditor | None:
    if prospect.creditor is not None:
        return prospect.creditor
    wanted = request.form.get("creditor", "")
    return next((one for one in prospect.choice.creditors if one.id == wanted and one.is_active), None)


def _live_page(connection: StoredConnection, access: str, *, problem: str = "") -> str:
    db = deployment().databases.main
    found = _look(connection, access)
    prospect = found if isinstance(found, Prospect) else None
    return render_template(
        "go_live.html",
        connection=connection,
        accesses=connections.usable_accesses(db),
        access=prospect.amili_access if prospect else access or connection.amili_access,
        prospect=prospect,
        seen=_seal(prospect) if prospect else "",
        said=found if isinstance(found, ConnectorError) else None,
        told=shown_error(found, words()) if isinstance(found, ConnectorError) else None,
        sort=sort_of(found)[0] if isinstance(found, ConnectorError) else "",
        leaves=series.standing(db, connection.id),
        system=kinds.name_of(connection.host),
        problem=problem,
    )


def _end_page(connection: StoredConnection, *, problem: str = "") -> str:
    return render_template(
        "disconnect.html",
        connection=connection,
        ends=connection_life.ends_with(deployment().databases.main, connection.id),
        system=kinds.name_of(connection.host),
        problem=problem,
    )
