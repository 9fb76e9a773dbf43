"""What the checks say of the dates (part C), in Swedish and English."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "C1.invoice_date": Words(
        sv="Fakturadatum saknas. Ange det i bokföringen.",
        en="The invoice has no invoice date.",
    ),
    "C1.due_date": Words(
        sv="Förfallodatum saknas. Ange det i bokföringen.",
        en="The invoice has no due date.",
    ),
    "C1.order": Words(
        sv="Förfallodatum {due} ligger före fakturadatum {invoiced}. Rätta datumen i bokföringen.",
        en="The due date {due} is before the invoice date {invoiced}. Correct the dates in the ledger.",
    ),
    "C1.future": Words(
        sv="Fakturadatum {invoiced} ligger i framtiden. Rätta datumet i bokföringen.",
        en="The invoice date {invoiced} is in the future. Correct it in the ledger.",
    ),
    "C2": Words(
        sv="Fakturan förfaller först {due}. Den kan skickas tidigast {earliest}.",
        en="The invoice is not due until {due}. It can be sent on {earliest} at the earliest.",
    ),
    "C2.no_bank_day": Words(
        sv=(
            "Förfallodagen {due} är ingen bankdag, så kunden betalar i tid till och med nästa bankdag. Fakturan kan "
            "skickas tidigast {earliest}."
        ),
        en=(
            "The due date {due} is no bank day, so the customer pays in time until the next bank day is over. The "
            "invoice can be sent on {earliest} at the earliest."
        ),
    ),
    "C2.instalments": Words(
        sv=(
            "Fakturan ska betalas i {count} delar. {overdue} har förfallit, men {later} förfaller först senare, "
            "den sista delen {due}. Fakturan kan skickas tidigast {earliest}. Har hela fordran förfallit i förtid, "
            "ändra delarnas förfallodag i bokföringen."
        ),
        en=(
            "The invoice is to be paid in {count} parts. {overdue} is overdue, but {later} falls due later, the last"
            " part on {due}. The invoice can be sent on {earliest} at the earliest. If the whole claim has fallen due"
            " early, change the due date of its parts in the ledger."
        ),
    ),
    "C2.parts": Words(
        sv=(
            "Fakturan skulle betalas i {count} delar. Alla har förfallit; den sista förföll {due}, och räntan "
            "räknas därifrån."
        ),
        en=(
            "The invoice was to be paid in {count} parts. All are overdue; the last fell due on {due}, and interest "
            "runs from then."
        ),
    ),
    "C3": Words(
        sv=(
            "Vänta till {earliest} så att inbetalningar hinner bokföras: {count} bankdagar efter sista betalningsdag "
            "(förfallodag {due})."
        ),
        en=(
            "Wait until {earliest} so that receipts have time to be booked: {count} bank days after the last day to "
            "pay (due date {due})."
        ),
    ),
    "C4": Words(
        sv=(
            "Bokföringen visar ingen egen påminnelse. Välj påminnelse via Amili i stället, eller bekräfta att "
            "inkassokrav ska skickas direkt."
        ),
        en=(
            "The ledger shows no reminder of your own. Choose a reminder by Amili instead, or confirm that a "
            "collection demand shall be sent at once."
        ),
    ),
    "C5": Words(
        sv="Ovanlig betalningstid: {days} dagar. Bekräfta att datumen stämmer.",
        en="Unusual time to pay: {days} days. Confirm that the dates are right.",
    ),
    "C6": Words(
        sv=(
            "Fordran kan ha preskriberats {limit}, {years} år efter {since}. Den får bara krävas om preskriptionen har "
            "avbrutits på annat sätt; ange i så fall hur."
        ),
        en=(
            "The claim may have become time-barred on {limit}, {years} years after {since}. It may be claimed only if "
            "the limitation was interrupted in another way; if so, say how."
        ),
    ),
    "C6.soon": Words(
        sv=(
            "Fordran preskriberas {limit}, {years} år efter {since}, om inget avbryter preskriptionen. Bekräfta att "
            "fakturan ändå ska skickas."
        ),
        en=(
            "The claim becomes time-barred on {limit}, {years} years after {since}, unless something interrupts the "
            "limitation. Confirm that the invoice shall be sent all the same."
        ),
    ),
    "C7": Words(
        sv="Fakturan är {months} månader gammal. Bekräfta att belopp, kund och adress fortfarande stämmer.",
        en="The invoice is {months} months old. Confirm that the amount, the customer and the address still hold.",
    ),
}
