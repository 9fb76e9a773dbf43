"""The labels of a company in Fortnox, and those of an invoice (API.md, "Labels").

Fortnox does not say whether a label's text is unique, so that two who make one at the same moment may leave two of it.
Anyone who looks for a text takes every label with it for the same; anyone who sets one takes the one with the lowest
id.
"""

from __future__ import annotations

from connector.domain.errors import KeyRefused, NotAuthorised, Refused
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import label_ids

LABEL_FIELD = "Labels"

_WRITES = 2
"""How often labels are written at most: a second time if someone else wrote them at the same moment."""


def find_or_create(client: FortnoxClient, description: str) -> tuple[int, ...]:
    """The ids of the company's labels with this text, the lowest first; one is made if there is none.

    Raises the errors of `FortnoxClient`.
    """
    if known := client.labels().get(description):
        return known
    try:
        created = client.create_label(description)
    except (KeyRefused, NotAuthorised):
        raise
    except Refused:
        # Perhaps because someone else has made it at this moment.
        if known := client.labels().get(description):
            return known
        raise
    return client.labels().get(description) or (created,)


def put(client: FortnoxClient, invoice_number: str, description: str) -> bool:
    """Add the label with this text to an invoice; False if it, or one that was there, is not there afterwards.

    An invoice's labels are written all at once, and Fortnox does not say whether someone has changed them meanwhile
    (API.md, "Labels"). So they are read immediately before, and again after, and what was lost is put back once: ours
    to someone who saved the invoice as it was before, theirs if ours took their place. What someone adds between
    our reading and our writing, the tenth of a second that it takes, cannot be seen to be lost.

    Raises the errors of `FortnoxClient`.
    """
    ours = find_or_create(client, description)
    there = label_ids(client.read(Call.READ_INVOICE, invoice_number))
    if set(ours) & set(there):
        return True
    wanted: tuple[int, ...] = (*there, ours[0])
    for _ in range(_WRITES):
        client.set_labels(invoice_number, tuple(dict.fromkeys((*there, *wanted))))
        there = label_ids(client.read(Call.READ_INVOICE, invoice_number))
        if set(wanted) <= set(there):
            return True
    return False
