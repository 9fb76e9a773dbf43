"""The pages from which a person goes to a host to approve our app, and to which the host sends them back.

They are mounted for each kind of host whose companies approve an app, below its id.

The address that they come back to holds a code: it is left at once, and no page, log or session repeats it.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.connection import Environment
from connector.domain.errors import ConnectorError
from connector.flows.companies import consent
from connector.flows.companies.consent import Approved
from connector.hosts import kinds
from connector.hosts.base import ConsentRefused, ServiceAccountRefused, Why
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS, StoredConnection
from connector.store.users import User
from connector.web import attempts
from connector.web.attempts import Attempt, Choice
from connector.web.person import deployment, signed_in_user, told_of, usable_connection
from connector.words import LANGUAGES, catalogue

log = logging.getLogger(__name__)

connecting = Blueprint("connecting", __name__)


@connecting.record
def _mount(state: BlueprintSetupState) -> None:
    """Give the pages their addresses, once for each kind of host whose companies approve an app."""
    for kind in kinds.every():
        if kind.by_consent:
            below, given = f"/connect/{kind.id}", {"host": kind.id}
            state.add_url_rule(below, "start", start, methods=["GET"], defaults=given)
            state.add_url_rule(below, "begin", begin, methods=["POST"], defaults=given)
            state.add_url_rule(f"{below}/go", "go", go, methods=["GET"], defaults=given)
            state.add_url_rule(kind.callback_path, "callback", callback, methods=["GET"], defaults=given)


def installer() -> User:
    """The signed-in person of a page for those who may use every company; 403 for others."""
    user = signed_in_user()
    if not user.may_use_all:
        abort(403)
    return user


def start(host: str) -> str | tuple[str, int]:
    """Return what will happen, what is needed, and the form that begins."""
    user = signed_in_user()
    app_is_set_up = deployment().app(host) is not None
    accesses = _accesses()
    attempts.prepared_state()
    page = render_template(
        "connect.html",
        t=told_of(host),
        host=host,
        may=user.may_use_all,
        app_is_set_up=app_is_set_up,
        accesses=accesses,
        environments=_environments(),
        scopes=consent.scopes_asked(deployment(), host),
        refusal=attempts.refusal(request.args.get("problem", "")),
    )
    return page if user.may_use_all else (page, 403)


def begin(host: str) -> AnyResponse:
    """Begin to connect a company."""
    user = installer()
    choice = _choice(request.form.get("amili_access", ""), request.form.get("environment", "")) or abort(400)
    return _on(user, host, choice)


@connecting.post("/connections/<connection_id>/consent")
def renew(connection_id: str) -> AnyResponse:
    """Begin to renew the consent of a company that is connected."""
    connection = usable_connection(connection_id)
    if not kinds.by_consent(connection.host):
        abort(404)
    return _on(signed_in_user(), connection.host, Choice(), connection_id)


def _on(user: User, host: str, choice: Choice, connection_id: str = "") -> AnyResponse:
    attempts.begin(Attempt(attempts.prepared_state(), host, user.email, choice, connection_id))
    return redirect(url_for("connecting.go", host=host), 303)


def go(host: str) -> AnyResponse | str:
    """The link to the host. A link, because our policy lets no form's answer lead to another site."""
    signed_in_user()
    attempt = attempts.current(host)
    if attempt is None:
        return redirect(url_for("connecting.start", host=host), 303)
    return render_template(
        "connect_go.html", t=told_of(host), host=host, address=_address(attempt), expected=_expected(attempt)
    )


def callback(host: str) -> AnyResponse:
    """Take what the host answered to the person's own attempt, and go on to a page whose address holds none of it."""
    attempt = attempts.current(host)
    if attempt is None:
        return _no_attempt(host)
    try:
        approved = consent.receive(
            deployment(), host, request.args.to_dict(), state=attempt.state, expected=_expected(attempt)
        )
    except ServiceAccountRefused as error:
        if not attempt.service_account:
            return _refused(attempt, consent.no_account_at_all(error))
        without = replace(attempt, service_account=False)
        attempts.begin(without)
        return redirect(_address(without), 303)
    except ConsentRefused as error:
        return _no_attempt(host) if error.why is Why.OTHER_ATTEMPT else _refused(attempt, error)
    except ConnectorError as error:
        return _refused(attempt, error)
    return _approved(attempt, approved)


def _approved(attempt: Attempt, approved: Approved) -> AnyResponse:
    attempts.received()
    if not approved.connection_id:
        attempts.keep_company(approved, attempt.choice)
        return redirect(url_for("approved_company.show", host=attempt.host), 303)
    connection = consent.renewed(deployment(), approved, by=attempt.by)
    log.info("connection %s: its consent was renewed", approved.connection_id)
    if attempt.connection_id:
        return redirect(url_for("ledger_keys.show", connection_id=attempt.connection_id, entered="1"), 303)
    stays = "1" if attempt.choice.environment is not connection.settings.environment else None
    done = url_for(
        "approved_company.done", host=attempt.host, connection_id=approved.connection_id, renewed="1", stays=stays
    )
    return redirect(done, 303)


def _refused(attempt: Attempt, error: ConnectorError) -> AnyResponse:
    log.warning("a company in %s could not be connected: %s", kinds.name_of(attempt.host), error)
    why = attempts.refuse(error)
    if attempt.connection_id:
        return redirect(url_for("ledger_keys.show", connection_id=attempt.connection_id, problem=why), 303)
    return redirect(url_for("connecting.start", host=attempt.host, problem=why), 303)


def _no_attempt(host: str) -> AnyResponse:
    """The page for an answer that this session did not ask for. Its address must stay, for `connect` to be given it."""
    page = render_template("elsewhere.html", host=host, catalogues={one: catalogue(one) for one in LANGUAGES})
    return make_response(page, 400)


def _address(attempt: Attempt) -> str:
    return consent.ask(deployment(), attempt.host, service_account=attempt.service_account, state=attempt.state).url


def _expected(attempt: Attempt) -> StoredConnection | None:
    return deployment().connection(attempt.connection_id) if attempt.connection_id else None


def _accesses() -> tuple[str, ...]:
    """The key pairs that can be chosen, the usual one first."""
    names = connections.usable_accesses(deployment().databases.main)
    return tuple(sorted(names, key=lambda name: (name != DEFAULT_ACCESS, name)))


def _environments() -> tuple[Environment, ...]:
    """Amili's environments that this deployment knows the address of, the harmless one first."""
    production = (Environment.PRODUCTION,) if deployment().settings.amili_production_url else ()
    return (Environment.SANDBOX, *production)


def _choice(amili_access: str, environment: str) -> Choice | None:
    """Return what a form chose; where there is nothing to choose, its field may be missing."""
    accesses, environments = _accesses(), _environments()
    access = amili_access or next(iter(accesses), "")
    chosen = environment or environments[0]
    if access not in accesses or chosen not in environments:
        return None
    return Choice(access, Environment(chosen))
