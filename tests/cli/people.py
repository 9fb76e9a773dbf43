"""A person of the pages, as commands enter them."""

from __future__ import annotations

import re

from connector.store import users
from connector.store.database import open_databases
from tests.cli.terminal import Terminal

EMAIL = "eva@byran.example"


def shown_password(out: str) -> str:
    (password,) = re.findall(r"Password, shown once: (\S+)", out)
    return str(password)


def may_sign_in(terminal: Terminal, password: str, email: str = EMAIL) -> bool:
    databases = open_databases(data_dir=terminal.folder / "data", database_url=None)
    try:
        return users.verify(databases.main, email, password) is not None
    finally:
        databases.dispose()
