"""Who is at the browser: the signed-in person, what they may use, and the language they read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

import flask_babel
from flask import abort, after_this_request, current_app, g, request, session

from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.store import sessions, users
from connector.store.connections import StoredConnection
from connector.store.users import User
from connector.web import chosen_language
from connector.web.reading import Read, Readings
from connector.words import LANGUAGES, Catalogue, Language, MissingText, catalogue

_SESSION = "session"


def deployment() -> Deployment:
    """The deployment that this app serves."""
    found: Deployment = current_app.extensions["deployment"]
    return found


def read(company: str, key: Hashable, work: Callable[[], Read]) -> Read:
    """Return what `work` reads from remote systems for a page about `company`; `key` says what that is.

    `work` runs elsewhere, without the request. Raises what it raises, and `StillReading` where it takes long.
    """
    readings: Readings = current_app.extensions["readings"]
    return readings.read(company, key, work)


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


def may_connect() -> tuple[str, ...]:
    """The kinds of hosts whose companies anyone who is at the browser may have approve the deployment's app."""
    user = current_user()
    if user is None or not user.may_use_all:
        return ()
    return tuple(one.id for one in kinds.every() if one.by_consent and deployment().app(one.id))


def _signed_in() -> User | None:
    secret = session.get(_SESSION)
    if not secret:
        return None
    # A page that asks for itself again is open, and no one need be there.
    by_person = request.headers.get("Sec-Fetch-Dest") != "empty"
    db, idle_s = deployment().databases.main, deployment().settings.session_idle_s
    email = sessions.holder(db, secret, idle_s=idle_s, is_use=by_person)
    return users.get(db, email) if email else None


def session_has_ended() -> bool:
    """Return whether the browser has a session that is over: unused for too long, or ended by a new password."""
    return bool(session.get(_SESSION)) and current_user() is None


def session_key() -> str:
    """Return what tells the session at hand from every other, in this process's memory alone."""
    return str(session[_SESSION])


def begin_session(user: User) -> None:
    """Sign `user` in, in a session that shares nothing with the one before."""
    end_session()
    session.permanent = True
    session[_SESSION] = sessions.begin(
        deployment().databases.main, user.email, idle_s=deployment().settings.session_idle_s
    )
    g.user = user
    flask_babel.refresh()


def end_session() -> None:
    """End the session at hand, here and in the browser: anyone who has kept its cookie has nothing."""
    if secret := session.get(_SESSION):
        sessions.end(deployment().databases.main, secret)
    session.clear()
    g.user = None
    flask_babel.refresh()


def usable_connection(connection_id: str) -> StoredConnection:
    """A connection that the signed-in person may use; 404 for any other, whether it exists or not."""
    if not signed_in_user().may_use(connection_id):
        abort(404)
    try:
        return deployment().connection(connection_id)
    except ConfigurationError:
        abort(404)


def chosen() -> str:
    """The language that the signed-in person has chosen, else the browser's."""
    if "language" in g:
        return str(g.language)
    user = current_user()
    if user is not None and user.language_chosen and user.language in LANGUAGES:
        return user.language
    return chosen_language.of_browser()


def language() -> Language:
    """The language of the page that is being made. Raises `MissingText` where none is."""
    return words().language


def set_language(wanted: str) -> None:
    """Show the pages in `wanted` from now on: to the signed-in person everywhere, and in the browser at hand."""
    # Before the database is asked: where it is away, the page that says so is in the chosen language all the same.
    g.language = wanted
    flask_babel.refresh()
    after_this_request(lambda response: chosen_language.keep(response, wanted))
    if (user := current_user()) is not None:
        users.choose_language(deployment().databases.main, user.email, wanted)


def told_of(host: str) -> Callable[..., str]:
    """Return what gives a page its texts by key, in which `system` is the name of this kind of host.

    `settings` are those of the deployment's own that have no value unless they are set.
    """
    fields = kinds.kind(host).deployment_settings.model_fields if kinds.is_known(host) else {}
    settings = ", ".join(name.upper() for name, field in fields.items() if field.default in ("", None))
    return partial(words().text, system=kinds.name_of(host), settings=settings)


def words() -> Catalogue:
    """The texts in the reader's language."""
    locale = flask_babel.get_locale()
    if locale is None:
        raise MissingText("no page is being made whose reader has a language")
    return catalogue(str(locale))
