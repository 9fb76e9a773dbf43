"""What a person is asked about an invoice at Amili, in the words of the people who can answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.amili.actions import RegisteredAction
from connector.domain.checks.words import Words
from connector.domain.errors import ConnectorError
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import FollowUpKind, Reason, Verdict, reported_as
from connector.domain.money import as_text
from connector.flows.remote_findings import words

_WHAT: Mapping[FollowUpKind, Words] = MappingProxyType(
    {
        FollowUpKind.PAYMENT: Words(sv="Betalningen", en="The payment"),
        FollowUpKind.CREDIT: Words(sv="Krediteringen", en="The credit"),
    }
)

_TEXTS: Mapping[Reason, Words] = MappingProxyType(
    {
        Reason.BEFORE_CASE: Words(
            sv="{what} på {amount} kr är daterad {date}, före ärendet. Gäller den fordran ska Amili få veta det.",
            en="{what} of {amount} SEK is dated {date}, before the case. If it pays this claim, Amili must know.",
        ),
        Reason.AROUND_REGISTRATION: Words(
            sv="{what} på {amount} kr ({date}) kan redan vara avdragen i det belopp som skickades. Jämför med ärendet.",
            en="{what} of {amount} SEK ({date}) may be taken off the claimed amount already. Compare with the case.",
        ),
        Reason.OTHER_CURRENCY: Words(
            sv="{what} på {amount} är inte i kronor. Amili tar bara emot kronor.",
            en="{what} of {amount} is not in kronor. Amili takes kronor only.",
        ),
        Reason.NO_RECEIPT: Words(
            sv="Fakturan har minskats med {amount} kr ({date}), och bokföringen visar inte att så mycket kom in för "
            "den. Hur mycket kom in?",
            en="The invoice was lessened by {amount} SEK ({date}), and the ledger does not show that so much came in "
            "for it. How much came in?",
        ),
        Reason.REJECTED: Words(
            sv="Betalningen på {amount} kr ({date}) är avvisad i bokföringen men står kvar mot fakturan. Inget har "
            "rapporterats: ta bort den från fakturan om pengarna inte har kommit.",
            en="The payment of {amount} SEK ({date}) is rejected in the ledger, and still stands against the invoice. "
            "Nothing was reported: take it off the invoice if the money has not come.",
        ),
        Reason.SURPLUS: Words(
            sv="Kunden betalade {amount} kr ({date}) mer än fakturan. Gäller det ränta eller kostnader i ärendet "
            "ska Amili få veta det.",
            en="The customer paid {amount} SEK ({date}) beyond the invoice. If that is for interest or costs of the "
            "case, Amili must know.",
        ),
        Reason.REFUND: Words(
            sv="En återbetalning på {amount} kr ({date}) är bokförd. Den går inte att rapportera; ta det med Amili.",
            en="A refund of {amount} SEK ({date}) is booked. It cannot be reported; settle it with Amili.",
        ),
        Reason.MAY_BE_PAYOUT: Words(
            sv="{what} på {amount} kr ({date}) kan vara Amilis egen utbetalning. Rapportera bara pengar från kunden.",
            en="{what} of {amount} SEK ({date}) may be Amili's own payout. Report only money from the customer.",
        ),
        Reason.PAYOUTS_UNREAD: Words(
            sv="{what} på {amount} kr ({date}) kan vara Amilis egen utbetalning: utbetalningarna gick inte att läsa. "
            "Rapportera bara pengar från kunden.",
            en="{what} of {amount} SEK ({date}) may be Amili's own payout: the payouts could not be read. "
            "Report only money from the customer.",
        ),
        Reason.CASE_CLOSED: Words(
            sv="{what} på {amount} kr ({date}) kom sedan ärendet avslutats hos Amili. Stäm av med Amili.",
            en="{what} of {amount} SEK ({date}) came after Amili closed the case. Settle it with Amili.",
        ),
        Reason.REMAINING_UNKNOWN: Words(
            sv="Amili visar inte vad som återstår, så {amount} kr ({date}) har inte rapporterats. Jämför med ärendet.",
            en="Amili does not show what remains, so {amount} SEK ({date}) was not reported. Compare with the case.",
        ),
        Reason.OVER_REMAINING: Words(
            sv="{what} på {amount} kr ({date}) är mer än vad som återstår i ärendet hos Amili. Inget har rapporterats.",
            en="{what} of {amount} SEK ({date}) is more than what remains of the case at Amili. Nothing was reported.",
        ),
        Reason.WRITE_OFF: Words(
            sv="{amount} kr är avskrivet ({date}). Det är ingen betalning: bestäm om Amili ska driva resten.",
            en="{amount} SEK was written off ({date}). That is no payment: should Amili pursue the rest?",
        ),
        Reason.UNTIED_CREDIT: Words(
            sv="Kunden har en kredit på {amount} kr ({number}) utan faktura. Kvitta den om den gäller fakturan.",
            en="The customer has a credit of {amount} SEK ({number}) without invoice. Match it if it is for this one.",
        ),
        Reason.INCREASED: Words(
            sv="{what} har ökat med {amount} kr i bokföringen sedan den hanterades. Ska ökningen rapporteras?",
            en="{what} grew by {amount} SEK in the ledger after it was dealt with. Report the difference?",
        ),
        Reason.REVERSED: Words(
            sv="{amount} kr som Amili räknat med är ändrat eller borttaget i bokföringen. Det går inte att ta tillbaka "
            "härifrån: kontakta Amili. Inget mer rapporteras förrän det är besvarat.",
            en="{amount} SEK that Amili reckons with was changed or removed in the ledger. It cannot be taken back "
            "from here: contact Amili. Nothing more is reported until this is answered.",
        ),
        Reason.DISPUTED: Words(
            sv="Fakturan är bestridd i bokföringen. Ge anstånd eller återkalla ärendet hos Amili, och utred. "
            "Inget mer rapporteras förrän det är besvarat.",
            en="The invoice is disputed in the ledger. Grant a respite or withdraw the case at Amili, and look "
            "into it. Nothing more is reported until this is answered.",
        ),
        Reason.PUT_OFF: Words(
            sv="Fakturan förfaller först {date} i bokföringen, men ärendet går vidare. Om kunden har fått anstånd "
            "eller en avbetalningsplan: ge det hos Amili också, eller återkalla ärendet.",
            en="The invoice is not due before {date} in the ledger, but the case goes on. If the customer was given "
            "respite or an instalment plan, grant it at Amili too, or withdraw the case.",
        ),
        Reason.INVOICE_CANCELLED: Words(
            sv="Fakturan är makulerad, men ärendet hos Amili står kvar. Återkalla det om den inte gäller.",
            en="The invoice is cancelled in the ledger, but the case at Amili stands. Withdraw it if nothing is owed.",
        ),
        Reason.INVOICE_DRAFT: Words(
            sv="Fakturan är ett utkast igen i bokföringen. Bokför den på nytt, eller återkalla ärendet hos Amili.",
            en="The invoice is a draft again in the ledger. Post it again, or withdraw the case at Amili.",
        ),
        Reason.INVOICE_GONE: Words(
            sv="Fakturan finns inte i bokföringen längre; ärendet står kvar. Återkalla det om det är fel.",
            en="The invoice is not in the ledger any more; its case stands. Withdraw it if that is wrong.",
        ),
        Reason.INVOICE_UNREADABLE: Words(
            sv="Ett belopp på fakturan går inte att läsa exakt, så inget rapporteras. Rätta det i bokföringen.",
            en="An amount of the invoice cannot be read exactly, so nothing is reported. Correct it in the ledger.",
        ),
        Reason.INVOICE_LOWERED: Words(
            sv="Fakturan har ändrats i bokföringen och är {amount} kr lägre än när den skickades, så Amili kräver för "
            "mycket. Rapportera skillnaden som en kreditering, eller återkalla ärendet och skicka fakturan på nytt.",
            en="The invoice was changed in the ledger and is {amount} SEK lower than when it was sent, so Amili claims "
            "too much. Report the difference as a credit, or withdraw the case and send the invoice anew.",
        ),
        Reason.INVOICE_RAISED: Words(
            sv="Fakturan har ändrats i bokföringen och är {amount} kr högre än när den skickades. Ärendet hos Amili "
            "kan inte höjas: fakturera skillnaden för sig, eller återkalla ärendet och skicka fakturan på nytt.",
            en="The invoice was changed in the ledger and is {amount} SEK higher than when it was sent. The case at "
            "Amili cannot be raised: invoice the difference by itself, or withdraw the case and send the invoice anew.",
        ),
        Reason.DEBTOR_NAME: Words(
            sv="Kundens namn på kundkortet är inte längre det som skickades. Är det en annan betalningsskyldig, eller "
            "har kunden bytt namn, låt Amili få veta det.",
            en="The customer's name on its card is no longer what was sent. If somebody else owes, or the name has "
            "changed, let Amili know.",
        ),
        Reason.DEBTOR_NUMBER: Words(
            sv="Kundens org-/personnummer på kundkortet är inte längre det som skickades. Kontrollera att rätt person "
            "krävs, och låt Amili få veta det.",
            en="The customer's organisation or personal number on its card is no longer what was sent. Make sure that "
            "the right person is claimed, and let Amili know.",
        ),
        Reason.DEBTOR_ADDRESS: Words(
            sv="Kundens adress på kundkortet är inte längre den som gällde när fakturan skickades. Lämna den nya till "
            "Amili.",
            en="The customer's address on its card is no longer what it was when the invoice was sent. Give Amili the "
            "new one.",
        ),
        Reason.DEBTOR_ESTATE: Words(
            sv="Kunden är nu ett dödsbo enligt kundkortet, och ärendet går vidare. Kontakta Amili.",
            en="The customer is the estate of somebody deceased now, by its card, and the case goes on. Contact Amili.",
        ),
        Reason.DEBTOR_INSOLVENT: Words(
            sv="Kunden är nu i konkurs, likvidation, rekonstruktion eller skuldsanering enligt kundkortet, och ärendet "
            "går vidare. Kontakta Amili, och anmäl fordran till den som förvaltar boet.",
            en="The customer is now in bankruptcy, liquidation, reconstruction or debt relief, by its card, and the "
            "case goes on. Contact Amili, and file the claim with whoever administers the estate.",
        ),
        Reason.DEBTOR_PROTECTED: Words(
            sv="Kunden har nu skyddade uppgifter enligt kundkortet, och ärendet går vidare. Kontakta Amili genast.",
            en="The customer's data are protected now, by its card, and the case goes on. Contact Amili at once.",
        ),
    }
)


def of_verdict(verdict: Verdict) -> tuple[Finding, ...]:
    """Return what a person is asked; nothing where no one is."""
    if verdict.reason is None:
        return ()
    template = _TEXTS[verdict.reason]
    what = _WHAT.get(reported_as(verdict.kind, verdict.id), Words(sv="Ändringen", en="The change"))
    shown = {"amount": as_text(verdict.amount), "date": verdict.date or "–", "number": verdict.number or "–"}
    return (
        _warning(
            str(verdict.reason),
            value=as_text(verdict.amount) if verdict.amount else "",
            sv=template.sv.format(what=what.sv, **shown),
            en=template.en.format(what=what.en, **shown),
        ),
    )


def refused(error: ConnectorError) -> Finding:
    """Amili clearly refused the report; nothing took effect."""
    said = words(error)
    return _warning(
        "refused",
        sv=f"Amili tog inte emot rapporten: {said} Rätta det och rapportera igen, eller gör det hos Amili.",
        en=f"Amili did not accept the report: {said} Mend it and report again, or do it at Amili.",
    )


def failed(action: RegisteredAction) -> Finding:
    """Amili took the report in, and it had no effect."""
    return _warning(
        "failed",
        value=action.status_reason,
        sv=f"Rapporten hade ingen verkan hos Amili ({_said(action)}). Rapportera igen, eller gör det hos Amili.",
        en=f"The report had no effect at Amili ({_said(action)}). Report again, or do it at Amili.",
    )


def settled_otherwise(action: RegisteredAction) -> Finding:
    """Amili took the report in with a warning, or for another amount."""
    amount = "?" if action.settled_amount is None else as_text(action.settled_amount)
    return _warning(
        "settled_otherwise",
        value=action.status_reason,
        sv=f"Amili har räknat av {amount} kr, med anmärkning ({_said(action)}). Jämför med ärendet hos Amili.",
        en=f"Amili settled {amount} SEK, with a remark ({_said(action)}). Compare with the case at Amili.",
    )


def outcome_not_told() -> Finding:
    """Amili took the report in and does not say what became of it."""
    return _warning(
        "outcome_not_told",
        sv="Amili har tagit emot rapporten men säger inte vad den ledde till. Jämför med ärendet hos Amili.",
        en="Amili took the report in and does not say what became of it. Compare with the case at Amili.",
    )


def not_shown() -> Finding:
    """A report got an answer of success half an hour ago, and Amili does not show it."""
    return _warning(
        "not_shown",
        sv="Amili svarade att det tagits emot, men visar det inte. Fråga Amili. Har de det inte: rapportera igen.",
        en="Amili answered that it was received, but does not show it. Ask Amili. If they lack it, report again.",
    )


def posted_often(times: int) -> Finding:
    """So many reports were posted without an answer that no further one leaves without a person's word."""
    return _warning(
        "posted_often",
        value=str(times),
        sv=f"Detta har skickats till Amili {times} gånger utan läsbart svar, och syns inte där. Fråga Amili. "
        "Har de det inte: rapportera igen.",
        en=f"This was sent to Amili {times} times without a readable answer, and does not show there. Ask Amili. "
        "If they do not have it, report again.",
    )


