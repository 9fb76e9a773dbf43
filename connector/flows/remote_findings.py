"""What a remote system said, as findings for the people who can fix it."""

from __future__ import annotations

from http import HTTPStatus

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import ConnectorError, FieldIssue, NotAuthorised, NotFound, OutOfReach, RemoteError
from connector.domain.findings import Finding, Severity
from connector.domain.fitting import Likeness
from connector.domain.hand_over import WRITE_BACK_REFUSED
from connector.domain.text import Fact, Quote, StoredWords, Text, in_series, text
from connector.flows.error_words import words_of
from connector.flows.operations import at_amili
from connector.hosts import kinds

CASE_QUESTIONS = ("case_differs", "case_of_number", "case_not_shown", "posted_often")
"""Findings that ask a person about the case."""
OCR_UNREAD = "ocr_unread"
_UNTIL_THE_CASE_IS_FOUND = ("case_not_shown", "posted_often")

_REGISTERING = "register a case"

_NOT_UNIQUE = "not unique"
"""How Eve names a duplicate (amili/API.md, "Errors"); whether Amili refuses duplicates at all is unknown."""


def of(error: ConnectorError) -> tuple[Finding, ...]:
    """A clear refusal, one finding for each field complained of."""
    system = error.system
    if isinstance(error, NotAuthorised) and kinds.approves_rights(system):
        return (_block("ledger_not_authorised", text("remote.consent_refused", system=system, said=words_of(error))),)
    if isinstance(error, NotAuthorised) and system == AMILI:
        return (_block("amili_not_authorised", _tried("remote.amili_not_authorised", error)),)
    if isinstance(error, NotAuthorised):
        return (_block("ledger_not_authorised", text("remote.key_refused", system=system)),)
    if isinstance(error, NotFound):
        return (_block(f"{_slug(system)}_not_found", _tried("remote.not_found", error, system=system)),)
    if isinstance(error, OutOfReach):
        return (_out_of_reach(error),)
    issues = error.issues if isinstance(error, RemoteError) else ()
    if not issues:
        return (_refused(error, words_of(error)),)
    return tuple(_refused(error, _complaint(issue), field=issue.field) for issue in issues)


def _out_of_reach(error: OutOfReach) -> Finding:
    """Something of another company stands in the way: it is not the key, nor a right of its user's to the invoice."""
    key = "remote.card_out_of_reach" if error.what == "card" else "remote.company_out_of_reach"
    return _block(
        "ledger_out_of_reach", text(key, system=error.system, name=error.name), field="invoice", value=error.name
    )


def _complaint(issue: FieldIssue) -> Text:
    said = Quote(issue.message)
    return (
        text("remote.issue", field=issue.field, said=said) if issue.field else text("remote.issue_of_answer", said=said)
    )


def _refused(error: ConnectorError, said: Fact, *, field: str = "") -> Finding:
    """A no to what was asked: only a case that was sent can be corrected by the one who sent it."""
    operation = error.operation if isinstance(error, RemoteError) else ""
    if error.system != AMILI:
        says = text("remote.ledger_refused", system=error.system, said=said)
    elif operation in ("", _REGISTERING):
        says = text("remote.case_refused", said=said)
    else:
        says = _tried("remote.question_refused", error, said=said)
    return _block(f"{_slug(error.system)}_refused", says, field=field)


def _tried(key: str, error: ConnectorError, **facts: Fact) -> Text:
    """Return the text of `key`, with what was tried where that was asked of Amili."""
    operation = at_amili(error.operation) if isinstance(error, RemoteError) and error.system == AMILI else None
    return text(f"{key}.tried", operation=operation, **facts) if operation else text(key, **facts)


def waiting_text(error: ConnectorError) -> str:
    """Return what a hand-over waits for, in one line for people."""
    if isinstance(error, RemoteError) and error.status is not None:
        return f"{error.system} (HTTP {error.status})"
    return f"{error.system}: {error.message}"[:200]


def means_duplicate(error: RemoteError) -> bool:
    """Return whether a refusal says, or may say, that the same is there already: a conflict is what 409 means."""
    return error.status == HTTPStatus.CONFLICT or any(_NOT_UNIQUE in issue.message for issue in error.issues)


def number_taken(invoice_number: str) -> Finding:
    """Another hand-over of the same creditor already has this invoice number."""
    says = text("remote.number_taken", number=invoice_number)
    return _block("A9", says, field="invoice.number", value=invoice_number)


def case_of_number(invoice_number: str, case_id: str) -> Finding:
    """A case was made of the number by a release that kept no more of its debt: a person says whether it is this."""
    says = text("remote.case_of_number", number=invoice_number, case=case_id)
    return _block("case_of_number", says, field="invoice.number", value=case_id)


def case_differs(case_id: str, likeness: Likeness) -> Finding:
    """An open case of the same number stands at Amili that is not, or not surely, of this debt: a person says whose."""
    says = text("remote.case_differs", case=case_id, difference=_differences(likeness))
    return _block("case_differs", says, field="invoice.number", value=case_id)


