"""One judgement of one invoice: every finding at once, the reckoning, and the claim if there can be one."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from connector.domain.claim import AmountLine, Claim
from connector.domain.connection import AnyFirstAction
from connector.domain.findings import Finding
from connector.domain.invoice import Frozen
from connector.domain.money import Kronor
from connector.domain.text import Fact, as_data, from_data


class CreditorStatus(Frozen):
    """What Amili says of the creditor: G1 and G2 of RULES.md, "G: the creditor"."""

    id: str
    account: str
    name: str
    organization_number: str = ""
    is_active: bool
    has_payout_account: bool | None = None
    standard_debt_description: str = ""
    always_use_standard_debt_description: bool = False


class PdfFacts(Frozen):
    """What is known of the invoice's PDF before sending. `problem` says why there is none.

    `active` says that it may run something when it is opened, `files` how many files it carries.
    """

    available: bool
    is_pdf: bool = True
    active: bool = False
    files: int = 0
    size_bytes: int = 0
    invoice_number: str = ""
    problem: Annotated[Fact, PlainValidator(from_data), PlainSerializer(as_data)] = ""


class Circumstances(Frozen):
    """What a judgement needs beside the invoice and the settings.

    `proposed_balance` is the balance a person saw when deciding (A2). `open_case` is the id of a case that
    already stands for this creditor and invoice, `unknown_attempt` says that an earlier registration has no
    known outcome (A9); `withdrawn_case` names an earlier, withdrawn or closed case (A10).
    `by_rule` says that a rule sends, so that no one looks at this invoice by itself.
    `creditor` is None when Amili was not asked, as in an offline mapping; `pdf` likewise.
    """

    today: date
    first_action: AnyFirstAction
    by_rule: bool = False
    proposed_balance: Kronor | None = None
    open_case: str = ""
    unknown_attempt: bool = False
    withdrawn_case: str = ""
    creditor: CreditorStatus | None = None
    pdf: PdfFacts | None = None


class Assessment(Frozen):
    """The judgement. `claim` is None when the invoice lacks what a claim must carry.

    `debtor_reads` is the text after "The debt concerns" that the debtor will read, as far as it is known.
    """

    findings: tuple[Finding, ...]
    amounts: tuple[AmountLine, ...]
    claim: Claim | None
    debtor_reads: str = ""
