"""The OCR number of a case that was taken over: by which its payments are to be marked at Amili.

The answer to a registration tells it (amili/API.md, "Answer to a registration"). A case tells nothing of it, only the
registration that made it.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from sqlalchemy import Engine

from connector.amili.client import AmiliClient
from connector.domain.errors import Refused, RemoteError
from connector.domain.findings import Finding
from connector.flows import remote_findings
from connector.store import ocr_numbers
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Lease

log = logging.getLogger(__name__)

_TRIES = 4
"""After so many the ledger is updated of the case without the number: the case matters more."""


def completed(db: Engine, amili: AmiliClient, lease: Lease) -> HandOver:
    """The lease's hand-over, with the OCR number of its case if Amili tells it, else with the finding that it does not.

    The finding is stored with what becomes of the write-back. Raises what may pass of the errors of remote calls, for
    the first tries.
    """
    hand_over = lease.hand_over
    if hand_over.ocr or not hand_over.registration_id or not hand_over.case_id:
        return hand_over
    try:
        found = amili.registration(hand_over.registration_id)
    except RemoteError as error:
        if not isinstance(error, Refused) and hand_over.tries < _TRIES:
            raise
        log.warning("hand-over %s: the OCR number of its case could not be read: %s", hand_over.id, error)
        return replace(hand_over, findings=(*_but_unread(hand_over), remote_findings.ocr_unread(error)))
    hand_over = replace(hand_over, findings=_but_unread(hand_over))
    # Which of several numbers belongs to which of several cases is not documented.
    if found.case_ids != (hand_over.case_id,) or len(found.ocr_numbers) != 1:
        return hand_over
    kept = ocr_numbers.keep(db, lease, found.ocr_numbers[0], ocr_id=next(iter(found.ocr_number_ids), ""))
    return replace(kept, findings=hand_over.findings)


def _but_unread(hand_over: HandOver) -> tuple[Finding, ...]:
    return tuple(one for one in hand_over.findings if one.code != remote_findings.OCR_UNREAD)
