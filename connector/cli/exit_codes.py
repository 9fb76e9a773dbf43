"""What the command's exit status says to programs. connector/OPERATING.md, "Exit codes", lists the same."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    UNEXPECTED = 1
    """Something went wrong that should not; the lines printed say where."""
    USAGE = 2
    """The command was given wrongly."""
    CONFIGURATION = 3
    """A setting or a connection is missing or malformed; a person must fix it."""
    REMOTE = 4
    """The ledger, Amili or the database could not be reached, or refused; maybe for some of several invoices alone."""
    BLOCKED = 5
    """Findings stop at least one invoice; or something waits for a person, where that was asked."""
    UNFINISHED = 6
    """The work goes on; its end was not reached in the time given."""
    ENDED = 130
    """Ended by the person: Ctrl-C, or no at a question."""