def withdrawn_otherwise(action: RegisteredAction) -> Finding:
    """Amili took the withdrawal in with a warning."""
    return _warning(
        "withdrawn_otherwise",
        value=action.status_reason,
        sv=f"Amili har återkallat ärendet med anmärkning ({_said(action)}). Kontrollera ärendet hos Amili.",
        en=f"Amili withdrew the case with a remark ({_said(action)}). Check the case at Amili.",
    )


def closed_already() -> Finding:
    """Before a withdrawal was sent, the case was closed without one."""
    return _warning(
        "closed_already",
        sv="Ärendet är redan avslutat hos Amili, utan återkallelse. Inget har skickats.",
        en="The case is closed at Amili already, without a withdrawal. Nothing was sent.",
    )


def paid_instead() -> Finding:
    """A withdrawal was wished for in the ledger, and the case may end by itself with what was paid or credited."""
    return _warning(
        "withdrawal_paid",
        sv="Ärendet är inte återkallat: det finns betalningar eller krediteringar som Amili ska få veta, eller just "
        "har fått veta. Ett betalt ärende avslutas av sig självt. Ska det ändå återkallas görs det på ärendets sida.",
        en="The case was not withdrawn: there are payments or credits that Amili is to be told of, or has just been "
        "told of. A paid case closes by itself. To withdraw it all the same, use the case's page.",
    )


