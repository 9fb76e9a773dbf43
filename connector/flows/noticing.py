"""Noticing that the store may be a copy that was put back: of a time before what was sent since.

However it came there: by `restore`, by a copy of the files, from a snapshot of the machine, or because a server took
over without the last of what the other had kept. Then nothing is sent before it is looked up what Amili has already
(`connector.flows.hand_over.looking_up`). What may be a copy is treated as one: it costs a settling time and a look.
"""

from __future__ import annotations

import logging
from pathlib import Path

from connector.flows.deployment import Deployment
from connector.store import restores
from connector.store.restores import IN_A_BACKUP, Sign, Why

log = logging.getLogger(__name__)

STILL_FOR_S = 600.0
"""For so long no store stands still whose worker was killed and is started again."""
BESIDE = "latest-event"
"""The file in DATA_DIR that says how far the record had come. The databases beside it may be replaced by older ones."""

_WORDS = {
    Why.BACKUP: "a backup was put back",
    Why.SAID: "it was said that an earlier store was put back",
    Why.MOVED: "the database lies elsewhere than when it was last used, as a copy does",
    Why.OLDER: f"the database does not know of what the file “{BESIDE}” beside it tells: an earlier one was put back",
    Why.UNKNOWN: "where and when it was last used is not known",
    Why.STILL: "work on the database broke off a while ago: it may be an earlier one that was put back",
}


def notice(deployment: Deployment) -> Why | None:
    """Note that this store is at work here and now, and what tells that it may be a copy that was put back, if so."""
    db = deployment.databases.main
    here, before = restores.place(db), restores.last(db)
    why = _why(deployment, before, here)
    if not restores.sign(db, before, here, why=why):
        # Another worker was first.
        return None
    if why:
        log.warning("%s. Nothing is sent before it is looked up what Amili has already.", _WORDS[why].capitalize())
    keep_beside(deployment)
    return why


def keep_beside(deployment: Deployment) -> None:
    """Note beside the database how far its record has come. What cannot be noted is said in the log alone."""
    file = _file(deployment)
    if file is None:
        return
    number = restores.latest_event(deployment.databases.main)
    try:
        if _kept(file) != number:
            file.write_text(f"{number}\n", encoding="utf-8")
    except OSError as error:
        log.warning("%s cannot be written: %s", file, error.strerror or type(error).__name__)


def _why(deployment: Deployment, before: Sign | None, here: str) -> Why | None:
    db = deployment.databases.main
    if before is None:
        return None
    if not before.place:
        return Why.UNKNOWN
    if before.place in (IN_A_BACKUP, Why.SAID):
        return Why.SAID if before.place == Why.SAID else Why.BACKUP
    if before.place != here:
        return Why.MOVED
    file = _file(deployment)
    if file is not None and _kept(file) > restores.latest_event(db):
        return Why.OLDER
    broke_off = not before.at_rest and before.age_s > STILL_FOR_S
    return Why.STILL if broke_off and restores.has_hand_overs(db) else None


def _file(deployment: Deployment) -> Path | None:
    return None if deployment.settings.database_url else deployment.settings.data_dir / BESIDE


def _kept(file: Path) -> int:
    """Return what the file says; 0 where there is none, or it cannot be read."""
    try:
        return int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
