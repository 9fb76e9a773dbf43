"""What only those who runs the connector may read: the file of its secrets and the folder of its databases."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from connector.domain.errors import ConfigurationError

log = logging.getLogger(__name__)

_EVERYBODY = stat.S_IRWXO
_OTHERS = stat.S_IRWXO | stat.S_IRWXG


def keep_private(path: Path, name: str) -> None:
    """Take `path`, which people know as `name`, away from everybody else on the machine, and say so in the log.

    A group that alone may read it was chosen by someone, and keeps that. Raises `ConfigurationError` where it cannot
    be fixed.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unmended(path, name, error.strerror) from None
    if not mode & _EVERYBODY:
        return
    try:
        path.chmod(mode & ~_OTHERS)
        still = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise _unmended(path, name, error.strerror) from None
    if still & _EVERYBODY:
        raise _unmended(path, name, "its file system keeps no rights")
    log.warning(
        "%s was open to everybody on this machine (%03o); it is open to you alone now (%03o). If others may have read "
        "it, make new secrets: connector/OPERATING.md, “New secret keys”.",
        name,
        mode,
        still,
    )


def _unmended(path: Path, name: str, problem: str | None) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is open to everybody on this machine, and that cannot be changed: {problem or 'not allowed'}.",
        advice=f"Let its owner run: chmod go-rwx {path}",
    )
