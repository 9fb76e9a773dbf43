"""What a remote system said, as findings in the words of the people who can fix it."""

from __future__ import annotations

from http import HTTPStatus

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import ConnectorError, FieldIssue, NotAuthorised, NotFound, OutOfReach, RemoteError
from connector.domain.findings import Finding, Severity
from connector.domain.fitting import Likeness
from connector.flows.operations import AT_AMILI
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
        said = error.message.rstrip(".")
        return (
            _block(
                f"{_slug(system)}_not_authorised",
                sv=(
                    f"{system} nekade oss ({said}). En administratör för företaget ser över licens och "
                    f"rättigheter i {system}, eller godkänner kopplingen igen. Skicka sedan igen."
                ),
                en=(
                    f"{system} refused us ({said}). An administrator of the company looks at licence and rights "
                    f"in {system}, or approves the connector again. Then send again."
                ),
            ),
        )
    what_sv, what_en = _tried(error)
    if isinstance(error, NotAuthorised) and system == AMILI:
        return (
            _block(
                f"{_slug(system)}_not_authorised",
                sv=(
                    f"Amili nekade kopplingen{what_sv}. Be Amili se över API-användarens nyckel och rättigheter, och "
                    "skicka igen."
                ),
                en=(
                    f"Amili refused the connector{what_en}. Ask Amili to look at the API user's key and rights, and "
                    "send again."
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
                sv=f"{system} hittar inte det som söktes{what_sv}, eller visar det inte för vår nyckel. Se efter där.",
                en=f"{system} cannot find what was asked for{what_en}, or does not show it to our key. Look there.",
            ),
        )
    if isinstance(error, OutOfReach):
        return (_out_of_reach(error),)
    issues = error.issues if isinstance(error, RemoteError) else ()
    if not issues:
        issues = (FieldIssue("", words(error)),)
    return tuple(_refused(error, issue) for issue in issues)


def _out_of_reach(error: OutOfReach) -> Finding:
    """Something of another company stands in the way: it is not the key, nor a right of its user's to the invoice."""
    system, name = error.system, error.name
    if error.what == "card":
        sv = (
            f"Kundkortet (id {name}) är begränsat till ett annat företag i {system}, så fakturan går inte att läsa. Ta "
            "bort företaget från kundkortet och skicka igen."
        )
        en = (
            f"The customer's card (id {name}) is restricted to another company in {system}, so that the invoice cannot "
            "be read. Take the company off the card and send again."
        )
    else:
        sv = (
            f"Fakturan är avprickad mot pengar hos {name}, som kopplingens användare inte får se i {system}. Lägg till "
            "det företaget för användaren och skicka igen."
        )
        en = (
            f"The invoice is matched with money of {name}, which the connector's user may not see in {system}. Add "
            "that company to the user's and send again."
        )
    return _block("ledger_out_of_reach", field="invoice", value=name, sv=sv, en=en)


def _refused(error: ConnectorError, issue: FieldIssue) -> Finding:
    """A no to what was asked: only a case that was sent can be corrected by the one who sent it."""
    system, (what_sv, what_en) = error.system, _tried(error)
    said_sv, said_en = (f"{issue.field or what}: {issue.message}".rstrip(".") for what in ("svar", "answer"))
    operation = error.operation if isinstance(error, RemoteError) else ""
    if system == AMILI and operation in ("", _REGISTERING):
        sv = f"{system} tog inte emot ärendet ({said_sv}). Rätta och skicka igen."
        en = f"{system} did not accept the case ({said_en}). Correct and resend."
    elif system == AMILI:
        sv = (
            f"Amili nekade en fråga som ställs innan ärendet skickas{what_sv}: {said_sv}. Fakturan behöver inte "
            "rättas. Skicka igen, och kontakta Amili om det upprepas."
        )
        en = (
            f"Amili refused a request that is made before the case is sent{what_en}: {said_en}. The invoice needs no "
            "correction. Send again, and contact Amili if it happens again."
        )
    else:
        sv = f"{system} nekade ({said_sv}). Rätta i {system} och skicka igen."
        en = f"{system} refused ({said_en}). Correct it in {system} and resend."
    return _block(f"{_slug(system)}_refused", field=issue.field, sv=sv, en=en)


def _tried(error: ConnectorError) -> tuple[str, str]:
    """Return what was tried of Amili, in brackets, or nothing."""
    operation = error.operation if isinstance(error, RemoteError) and error.system == AMILI else ""
    return (f" ({AT_AMILI[operation]})", f" ({operation})") if operation in AT_AMILI else ("", "")


def words(error: ConnectorError) -> str:
    """The remote system's own words (an excerpt, masked) where it gave any, else ours."""
    return (error.answer if isinstance(error, RemoteError) else "") or error.message


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
    return _block(
        "A9",
        field="invoice.number",
        value=invoice_number,
        sv=f"Faktura {invoice_number} har redan ett ärende eller ett påbörjat försök från en annan fakturapost.",
        en=f"Invoice {invoice_number} already has a case or an attempt under way from another ledger record.",
    )


def case_of_number(invoice_number: str, case_id: str) -> Finding:
    """A case was made of the number by a release that kept no more of its debt: a person says whether it is this."""
    return _block(
        "case_of_number",
        field="invoice.number",
        value=case_id,
        sv=f"Fakturanummer {invoice_number} har redan ett ärende hos Amili ({case_id}). Är det samma skuld?",
        en=f"Invoice number {invoice_number} already has a case at Amili ({case_id}). Is it the same debt?",
    )


def case_differs(case_id: str, likeness: Likeness) -> Finding:
    """An open case of the same number stands at Amili that is not, or not surely, of this debt: a person says whose."""
    sv, en = _differences(likeness)
    return _block(
        "case_differs",
        field="invoice.number",
        value=case_id,
        sv=f"Ett öppet ärende hos Amili ({case_id}) har samma fakturanummer, men {sv}. Är det samma skuld?",
        en=f"An open case at Amili ({case_id}) has the same invoice number, but {en}. Is it the same debt?",
    )


def case_will_differ(case_id: str, likeness: Likeness) -> Finding:
    """Return what `case_differs` will say once the invoice is sent, for anyone who looks at it before it was ever
    asked for.
    """
    sv, en = _differences(likeness)
    return Finding(
        code="case_differs",
        severity=Severity.WARNING,
        field="invoice.number",
        value=case_id,
        sv=(
            f"Ett öppet ärende hos Amili ({case_id}) har samma fakturanummer, men {sv}. Skickas fakturan stannar den "
            "först, och du får avgöra om det är samma skuld."
        ),
        en=(
            f"An open case at Amili ({case_id}) has the same invoice number, but {en}. If the invoice is sent it stops "
            "first, and you are asked whether it is the same debt."
        ),
    )


def _differences(likeness: Likeness) -> tuple[str, str]:
    differing = [
        words
        for same, words in (
            (likeness.invoice_date, ("fakturadatumet", "invoice date")),
            (likeness.capital, ("kapitalet", "capital")),
            (likeness.debtor, ("gäldenären", "debtor")),
        )
        if same is False
    ]
    if not differing:
        return (
            "visar varken fakturadatum, kapital eller gäldenär",
            "it shows neither invoice date nor capital nor debtor",
        )
    sv, en = [one for one, _ in differing], [one for _, one in differing]
    return f"{_listed(sv, 'och')} skiljer sig", f"{_listed(en, 'and')} {'differs' if len(en) == 1 else 'differ'}"


def _listed(some: list[str], last: str) -> str:
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} {last} {some[-1]}"


