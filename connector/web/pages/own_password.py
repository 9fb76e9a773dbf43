"""The page on which people give themselves another password."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.store import passwords, users
from connector.web import sign_in_log
from connector.web.guessing import Guessing, Who
from connector.web.hashing import HashingPlaces, NoPlace
from connector.web.known_browser import account_key
from connector.web.person import begin_session, deployment, session_key, signed_in_user
from connector.web.visitor_address import here

_BUSY_FOR_S = 1.0

own_password = Blueprint("own_password", __name__)


@own_password.before_request
def must_be_signed_in() -> None:
    """Every page of this blueprint needs a signed-in person."""
    signed_in_user()


@own_password.get("/password")
def show() -> Response:
    """The form."""
    return _page(changed="changed" in request.args)


@own_password.post("/password")
def change() -> AnyResponse:
    """Take a new password from anyone who knows the one before; every other session of theirs ends."""
    places: HashingPlaces = current_app.extensions["hashing_places"]
    if problem := _problem(request.form.get("new", ""), request.form.get("again", "")):
        return _page(problem, 422)
    try:
        with places.place():
            return _change(request.form.get("current", ""), request.form.get("new", ""))
    except NoPlace:
        return _page("sign_in.busy", 503, retry_after_s=_BUSY_FOR_S)


def _change(current: str, new: str) -> AnyResponse:
    user = signed_in_user()
    guessing: Guessing = current_app.extensions["guessing"]
    # Counted by session: anyone who sits at someone's open session slows no one but themselves.
    who = Who(account_key(user.email), here(), browser=f"session {session_key()}")
    answer = guessing.enter(who)
    if answer.wait_s > 0:
        sign_in_log.braked(user.email, answer.wait_s)
        return _page("password.too_many", 429, retry_after_s=answer.wait_s)
    if users.verify(deployment().databases.main, user.email, current) is None:
        sign_in_log.password_not_changed(user)
        return _page("password.wrong", 422)
    guessing.right(who)
    if new == current:
        return _page("password.same", 422)
    users.set_password(deployment().databases.main, user.email, new)
    begin_session(user)
    sign_in_log.password_changed(user)
    return redirect(url_for("own_password.show", changed=1), 303)


def _problem(new: str, again: str) -> str:
    if len(new) < passwords.SHORTEST:
        return "password.short"
    return "" if new == again else "password.differ"


def _page(problem: str = "", status: int = 200, *, changed: bool = False, retry_after_s: float = 0.0) -> Response:
    seconds = int(retry_after_s) + 1
    page = render_template(
        "password.html", problem=problem, changed=changed, seconds=seconds, shortest=passwords.SHORTEST
    )
    response = make_response(page, status)
    if retry_after_s:
        response.headers["Retry-After"] = str(seconds)
    return response
