"""The Flask app: webhooks in, pages for accountants, health and metrics for those who run it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, request, url_for
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from connector import __version__
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.resources import templates_path
from connector.store import restores, sessions
from connector.web import shown
from connector.web.babel import speak_languages
from connector.web.csrf import csrf_token, protect_forms
from connector.web.door import guard_door, storable
from connector.web.guessing import Guessing
from connector.web.hashing import HashingPlaces
from connector.web.headers import add_security_headers
from connector.web.health import health
from connector.web.hint_box import HintBox
from connector.web.lifecycle import lifecycle
from connector.web.pages.amili_keys import amili_key_pages
from connector.web.pages.approved_company import approved_company
from connector.web.pages.bank_booking import bank_booking_pages
from connector.web.pages.connecting import connecting
from connector.web.pages.connection import connection_pages
from connector.web.pages.deciding import deciding
from connector.web.pages.held_plan import held_plan_pages
from connector.web.pages.help import help_pages
from connector.web.pages.invoices import pages
from connector.web.pages.ledger_keys import ledger_keys
from connector.web.pages.money import money_pages
from connector.web.pages.own_password import own_password
from connector.web.pages.reconciliation import reconciliation
from connector.web.pages.sign_in import signin
from connector.web.pages.tasks import count as count_tasks
from connector.web.pages.tasks import tasks
from connector.web.pages.withdrawing import withdrawing
from connector.web.person import current_user, language, may_connect, words
from connector.web.person import deployment as current_deployment
from connector.web.problems import log_unexpected, show_problems
from connector.web.reading import Readings
from connector.web.webhooks import LONGEST_BODY_BYTES, Doors, webhooks
from connector.words import LANGUAGES

_STATIC_KEPT_S = 3600
_COOKIE = "amili_connector"
_OTHER_PAGE = {
    "session.sign_out": "/",
    "session.choose_language": "/",
    "connecting.renew": "/",
}
"""Where people come back to from what is no page."""


class _App(Flask):
    def log_exception(self, exc_info: Any) -> None:
        # Flask's own words hold the request's address, and a webhook's address holds its token.
        log_unexpected(exc_info[1])

    def handle_http_exception(self, e: HTTPException) -> Any:
        # The router sends anyone who misspells a path on to the server that the request names, which anybody may forge.
        if isinstance(e, RequestRedirect):
            parts = urlsplit(e.new_url)
            e.new_url = urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))
        return super().handle_http_exception(e)


def create_app(deployment: Deployment) -> Flask:
    """The app that serves `deployment`."""
    folder = templates_path() / "pages"
    app = _App("connector.web", template_folder=str(folder), static_folder=str(folder / "static"))
    https = deployment.settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=deployment.settings.session_secret.get_secret_value(),
        MAX_CONTENT_LENGTH=LONGEST_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=LONGEST_BODY_BYTES,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=sessions.LONGEST_S),
        SEND_FILE_MAX_AGE_DEFAULT=_STATIC_KEPT_S,
        # The prefix makes browsers refuse the cookie from anywhere but this very site under https.
        SESSION_COOKIE_NAME=f"__Host-{_COOKIE}" if https else _COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    app.extensions["deployment"] = deployment
    speak_languages(app)
    app.extensions["doors"] = Doors(deployment)
    app.extensions["readings"] = Readings(wait_s=deployment.settings.page_wait_s)
    app.extensions["hint_box"] = HintBox(deployment.databases.inbox)
    app.extensions["guessing"] = Guessing()
    app.extensions["hashing_places"] = HashingPlaces()
    add_security_headers(app, https=https)
    show_problems(app)
    for_machines = frozenset({webhooks.name, lifecycle.name})
    guard_door(app, bodies_left_alone=for_machines)
    protect_forms(app, exempt_blueprints=for_machines)
    people_use = (
        signin, pages, held_plan_pages, tasks, money_pages, reconciliation, ledger_keys, withdrawing, deciding,
        connecting, approved_company, bank_booking_pages, own_password, connection_pages, amili_key_pages, help_pages,
    )  # fmt: skip
    for blueprint in (webhooks, lifecycle, health, *people_use):
        app.register_blueprint(blueprint)
    app.context_processor(_for_templates)
    return app


def _for_templates() -> dict[str, object]:
    return {
        "first_action_name": lambda action: shown.first_action_name(action, words()),
        "first_action_help": lambda action: shown.first_action_help(action, words()),
        "t": words().text,
        "language": language(),
        "languages": LANGUAGES,
        "here": _here(),
        "user": current_user(),
        "csrf_token": csrf_token,
        "version": __version__,
        "amount": shown.amount,
        "moment": shown.moment,
        "organisation_number": shown.organisation_number,
        "say": words().say,
        "key_trouble": shown.key_trouble,
        "opened_by_consent": shown.opened_by_consent,
        "host_name": kinds.name_of,
        "right_name": lambda host, right: shown.right_name(host, right, words()),
        "may_connect": may_connect(),
        "count_tasks": count_tasks,
        "is_held": _is_held,
    }


def _is_held(connection_id: str) -> bool:
    """Return whether nothing of a company is sent for now, because an earlier store may have been put back."""
    return restores.is_held(current_deployment().databases.main, connection_id)


def _here() -> str:
    """The page to come back to after a choice of language."""
    if other := _OTHER_PAGE.get(request.endpoint or ""):
        return other
    if request.endpoint == "connecting.callback":
        # The address of a host's answer must not be repeated.
        return url_for("connecting.start", host=(request.view_args or {})["host"])
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return here if storable(here) else "/"
