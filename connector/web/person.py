"""Who is at the browser: the signed-in person, what they may use, and the language they read."""

from __future__ import annotations

import hmac
import time

from flask import abort, current_app, g, request, session

from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.store import users
from connector.store.connections import StoredConnection
from connector.store.users import User
from connector.web.texts import DEFAULT_LANGUAGE, LANGUAGES, Catalogue

LONGEST_SESSION_S = 10 * 3600
"""A working day; then people sign in again."""


def deployment() -> Deployment:
    """The deployment that this app serves."""
    found: Deployment = current_app.extensions["deployment"]
    return found


def current_user() -> User | None:
    """The signed-in person, read afresh for each request so that a removed person is out at once."""
    if "user" not in g:
        g.user = _signed_in()
    user: User | None = g.user
    return user


def signed_in_user() -> User:
    """The signed-in person of a page that needs one."""
    user = current_user()
    if user is None:
        abort(401)
    return user


def may_connect() -> bool:
    """Whether the way to connect a company in Fortnox is for whoever is at the browser."""
    user = current_user()
    return user is not None and user.may_use_all and bool(deployment().settings.fortnox_client_id)


def _signed_in() -> User | None:
    email = session.get("email")
    if not email or time.time() - session.get("since", 0) > LONGEST_SESSION_S:
        return None
    user = users.get(deployment().databases.main, email)
    if user is None or not hmac.compare_digest(user.mark, session.get("mark", "")):
        return None
    return user


def begin_session(user: User) -> None:
    """Sign `user` in, in a session that shares nothing with the one before but the language."""
    chosen = session.get("language")
    session.clear()
    session.permanent = True
    session["email"] = user.email
    session["mark"] = user.mark
    session["since"] = int(time.time())
    session["language"] = chosen or user.language
    g.user = user


def usable_connection(connection_id: str) -> StoredConnection:
    """A connection that the signed-in person may use; 404 for any other, whether it exists or not."""
    if not signed_in_user().may_use(connection_id):
        abort(404)
    try:
        return deployment().connection(connection_id)
    except ConfigurationError:
        abort(404)


def language() -> str:
    """The language chosen for this session, else the first one the browser asks for that we have."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def words() -> Catalogue:
    """The texts in the reader's language."""
    catalogue: Catalogue = current_app.extensions["catalogues"][language()]
    return catalogue
