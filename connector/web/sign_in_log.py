"""Who signed in and out, who was refused and who was braked, in the log: with the address, and never with a password.

What was typed where an e-mail address belongs may be a password. Unless it is a person's address it is not written, but
a digest of it, by which several tries are seen to be the same.
"""

from __future__ import annotations

import logging

from connector.store import users
from connector.store.users import User
from connector.web.known_browser import account_key
from connector.web.person import deployment
from connector.web.visitor_address import here

log = logging.getLogger(__name__)


def signed_in(user: User) -> None:
    """Record that a person has signed in."""
    log.info("signed in: %s from %s", user.email, here())


def refused(email: str) -> None:
    """Record that e-mail address and password did not fit."""
    log.warning("sign-in refused: %s from %s", _who(email), here())


def braked(email: str, wait_s: float) -> None:
    """Record that a try came too early after others and was not looked at."""
    log.warning("sign-in braked for %.0f s: %s from %s", wait_s, _who(email), here())


def busy() -> None:
    """Record that a try was not looked at because too many were."""
    log.warning("sign-in not looked at, too many at once: from %s", here())


def signed_out(user: User) -> None:
    """Record that a person has signed out."""
    log.info("signed out: %s from %s", user.email, here())


def password_changed(user: User) -> None:
    """Record that a person has another password, by themselves."""
    log.info("password changed: %s from %s", user.email, here())


def password_not_changed(user: User) -> None:
    """Record that someone in a person's session did not know the person's password."""
    log.warning("password not changed, the present one was wrong: %s from %s", user.email, here())


def _who(email: str) -> str:
    user = users.get(deployment().databases.main, email)
    return user.email if user else f"unknown account {account_key(email)}"
