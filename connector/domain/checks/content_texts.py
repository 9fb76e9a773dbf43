"""What the checks say of the evidence and the creditor (parts F and G), in Swedish and English."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "F1.empty": Words(
        sv=("Beskriv vad fakturan avser: raderna saknar text. Fyll i fakturaraderna eller mallen i inställningarna."),
        en=(
            "Describe what the invoice is for: its lines have no text. Fill in the lines, or the template"
            " in the settings."
        ),
    ),
    "F1.standard": Words(
        sv='Amili skriver borgenärens standardtext om vad skulden avser: "{text}".',
        en='Amili writes the creditor\'s standard text about what the debt concerns: "{text}".',
    ),
    "F1.vague": Words(
        sv='Beskriv tydligare vad fakturan avser: "{text}" säger inte vad som har sålts.',
        en='Describe more clearly what the invoice is for: "{text}" does not say what was sold.',
    ),
    "F2.missing": Words(
        sv="Fakturakopia saknas: {problem}",
        en="The copy of the invoice is missing: {problem}",
    ),
    "F2.no_pdf": Words(
        sv="Fakturakopian går inte att läsa som PDF-fil. Skapa om den i bokföringen.",
        en="The copy of the invoice cannot be read as a PDF file. Make it again in the ledger.",
    ),
    "F2.active": Words(
        sv="Fakturakopian innehåller skript eller program som kan köras när den öppnas. Skapa om den utan dem.",
        en="The copy of the invoice holds scripts or programs that may run when it is opened. Make it without them.",
    ),
    "F2.files": Words(
        sv="Fakturakopian har andra filer inbäddade i sig ({count} st). Skapa om den utan dem.",
        en="The copy of the invoice has other files embedded in it ({count}). Make it without them.",
    ),
    "F2.number": Words(
        sv="Fakturakopian gäller faktura {found}, inte {wanted}. Byt bilaga på fakturan.",
        en="The copy is of invoice {found}, not {wanted}. Replace the invoice's attachment.",
    ),
    "F2.size": Words(
        sv="Fakturakopian är {size} byte; den får vara högst {maximum} och inte tom.",
        en="The copy of the invoice is {size} bytes; it may be at most {maximum}, and not empty.",
    ),
    "F3": Words(
        sv=(
            "Fordringstypen kräver särskild hantering enligt era inställningar ({what}). Stäm av med Amili innan "
            "fakturan skickas."
        ),
        en=(
            "Special rules hold for this kind of claim by your settings ({what}). Agree with Amili before the invoice "
            "is sent."
        ),
    ),
    "F4": Words(
        sv=(
            "Fakturan kan röja känsliga uppgifter enligt era inställningar ({what}). Granska fakturakopian och "
            "bekräfta att den kan skickas."
        ),
        en=(
            "The invoice may disclose sensitive matters by your settings ({what}). Look at its copy and confirm that "
            "it can be sent."
        ),
    ),
    "F5": Words(
        sv=(
            "Fakturans OCR-nummer har fel kontrollsiffra, så kunden kan inte betala med det där banken kontrollerar "
            "det. Fråga kunden om betalning har misslyckats, och rätta hur bokföringen gör numren."
        ),
        en=(
            "The invoice's OCR number has a wrong check digit: the customer cannot pay with it where the bank checks "
            "it. Ask the customer whether a payment failed, and mend how the ledger makes these numbers."
        ),
    ),
    "F5.length": Words(
        sv=(
            "Fakturans OCR-nummer har {length} siffror men längdsiffran {found} i stället för {wanted}, så kunden kan "
            "inte betala med det där banken kontrollerar längden. Fråga kunden om betalning har misslyckats, och välj "
            "en annan sorts nummer i bokföringen."
        ),
        en=(
            "The invoice's OCR number has {length} digits and the length digit {found} instead of {wanted}: the "
            "customer cannot pay with it where the bank checks the length. Ask the customer whether a payment failed, "
            "and choose another kind of number in the ledger."
        ),
    ),
    "F5.long": Words(
        sv=(
            "Fakturans OCR-nummer har {length} siffror; Bankgirot tar emot 2 till 25, så kunden kan inte betala med "
            "det. Fråga kunden om betalning har misslyckats."
        ),
        en=(
            "The invoice's OCR number has {length} digits; Bankgirot takes 2 to 25, so that the customer cannot pay "
            "with it. Ask the customer whether a payment failed."
        ),
    ),
    "G1.missing": Words(
        sv="Företaget är inte kopplat till Amili ({environment}). Slutför anslutningen.",
        en="The company is not connected to Amili ({environment}). Complete the connection.",
    ),
    "G1.mismatch": Words(
        sv=(
            "Anslutningen pekar på en annan borgenär eller ett annat konto hos Amili ({environment}) än "
            "det som Amili uppger. Anslut på nytt."
        ),
        en=(
            "The connection points at another creditor or account at Amili ({environment}) than the one "
            "that Amili states. Connect again."
        ),
    ),
    "G1.first_action": Words(
        sv=(
            'Ärendet ska börja som "{action}", vilket inte hör till företagets val. Välj ett annat på fakturan, '
            "eller lägg till det i inställningarna om det är avtalat med Amili."
        ),
        en=(
            'The case is to begin as "{action}", which is none of the company\'s choices. Choose another on the '
            "invoice, or add it to the settings if it is agreed with Amili."
        ),
    ),
    "G1.organization": Words(
        sv=("Borgenären hos Amili ({environment}) har ett annat organisationsnummer än företaget. Välj rätt borgenär."),
        en=(
            "The creditor at Amili ({environment}) has another organisation number than the company. "
            "Choose the right creditor."
        ),
    ),
    "G2.inactive": Words(
        sv="Avtalet med Amili är inte aktiverat: borgenären är inaktiv. Kontakta Amili.",
        en="The agreement with Amili is not active: the creditor is inactive. Contact Amili.",
    ),
    "G2.payout": Words(
        sv="Borgenären saknar utbetalningskonto hos Amili. Lägg till bankgiro hos Amili.",
        en="The creditor has no payout account at Amili. Add a bankgiro at Amili.",
    ),
}