def may_be_paid() -> Finding:
    """A withdrawal was wished for in the ledger, and it cannot be seen whether the invoice is paid."""
    return _warning(
        "withdrawal_unseen",
        sv="Ärendet är inte återkallat: ett belopp på fakturan går inte att läsa exakt, så det kan vara betalt. "
        "Ska det ändå återkallas görs det på ärendets sida.",
        en="The case was not withdrawn: an amount of the invoice cannot be read exactly, so it may be paid. "
        "To withdraw it all the same, use the case's page.",
    )


def meant_for_another_case(case_id: str) -> Finding:
    """A withdrawal was wished for of a case that is not the invoice's present one."""
    return _warning(
        "withdrawal_of_another_case",
        value=case_id,
        sv=f"Ärendet är inte återkallat: begäran gällde ett annat ärende ({case_id or '–'}). Begär det igen om det "
        "gäller detta.",
        en=f"The case was not withdrawn: the request concerned another case ({case_id or '–'}). Ask again if it is "
        "meant for this one.",
    )


def withdrawal_asked_by_anybody(by: str) -> Finding:
    """A withdrawal was wished for where anyone who may change an invoice can write it, in anybody's name."""
    return _warning(
        "withdrawal_asked_by_anybody",
        value=by,
        sv=f"Ärendet är inte återkallat: begäran ({by or 'utan namn'}) står i ett fält som alla som får ändra fakturan "
        "kan skriva i. Återkalla ärendet här om det ska återkallas, eller begär det igen i bokföringssystemet när det "
        "har satts upp på nytt.",
        en=f"The case was not withdrawn: the request ({by or 'no name'}) stands in a field that whoever may change the "
        "invoice can write. Withdraw it here if it is to be withdrawn, or ask again in the ledger once it has been set "
        "up anew.",
    )