def case_will_differ(case_id: str, likeness: Likeness) -> Finding:
    """Return what `case_differs` will say once the invoice is sent, for anyone who looks at it before it was ever
    asked for.
    """
    says = text("remote.case_will_differ", case=case_id, difference=_differences(likeness))
    return _of(Severity.WARNING, "case_differs", says, field="invoice.number", value=case_id)


def _differences(likeness: Likeness) -> Text:
    differing = [
        text(f"remote.differing.{name}")
        for name, same in (
            ("invoice_date", likeness.invoice_date),
            ("capital", likeness.capital),
            ("debtor", likeness.debtor),
        )
        if same is False
    ]
    if not differing:
        return text("remote.shows_nothing")
    return text("remote.differs", count=len(differing), what=in_series(differing, "and"))


def case_not_shown(registration_id: str) -> Finding:
    """Amili took a registration half an hour ago, and shows no case for it."""
    says = text("remote.case_not_shown")
    if registration_id:
        says = text("remote.case_not_shown.registration", registration=registration_id)
    return _of(Severity.WARNING, "case_not_shown", says, field="invoice.number", value=registration_id)


def posted_often(times: int) -> Finding:
    """So many registrations were posted without an answer that no further one leaves without a person's word."""
    says = text("remote.posted_often", times=times)
    return _of(Severity.WARNING, "posted_often", says, field="invoice.number", value=str(times))


def lasting(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those of a hand-over's findings that still hold once it has its case."""
    return tuple(one for one in findings if one.code not in _UNTIL_THE_CASE_IS_FOUND)


def creditor_changed() -> Finding:
    """The company was joined to another creditor after the hand-over was asked for."""
    return _block("G1", text("remote.creditor_changed"), field="settings.creditor")


def unsendable(error: ValueError) -> Finding:
    """A claim that passed the checks and still is no registration: our mistake, so it is stopped and named."""
    return _block("claim_unsendable", text("remote.claim_unsendable", kind=type(error).__name__))


def case_stood_already(case_id: str) -> Finding:
    """A case for the invoice stood at Amili before we sent anything."""
    says = text("remote.case_stood_already", case=case_id)
    return _of(Severity.INFO, "case_stood_already", says, field="invoice.number", value=case_id)


def wish_taken_back() -> Finding:
    """The wish that asked for the hand-over does not stand in the ledger any more."""
    return _of(Severity.INFO, "wish_taken_back", text("remote.wish_taken_back"), field="invoice")


def disconnected() -> Finding:
    """The connection ended before the invoice was sent."""
    return _of(Severity.INFO, "disconnected", text("remote.disconnected"), field="settings")


def asked_by_anybody(by: str) -> Finding:
    """The request stands where anyone who may change an invoice can write it, in anybody's name."""
    return _block(
        "asked_by_anybody", text("remote.asked_by_anybody", by=by or text("by_nobody")), field="invoice", value=by
    )


def several_cases(case_ids: tuple[str, ...]) -> Finding:
    """More than one open case stands at Amili for one invoice."""
    named = ", ".join(case_ids)
    says = text("remote.several_cases", cases=named)
    return _of(Severity.WARNING, "several_cases", says, field="invoice.number", value=named)


def withdrawn_case_is_open(case_id: str) -> Finding:
    """The invoice's withdrawn case still looks open at Amili; a second one beside it would claim twice."""
    says = text("remote.withdrawn_case_is_open", case=case_id)
    return _block("withdrawn_case_is_open", says, field="invoice.number", value=case_id)


def pdf_unavailable(why: Text | StoredWords) -> Finding:
    """The case stands without the invoice's PDF. `why` is a sentence of ours."""
    return _of(Severity.WARNING, "pdf_unavailable", text("remote.pdf_unavailable", why=why), field="invoice.pdf")


def ocr_unread(error: RemoteError) -> Finding:
    """Amili's record of the case's registration, which tells its OCR number, cannot be read."""
    says = text("remote.ocr_unread")
    if error.status is not None:
        says = text("remote.ocr_unread.status", status=error.status)
    return _of(Severity.WARNING, OCR_UNREAD, says, field="invoice")


def write_back_refused(why: Fact, *, of_case_id: bool) -> Finding:
    """The ledger would not take the case id, or something else that it was to show."""
    key = "remote.write_back_refused.case" if of_case_id else "remote.write_back_refused.state"
    return _of(Severity.WARNING, WRITE_BACK_REFUSED, text(key, why=why), field="invoice")


def shown_here_alone(system: str, case_id: str) -> Finding:
    """The ledger lets no one change such an invoice, so that the case stands in the connector alone."""
    says = text("remote.case_shown_here", system=system)
    return _of(Severity.INFO, "case_shown_here", says, field="invoice", value=case_id)


def _block(code: str, says: Text, *, field: str = "", value: str = "") -> Finding:
    return _of(Severity.BLOCK, code, says, field=field, value=value)


def _of(severity: Severity, code: str, says: Text, *, field: str = "", value: str = "") -> Finding:
    return Finding(code=code, severity=severity, field=field, value=value, says=says)


def _slug(system: str) -> str:
    return "amili" if system == AMILI else "ledger"
