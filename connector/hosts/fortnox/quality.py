"""What of the contract is kept with Fortnox."""

from __future__ import annotations

from connector.hosts.base import Quality, QualityList

QUALITY = QualityList(
    keeps=frozenset(
        {
            Quality.PASSES_THE_CONTRACT,
            Quality.HAS_A_DEMO,
            Quality.ASKED_INSIDE,
            Quality.TELLS_OF_CHANGES,
            Quality.SETS_ITSELF_UP,
            Quality.RENEWS_ACCESS,
            Quality.TELLS_OF_DISPUTES,
        }
    ),
    lacks={
        Quality.MET_A_REAL_ONE: "no company has been connected yet",
        Quality.ASKER_ON_RECORD: "nothing tells who put a label on an invoice",
        Quality.WITHDRAWN_INSIDE: "there is no place for that",
        Quality.SHOWS_THE_CASE: "a booked invoice may take neither the field nor a label",
        Quality.SHOWS_THE_STATUS: "there is no place for it on an invoice",
        Quality.TAKES_MESSAGES: "there is no place for them",
        Quality.PDF_AS_SENT: "it is made as the company would print it today",
        Quality.LEAST_RIGHTS: "no scope is for reading alone",
        Quality.TELLS_OF_REMINDERS: "the last one's day, and not its fee",
    },
)
