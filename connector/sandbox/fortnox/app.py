"""An imitation of Fortnox: consent, REST, PDF and events, written from its reference alone.

Source: fortnox/API.md, "The imitation". What Fortnox serves from three hosts is served here from
one; the paths do not collide. Paths under /_sandbox/ are the imitation's own.
"""

from __future__ import annotations

from dataclasses import asdict

from flask import Flask, Response, request

from connector.sandbox.fortnox.attachments import add_attachments
from connector.sandbox.fortnox.calls import install_calls
from connector.sandbox.fortnox.control import control_endpoints
from connector.sandbox.fortnox.customers import add_customers
from connector.sandbox.fortnox.errors import NOT_FOUND, Refused, failure_in_json, refusal_answer
from connector.sandbox.fortnox.invoices import add_invoices
from connector.sandbox.fortnox.oauth import add_oauth
from connector.sandbox.fortnox.payments import add_payments
from connector.sandbox.fortnox.registry import add_registry
from connector.sandbox.fortnox.socket import add_socket
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.shared.wire import install, install_control, path_template


def create_fortnox(state: FortnoxState) -> Flask:
    """The imitation as a WSGI application working on `state`, whose switches may be changed at any time.

    Serve it with `connector.sandbox.serve.running`; only there can connections be broken.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False  # a trailing slash is accepted: fortnox/API.md, "Calls"
    install(
        app,
        board=state.switches,
        traffic=state.traffic,
        operation=lambda: request.endpoint or "",
        template=lambda: path_template(request),
        registered=lambda: (),
        failure_in_json=failure_in_json,
    )
    install_calls(app, state)
    install_control(
        app,
        board=state.switches,
        switches_as_json=asdict,
        snapshot=state.snapshot,
        reset=state.reset,
    )
    app.register_blueprint(control_endpoints(state))
    add_oauth(app, state)
    add_invoices(app, state)
    add_customers(app, state)
    add_payments(app, state)
    add_registry(app, state)
    add_attachments(app, state)
    add_socket(app, state)

    @app.errorhandler(404)
    def unknown_path(_error: Exception) -> Response:
        refusal = Refused("Kan inte hitta resursen.", NOT_FOUND, 404)
        return refusal_answer(refusal, state.switches.switches, "")

    return app
