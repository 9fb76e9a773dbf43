"""What of the contract is kept with Odoo."""

from __future__ import annotations

from connector.hosts.base import Quality, QualityList

QUALITY = QualityList(
    keeps=frozenset(
        {
            Quality.PASSES_THE_CONTRACT,
            Quality.MET_A_REAL_ONE,
            Quality.HAS_A_DEMO,
            Quality.ASKED_INSIDE,
            Quality.ASKER_ON_RECORD,
            Quality.WITHDRAWN_INSIDE,
            Quality.TELLS_OF_CHANGES,
            Quality.SHOWS_THE_CASE,
            Quality.SHOWS_THE_STATUS,
            Quality.TAKES_MESSAGES,
            Quality.PDF_AS_SENT,
            Quality.SETS_ITSELF_UP,
            Quality.TELLS_OF_DISPUTES,
        }
    ),
    lacks={
        Quality.LEAST_RIGHTS: "no group is narrower than Invoicing, which may also create invoices and payments",
        Quality.RENEWS_ACCESS: "only where an Odoo from 19 on lets its users make keys by a call",
        Quality.TELLS_OF_REMINDERS: "only where one of OCA's modules keeps them",
    },
)
