"""What a difference most likely comes from, and what resolves it, in the words of the people who read it."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.reconcile import Difference, DifferenceKind

SV: Mapping[DifferenceKind, str] = {
    DifferenceKind.REPORT_UNDER_WAY: (
        "En betalning eller kreditering rapporteras till Amili, eller väntar på att bokföras eller på ett svar. "
        "Står det kvar, se efter om betalningen är avstämd mot banken."
    ),
    DifferenceKind.NOT_REPORTABLE: (
        "Mindre är öppet i bokföringen än hos Amili, och det går inte att rapportera: ett steg som behövs för det "
        "nekas eller misslyckas. Vilket står under Att göra."
    ),
    DifferenceKind.NOT_REPORTED: (
        "Mindre är öppet i bokföringen än hos Amili, och ingen betalning eller kreditering förklarar det. "
        "Se efter vad som bokförts på fakturan, och rapportera det hos Amili."
    ),
    DifferenceKind.PAID_AT_AMILI: (
        "Gäldenären har betalat till Amili. Bokför utbetalningen när den har kommit; den rapporteras inte tillbaka."
    ),
    DifferenceKind.MORE_IN_LEDGER: (
        "Mer är öppet i bokföringen än hos Amili, och ingen har betalat dit: en betalning eller kreditering har "
        "ändrats eller tagits bort, eller så har fakturan ökat. Rätta bokföringen, eller ta det med Amili."
    ),
    DifferenceKind.CLOSED_AT_AMILI: (
        "Ärendet är avslutat hos Amili men fakturan är inte betald i bokföringen. Bokför utbetalningen, "
        "eller avgör om resten är en förlust."
    ),
    DifferenceKind.SETTLED_IN_LEDGER: (
        "Inget av kapitalet är kvar, men ärendet är öppet hos Amili: avgifter eller ränta kan vara obetalda. "
        "Amili avslutar det, eller så återkallar du det."
    ),
    DifferenceKind.NO_CLAIM: (
        "Fakturan är makulerad, ett utkast eller borta i bokföringen, men ärendet är öppet. "
        "Återkalla ärendet, eller återställ fakturan."
    ),
    DifferenceKind.DISPUTED: (
        "Fakturan är bestridd i bokföringen, men ärendet är öppet. Pausa det hos Amili, eller återkalla det."
    ),
    DifferenceKind.CASE_GONE: "Amili känner inte till ärendet längre. Fråga Amili.",
    DifferenceKind.NOT_READ: "Beloppet visas inte av bokföringen eller av Amili. Jämför för hand.",
    DifferenceKind.OUTCOME_UNKNOWN: (
        "Det är okänt om ett ärende skapades. Det söks upp av sig självt; står det kvar, se efter hos Amili."
    ),
    DifferenceKind.UNKNOWN_CASE: (
        "Ett öppet ärende hos Amili som inte har skickats härifrån. "
        "Är fakturan densamma tas ärendet över när den skickas."
    ),
    DifferenceKind.SEVERAL_CASES: (
        "Amili har ett öppet ärende till med fakturans nummer, utöver det som skickades härifrån: gäldenären kan "
        "krävas två gånger. Gäller båda samma skuld, återkalla det som är fel; gäller det en annan skuld, låt det stå."
    ),
    DifferenceKind.STILL_OPEN: (
        "Ärendet är återkallat härifrån, men Amili har det fortfarande öppet. Se efter hos Amili, och fråga dem."
    ),
}

EN: Mapping[DifferenceKind, str] = {
    DifferenceKind.REPORT_UNDER_WAY: (
        "A payment or credit is being reported to Amili, or waits to be booked or for an answer. "
        "If this stays, see whether the payment is matched with the bank."
    ),
    DifferenceKind.NOT_REPORTABLE: (
        "Less is open in the ledger than at Amili, and it cannot be reported: a step that this needs is refused or "
        "fails. Which one stands under To do."
    ),
    DifferenceKind.NOT_REPORTED: (
        "Less is open in the ledger than at Amili, and no payment or credit explains it. "
        "Look at what was booked on the invoice, and report it at Amili."
    ),
    DifferenceKind.PAID_AT_AMILI: (
        "The debtor has paid to Amili. Book the payout once it has come; it is not reported back."
    ),
    DifferenceKind.MORE_IN_LEDGER: (
        "More is open in the ledger than at Amili, and nobody has paid there: a payment or credit was changed or "
        "removed, or the invoice has grown. Correct the ledger, or settle it with Amili."
    ),
    DifferenceKind.CLOSED_AT_AMILI: (
        "The case is closed at Amili but the invoice is not paid in the ledger. Book the payout, "
        "or decide whether the rest is a loss."
    ),
    DifferenceKind.SETTLED_IN_LEDGER: (
        "Nothing of the capital is left, but the case is open at Amili: fees or interest may be unpaid. "
        "Amili closes it, or you withdraw it."
    ),
    DifferenceKind.NO_CLAIM: (
        "The invoice is cancelled, a draft or gone in the ledger, but the case is open. "
        "Withdraw the case, or restore the invoice."
    ),
    DifferenceKind.DISPUTED: (
        "The invoice is disputed in the ledger, but the case is open. Pause it at Amili, or withdraw it."
    ),
    DifferenceKind.CASE_GONE: "Amili does not know the case any more. Ask Amili.",
    DifferenceKind.NOT_READ: "The amount is not shown by the ledger or by Amili. Compare by hand.",
    DifferenceKind.OUTCOME_UNKNOWN: (
        "It is not known whether a case was made. It is looked for by itself; if this stays, look at Amili."
    ),
    DifferenceKind.UNKNOWN_CASE: (
        "An open case at Amili that was not sent from here. "
        "If the invoice is the same, the case is taken over when that is sent."
    ),
    DifferenceKind.SEVERAL_CASES: (
        "Amili has another open case with the invoice's number, beside the one that was sent from here: the debtor may "
        "be claimed twice. If both are for the same debt, withdraw the wrong one; if it is for another, let it stand."
    ),
    DifferenceKind.STILL_OPEN: (
        "The case was withdrawn from here, but Amili still has it open. Look at Amili, and ask them."
    ),
}

_DECIDED_SV = "Någon har beslutat att det får stå så: frågan om betalningen är avslutad."
_DECIDED_EN = "Somebody has decided that this may stand: the question about the payment is closed."


def cause(difference: Difference, language: str) -> str:
    """Return what it comes from and what to do, in `language` ("sv", or else English)."""
    if difference.is_decided:
        return _DECIDED_SV if language == "sv" else _DECIDED_EN
    return (SV if language == "sv" else EN)[difference.kind]
