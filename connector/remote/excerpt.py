"""Short excerpts of what another system said, fit for a log and a page: no secret, no personal number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connector.domain.redaction import redacted

_READ_AT_MOST = 8_000
_LONGEST_NUMBER = 64
"""How long a personal number may be with its spaces and escapes."""


def excerpt(
    text: str,
    *,
    secrets: Iterable[str] = (),
    mask: str,
    at_most: int,
    end: str = "",
    read: Callable[[str], str] = str,
) -> str:
    """The beginning of `text` on one line, with `mask` for what `connector.domain.redaction.redacted` takes out.

    It is at most `at_most` characters long, and ends in `end` where it is cut. `read` makes plain words of the text.
    """
    secrets = tuple(secrets)
    # Masked before it is cut: half a secret would no longer look like one.
    line = redacted(" ".join(read(text[:_READ_AT_MOST]).split()), secrets=secrets, mask=mask)
    if len(text) > _READ_AT_MOST:
        # What stood where reading ended may have been half of one.
        line = line[: -max(_LONGEST_NUMBER, *map(len, secrets), 0)]
    return line if len(line) <= at_most else line[: at_most - len(end)] + end