def without_reason() -> Finding:
    """A withdrawal was wished for without saying why."""
    return _warning(
        "withdrawal_without_reason",
        sv="Ärendet är inte återkallat: begäran saknar skäl. Skriv varför och begär det igen.",
        en="The case was not withdrawn: the request gives no reason. Say why, and ask again.",
    )


def nothing_to_withdraw() -> Words:
    """A withdrawal was wished for of an invoice of which we know no case."""
    return Words(
        sv="Inget är återkallat: Amili-kopplingen har inget ärende för fakturan. Finns det hos Amili, återkalla där.",
        en="Nothing was withdrawn: the Amili connector has no case of the invoice. If Amili has, withdraw it there.",
    )


def may_stand_already() -> Finding:
    """Before anything was sent, Amili's list did not tell whether it stands there already."""
    return _warning(
        "may_stand_already",
        sv="Detta kan redan vara registrerat för hand hos Amili: samma belopp står där utan referens, eller utan "
        "ärende. Inget har skickats. Jämför med ärendet hos Amili.",
        en="This may have been entered at Amili by hand already: the same amount stands there without a reference, or "
        "without a case. Nothing was sent. Compare with the case at Amili.",
    )


def unsendable(error: ValueError) -> Finding:
    """Return what passed the rules and still is no report: our mistake, so it is stopped and named."""
    kind = type(error).__name__
    return _warning(
        "unsendable",
        sv=f"Rapporten kunde inte sättas samman ({kind}). Det är ett fel i kopplingen; kontakta den som driver den.",
        en=f"The report could not be put together ({kind}). A fault in the connector; tell whoever runs it.",
    )


def _said(action: RegisteredAction) -> str:
    return " ".join(filter(None, (action.status, action.status_reason)))


def _warning(code: str, *, sv: str, en: str, value: str = "") -> Finding:
    return Finding(code=f"follow_up_{code}", severity=Severity.WARNING, field="invoice", value=value, sv=sv, en=en)