def case_not_shown(registration_id: str) -> Finding:
    """Amili took a registration half an hour ago, and shows no case for it."""
    sv = f" (registrering {registration_id})" if registration_id else ""
    en = f" (registration {registration_id})" if registration_id else ""
    return Finding(
        code="case_not_shown",
        severity=Severity.WARNING,
        field="invoice.number",
        value=registration_id,
        sv=f"Amili har tagit emot fakturan{sv} men visar inget ärende. Fråga Amili; inget skickas igen.",
        en=f"Amili has taken the invoice{en} but shows no case. Ask Amili; nothing is sent again.",
    )


def posted_often(times: int) -> Finding:
    """So many registrations were posted without an answer that no further one leaves without a person's word."""
    return Finding(
        code="posted_often",
        severity=Severity.WARNING,
        field="invoice.number",
        value=str(times),
        sv=(
            f"Fakturan har skickats {times} gånger utan läsbart svar, och inget ärende syns hos Amili. "
            "Fråga Amili; tillåt sedan ett försök till om de inte har den."
        ),
        en=(
            f"The invoice was sent {times} times without a readable answer, and no case shows at Amili. "
            "Ask Amili; then allow one more attempt if they do not have it."
        ),
    )


def lasting(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those of a hand-over's findings that still hold once it has its case."""
    return tuple(one for one in findings if one.code not in _UNTIL_THE_CASE_IS_FOUND)


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


def disconnected() -> Finding:
    """The connection ended before the invoice was sent."""
    return Finding(
        code="disconnected",
        severity=Severity.INFO,
        field="settings",
        sv="Företagets koppling avslutades innan fakturan skickades.",
        en="The company's connection was ended before the invoice was sent.",
    )


def asked_by_anybody(by: str) -> Finding:
    """The request stands where anyone who may change an invoice can write it, in anybody's name."""
    return _block(
        "asked_by_anybody",
        field="invoice",
        value=by,
        sv=f"Begäran ({by or 'utan namn'}) står i ett fält som alla som får ändra fakturan kan skriva i. Skicka "
        "fakturan härifrån om den ska skickas, eller begär det igen med knappen när bokföringssystemet har satts upp "
        "på nytt.",
        en=f"The request ({by or 'no name'}) stands in a field that whoever may change the invoice can write. Send the "
        "invoice from here if it is to be sent, or ask again by the button once the ledger has been set up anew.",
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


def pdf_unavailable(why: str, why_en: str = "") -> Finding:
    """The case stands without the invoice's PDF. `why_en` is `why` in English where those are words of ours."""
    return Finding(
        code="pdf_unavailable",
        severity=Severity.WARNING,
        field="invoice.pdf",
        sv=f"Ärendet är registrerat utan fakturakopia: {why} Ladda upp fakturan i Amili.",
        en=f"The case is registered without the invoice copy: {why_en or why} Upload the invoice at Amili.",
    )


def ocr_unread(error: RemoteError) -> Finding:
    """Amili's record of the case's registration, which tells its OCR number, cannot be read."""
    status = f" (HTTP {error.status})" if error.status is not None else ""
    return Finding(
        code="ocr_unread",
        severity=Severity.WARNING,
        field="invoice",
        sv=f"Ärendets OCR-nummer gick inte att läsa hos Amili{status}. Hämta det där om det behövs.",
        en=f"The OCR number of the case could not be read at Amili{status}. Get it there if it is needed.",
    )


def write_back_refused(why: str, *, of_case_id: bool) -> Finding:
    """The ledger would not take the case id, or something else that it was to show."""
    sv, en = ("Ärendenumret", "The case id") if of_case_id else ("Hur det står till", "How matters stand")
    return Finding(
        code="write_back_refused",
        severity=Severity.WARNING,
        field="invoice",
        sv=f"{sv} kunde inte skrivas i bokföringen: {why}",
        en=f"{en} could not be written into the ledger: {why}",
    )


def shown_here_alone(system: str, case_id: str) -> Finding:
    """The ledger lets no one change such an invoice, so that the case stands in the connector alone."""
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
    return "amili" if system == AMILI else "ledger"
