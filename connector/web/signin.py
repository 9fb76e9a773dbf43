"""Signing in and out, and the choice of language."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from connector.store import users
from connector.web.brake import Brake
from connector.web.person import begin_session, current_user, deployment, language
from connector.web.texts import LANGUAGES

FREE_TRIES_PER_ACCOUNT = 5
FREE_TRIES_PER_ADDRESS = 30
"""More than for an account, because an office or a proxy shows one address for many people."""

signin = Blueprint("session", __name__)


@signin.get("/sign-in")
def sign_in() -> AnyResponse | str:
    """The form; a signed-in person goes on instead."""
    if current_user() is not None:
        return redirect(local_target(request.args.get("next", "")))
    return render_template("sign_in.html", next=request.args.get("next", ""), email="", problem="")


@signin.post("/sign-in")
def sign_in_now() -> AnyResponse:
    """Check e-mail address and password."""
    email = request.form.get("email", "").strip().lower()
    address_brake: Brake = current_app.extensions["address_brake"]
    account_brake: Brake = current_app.extensions["account_brake"]
    address = request.remote_addr or ""
    wait_s = address_brake.enter(address) or account_brake.enter(email)
    if wait_s > 0:
        return _again(email, "sign_in.too_many", 429, retry_after_s=wait_s)
    user = users.verify(deployment().databases.main, email, request.form.get("password", ""))
    if user is None:
        return _again(email, "sign_in.wrong", 401)
    address_brake.forgive(address)
    account_brake.forget(email)
    begin_session(user)
    return redirect(local_target(request.form.get("next", "")), 303)


def _again(email: str, problem: str, status: int, *, retry_after_s: float = 0.0) -> Response:
    seconds = int(retry_after_s) + 1
    page = render_template(
        "sign_in.html", next=request.form.get("next", ""), email=email, problem=problem, seconds=seconds
    )
    response = make_response(page, status)
    if retry_after_s:
        response.headers["Retry-After"] = str(seconds)
    return response


@signin.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session; the language stays."""
    chosen = language()
    session.clear()
    session["language"] = chosen
    return redirect(url_for("session.sign_in"), 303)


@signin.post("/language")
def choose_language() -> AnyResponse:
    """Read the pages in another language from now on."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
    return redirect(local_target(request.form.get("next", "")), 303)


def local_target(target: str) -> str:
    """`target` if it is a path on this site, else the first page: nobody is sent elsewhere by a link to us."""
    parts = urlsplit(target)
    plain = target.isprintable() and "\\" not in target
    if plain and target.startswith("/") and not target.startswith("//") and not parts.netloc and not parts.scheme:
        return target
    return url_for("pages.home")
