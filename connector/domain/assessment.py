"""One judgement of one invoice: every finding at once, the reckoning, and the claim if there can be one."""

from __future__ import annotations

from datetime import date

from connector.domain.claim import AmountLine, Claim
from connector.domain.connection import FirstAction
from connector.domain.findings import Finding
from connector.domain.invoice import Frozen
from connector.domain.money import Kronor


class CreditorStatus(Frozen):
    """What Amili says of the creditor: G1 and G2 of domain.md section 11."""

    id: str
    account: str
    name: str
    organization_number: str = ""
    is_active: bool
    has_payout_account: bool | None = None


class PdfFacts(Frozen):
    """What is known of the invoice's PDF before sending. `problem` says why there is none, in the host's words."""

    available: bool
    starts_as_pdf: bool = True
    size_bytes: int = 0
    invoice_number: str = ""
    problem: str = ""


class Circumstances(Frozen):
    """What a judgement needs besides the invoice and the settings.

    `proposed_balance` is the balance a person saw when deciding (A2). `open_case` is the id of a case that
    already stands for this creditor and invoice, `unknown_attempt` says that an earlier registration has no
    known outcome (A9); `withdrawn_case` names an earlier, withdrawn or closed case (A10).
    `creditor` is None when Amili was not asked, as in an offline mapping; `pdf` likewise.
    """

    today: date
    first_action: FirstAction
    proposed_balance: Kronor | None = None
    open_case: str = ""
    unknown_attempt: bool = False
    withdrawn_case: str = ""
    creditor: CreditorStatus | None = None
    pdf: PdfFacts | None = None


class Assessment(Frozen):
    """The judgement. `claim` is None when the invoice lacks what a claim must carry."""

    findings: tuple[Finding, ...]
    amounts: tuple[AmountLine, ...]
    claim: Claim | None
