"""What a remote system said, as findings in the words of the people who can mend it."""

from __future__ import annotations

from connector.domain.errors import ConnectorError, FieldIssue, NotAuthorised, NotFound, RemoteError
from connector.domain.findings import Finding, Severity
from connector.hosts.fortnox.documents import SYSTEM as FORTNOX

_NOT_UNIQUE = "not unique"
"""How Eve names a duplicate (amili.md 7.4); whether Amili refuses duplicates at all is unknown."""


def of(error: ConnectorError) -> tuple[Finding, ...]:
    """A clear refusal, one finding for each field complained of."""
    system = error.system
    if isinstance(error, NotAuthorised) and system == FORTNOX:
        said = error.message.rstrip(".")
        return (
            _block(
                f"{_slug(system)}_not_authorised",
                sv=(
                    f"Fortnox nekade oss ({said}). En administratör för företaget ser över licens och "
                    "rättigheter i Fortnox, eller godkänner kopplingen igen. Skicka sedan igen."
                ),
                en=(
                    f"Fortnox refused us ({said}). An administrator of the company looks at licence and rights "
                    "in Fortnox, or approves the connector again. Then send again."
                ),
            ),
        )
    if isinstance(error, NotAuthorised):
        return (
            _block(
                f"{_slug(system)}_not_authorised",
                sv=f"{system} godtar inte vår nyckel. Lägg in en ny nyckel för företaget och skicka igen.",
                en=f"{system} does not accept our key. Enter a new key for the company and send again.",
            ),
        )
    if isinstance(error, NotFound):
        return (
            _block(
                f"{_slug(system)}_not_found",
                sv=f"{system} hittar inte det som söktes: {error.message}",
                en=f"{system} cannot find what was asked for: {error.message}",
            ),
        )
    issues = error.issues if isinstance(error, RemoteError) else ()
    if not issues:
        issues = (FieldIssue("", words(error)),)
    return tuple(
        _block(
            f"{_slug(system)}_refused",
            field=issue.field,
            sv=f"{system} tog inte emot ärendet ({issue.field or 'svar'}: {issue.message}). Rätta och skicka igen.",
            en=f"{system} did not accept the case ({issue.field or 'answer'}: {issue.message}). Correct and resend.",
        )
        for issue in issues
    )


def words(error: ConnectorError) -> str:
    """The remote system's own words (an excerpt, masked) where it gave any, else ours."""
    return (error.answer if isinstance(error, RemoteError) else "") or error.message


def waiting_text(error: ConnectorError) -> str:
    """What a hand-over waits for, in one line for people."""
    if isinstance(error, RemoteError) and error.status is not None:
        return f"{error.system} (HTTP {error.status})"
    return f"{error.system}: {error.message}"[:200]


def means_duplicate(error: RemoteError) -> bool:
    """Whether a refusal says that the invoice number is already registered."""
    return any(_NOT_UNIQUE in issue.message for issue in error.issues)


def number_taken(invoice_number: str) -> Finding:
    """Another hand-over of the same creditor already has this invoice number."""
    return _block(
        "A9",
        field="invoice.number",
        value=invoice_number,
        sv=f"Faktura {invoice_number} har redan ett ärende eller ett påbörjat försök från en annan fakturapost.",
        en=f"Invoice {invoice_number} already has a case or an attempt under way from another ledger record.",
    )


def creditor_changed() -> Finding:
    """The company was joined to another creditor after the hand-over was asked for."""
    return _block(
        "G1",
        field="settings.creditor",
        sv="Företaget har kopplats till en annan borgenär sedan fakturan begärdes. Granska och skicka igen.",
        en="The company was joined to another creditor after the invoice was asked for. Review it and send again.",
    )


def unsendable(error: ValueError) -> Finding:
    """A claim that passed the checks and still is no registration: our mistake, so it is stopped and named."""
    kind = type(error).__name__
    return _block(
        "claim_unsendable",
        sv=f"Ärendet kunde inte sättas samman ({kind}). Det är ett fel i kopplingen; kontakta den som driver den.",
        en=f"The registration could not be put together ({kind}). A fault in the connector; tell whoever runs it.",
    )


def case_stood_already(case_id: str) -> Finding:
    """A case for the invoice stood at Amili before we sent anything."""
    return Finding(
        code="case_stood_already",
        severity=Severity.INFO,
        field="invoice.number",
        value=case_id,
        sv=f"Fakturan hade redan ett ärende hos Amili ({case_id}); det används och inget nytt skapades.",
        en=f"The invoice already had a case at Amili ({case_id}); it is used and no new one was made.",
    )


def wish_taken_back() -> Finding:
    """The wish that asked for the hand-over does not stand in the ledger any more."""
    return Finding(
        code="wish_taken_back",
        severity=Severity.INFO,
        field="invoice",
        sv="Önskemålet om inkasso togs tillbaka i bokföringen innan fakturan skickades. Inget har skickats.",
        en="The wish to send was taken back in the ledger before the invoice was sent. Nothing was sent.",
    )


def several_cases(case_ids: tuple[str, ...]) -> Finding:
    """More than one open case stands at Amili for one invoice."""
    return Finding(
        code="several_cases",
        severity=Severity.WARNING,
        field="invoice.number",
        value=", ".join(case_ids),
        sv=f"Fakturan har flera öppna ärenden hos Amili: {', '.join(case_ids)}. Återkalla det som är fel.",
        en=f"The invoice has several open cases at Amili: {', '.join(case_ids)}. Withdraw the wrong one.",
    )


def withdrawn_case_is_open(case_id: str) -> Finding:
    """The invoice's withdrawn case still looks open at Amili; a second one beside it would claim twice."""
    return _block(
        "withdrawn_case_is_open",
        field="invoice.number",
        value=case_id,
        sv=f"Det återkallade ärendet ({case_id}) är ännu inte avslutat hos Amili. Skicka igen när det är det.",
        en=f"The withdrawn case ({case_id}) is not closed at Amili yet. Send the invoice again once it is.",
    )


def pdf_unavailable(why: str) -> Finding:
    """The case stands without the invoice's PDF."""
    return Finding(
        code="pdf_unavailable",
        severity=Severity.WARNING,
        field="invoice.pdf",
        sv=f"Ärendet är registrerat utan fakturakopia: {why} Ladda upp fakturan i Amili.",
        en=f"The case is registered without the invoice copy: {why} Upload the invoice at Amili.",
    )


def write_back_refused(why: str) -> Finding:
    """The ledger would not take the case id."""
    return Finding(
        code="write_back_refused",
        severity=Severity.WARNING,
        field="invoice",
        sv=f"Ärendenumret kunde inte skrivas i bokföringen: {why}",
        en=f"The case id could not be written into the ledger: {why}",
    )


def shown_here_alone(system: str, case_id: str) -> Finding:
    """The ledger lets nobody change such an invoice, so that the case stands in the connector alone."""
    return Finding(
        code="case_shown_here",
        severity=Severity.INFO,
        field="invoice",
        value=case_id,
        sv=f"Ärendenumret visas här: {system} låter ingen ändra bokförda fakturor. Inget behöver göras.",
        en=f"The case number is shown here: {system} does not let booked invoices be changed. Nothing is to be done.",
    )


def _block(code: str, *, sv: str, en: str, field: str = "", value: str = "") -> Finding:
    return Finding(code=code, severity=Severity.BLOCK, field=field, value=value, sv=sv, en=en)


def _slug(system: str) -> str:
    return "amili" if system == "Amili" else "ledger"
