"""Who is at the command line, for the record."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The name of the user that the command runs as."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run under a number that has no name.
        return "command line"
