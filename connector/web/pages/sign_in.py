"""Signing in and out, and the choice of language."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.store import users
from connector.store.users import User
from connector.web import chosen_language, sign_in_log
from connector.web.guessing import Guessing, Who
from connector.web.hashing import HashingPlaces, NoPlace
from connector.web.known_browser import account_key, browser_of, remember
from connector.web.person import (
    begin_session,
    current_user,
    deployment,
    end_session,
    session_has_ended,
    set_language,
)
from connector.web.visitor_address import here
from connector.words import LANGUAGES

_TURN = "turn"
_BUSY_FOR_S = 1.0
signin = Blueprint("session", __name__)


@signin.get("/sign-in")
def sign_in() -> AnyResponse | str:
    """The form; a signed-in person goes on instead."""
    if current_user() is not None:
        return redirect(local_target(request.args.get("next", "")))
    return render_template(
        "sign_in.html", next=request.args.get("next", ""), email="", problem="", has_ended=session_has_ended()
    )


@signin.post("/sign-in")
def sign_in_now() -> AnyResponse:
    """Check e-mail address and password."""
    email = request.form.get("email", "").strip().lower()
    places: HashingPlaces = current_app.extensions["hashing_places"]
    try:
        with places.place():
            return _try(email)
    except NoPlace:
        sign_in_log.busy()
        return _again(email, "sign_in.busy", 503, retry_after_s=_BUSY_FOR_S)


def _try(email: str) -> AnyResponse:
    guessing: Guessing = current_app.extensions["guessing"]
    account = account_key(email)
    who = Who(account, here(), browser_of(account), session.get(_TURN, ""))
    answer = guessing.enter(who)
    if answer.wait_s > 0:
        session[_TURN] = answer.turn
        sign_in_log.braked(email, answer.wait_s)
        return _again(email, "sign_in.too_many", 429, retry_after_s=answer.wait_s)
    user = users.verify(deployment().databases.main, email, request.form.get("password", ""))
    if user is None:
        sign_in_log.refused(email)
        return _again(email, "sign_in.wrong", 401)
    guessing.right(who)
    begin_session(user)
    sign_in_log.signed_in(user)
    response = make_response(redirect(local_target(request.form.get("next", "")), 303))
    remember(response, account)
    return _keep_language(response, user)


def _again(email: str, problem: str, status: int, *, retry_after_s: float = 0.0) -> Response:
    seconds = int(retry_after_s) + 1
    page = render_template(
        "sign_in.html",
        next=request.form.get("next", ""),
        email=email,
        problem=problem,
        seconds=seconds,
        has_ended=False,
    )
    response = make_response(page, status)
    if retry_after_s:
        response.headers["Retry-After"] = str(seconds)
    return response


@signin.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session; the language stays."""
    response = make_response(redirect(url_for("session.sign_in"), 303))
    if (user := current_user()) is not None:
        sign_in_log.signed_out(user)
        _keep_language(response, user)
    end_session()
    return response


def _keep_language(response: Response, user: User) -> Response:
    """Have the browser show what comes before the next sign-in, or after this one's end, in this person's language."""
    return chosen_language.keep(response, user.language) if user.language_chosen else response


@signin.post("/language")
def choose_language() -> AnyResponse:
    """Read the pages in another language from now on."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        set_language(chosen)
    return redirect(local_target(request.form.get("next", "")), 303)


def local_target(target: str) -> str:
    """`target` if it is a path on this site, else the first page: no one is sent elsewhere by a link to us."""
    parts = urlsplit(target)
    plain = target.isprintable() and "\\" not in target
    if plain and target.startswith("/") and not target.startswith("//") and not parts.netloc and not parts.scheme:
        return target
    return url_for("pages.home")
