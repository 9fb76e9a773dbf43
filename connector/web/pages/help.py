"""Help for accountants, in the reader's language. Served to everybody: it holds no data of anybody."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from connector.resources import templates_path
from connector.web.person import language

START = "start"
PAGES = (START, "sending", "findings", "states", "tasks", "questions", "differences", "money", "words")
"""The pages by name, in the order in which they are listed; each is `templates/help/<language>/<name>.html`."""

help_pages = Blueprint("help_pages", __name__, template_folder=str(templates_path() / "help"))


@help_pages.get("/help")
def start() -> str:
    """Return what the connector does, and what is found on the other pages."""
    return _page(START)


@help_pages.get("/help/<page>")
def show(page: str) -> str:
    """One page of help. Each code, state and kind that it explains is an anchor on it."""
    return _page(page) if page in PAGES else abort(404)


def _page(page: str) -> str:
    return render_template(f"{language()}/{page}.html", page=page, pages=PAGES)
