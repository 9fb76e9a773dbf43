"""What the checks say, in Swedish and English: what is wrong and what to do about it.

A key is a check's code, with a suffix where one check has several things to say. Amounts and dates are
given as `Decimal` and `date` and written as each language does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from connector.domain.findings import Finding, Severity
from connector.domain.money import as_text


class Words(NamedTuple):
    """One text in both languages."""

    sv: str
    en: str


Fact = str | int | Decimal | date | Words


TEXTS: Mapping[str, Words] = {
    "A1.draft": Words(
        sv="Fakturan är inte bokförd. Bokför den innan den skickas.",
        en="The invoice is not booked. Book it before it is sent.",
    ),
    "A1.cancelled": Words(
        sv="Fakturan är makulerad och kan inte skickas.",
        en="The invoice is cancelled and cannot be sent.",
    ),
    "A1.credit_note": Words(
        sv="Det här är en kreditfaktura. Den kan inte skickas till inkasso.",
        en="This is a credit note. It cannot be sent to collection.",
    ),
    "A1.kind": Words(
        sv="Kontantfakturor och andra dokument än vanliga kundfakturor kan inte skickas.",
        en="Cash invoices, and documents other than ordinary customer invoices, cannot be sent.",
    ),
    "A1.number": Words(
        sv="Fakturan saknar nummer. Bokför den så att den får ett.",
        en="The invoice has no number. Book it so that it gets one.",
    ),
    "A2.paid": Words(
        sv="Fakturan är betald: inget återstår i kundreskontran. Det finns inget att kräva.",
        en="The invoice is paid: nothing is left on it in the ledger. There is nothing to claim.",
    ),
    "A2.changed": Words(
        sv=(
            "Saldot har ändrats från {proposed} till {balance} sedan fakturan valdes. Läs in fakturan "
            "igen och ta ställning på nytt."
        ),
        en=(
            "The balance has changed from {proposed} to {balance} since the invoice was chosen. Read the "
            "invoice again and decide anew."
        ),
    ),
    "A3": Words(
        sv=(
            "Senaste bokförda inbetalning är {booked}. Bokför inbetalningarna till och med {needed} "
            "först, så att ingen krävs på det som redan är betalt."
        ),
        en=(
            "Bank receipts are booked up to {booked}. Book them up to {needed} first, so that nobody is "
            "claimed for what is already paid."
        ),
    ),
    "A4": Words(
        sv=(
            "Det finns {count} omatchade inbetalningar, sammanlagt {amount}, som kan gälla fakturan. "
            "Matcha dem eller bekräfta att de gäller något annat."
        ),
        en=(
            "There are {count} unmatched receipts, {amount} in all, that may be for this invoice. Match "
            "them, or confirm that they are for something else."
        ),
    ),
    "A5": Words(
        sv="Kunden har en okvittad kredit på {amount}. Kvitta den mot fakturan först.",
        en="The customer has an unapplied credit of {amount}. Apply it to the invoice first.",
    ),
    "A6": Words(
        sv="Fakturan är bestridd eller spärrad ({details}). Utred invändningen innan den skickas.",
        en="The invoice is disputed or on hold ({details}). Investigate before it is sent.",
    ),
    "A6.never": Words(
        sv=(
            "Kunden är spärrad för inkasso i bokföringen. Ta bort spärren på kunden först, om fakturan "
            "ändå ska skickas."
        ),
        en=(
            "The customer is barred from collection in the ledger. Take the bar off the customer first, "
            "if the invoice shall be sent all the same."
        ),
    ),
    "A7": Words(
        sv="Kunden har anstånd eller avbetalning till {until}. Vänta tills dess.",
        en="The customer has a respite or an instalment plan until {until}. Wait until then.",
    ),
    "A8": Words(
        sv="Fakturan är såld, pantsatt eller hanteras redan av {owner}. Den kan inte skickas härifrån.",
        en="The invoice is sold, pledged or already handled by {owner}. It cannot be sent from here.",
    ),
    "A9.open_case": Words(
        sv="Fakturan har redan ärendet {case} hos Amili. Följ det i stället för att skicka igen.",
        en="The invoice already has case {case} at Amili. Follow that one instead of sending again.",
    ),
    "A9.unknown_attempt": Words(
        sv=("Ett tidigare försök att skicka fakturan är inte avklarat. Det kontrolleras mot Amili; vänta på besked."),
        en=(
            "An earlier attempt to send the invoice has no known outcome yet. It is being looked up at "
            "Amili; wait for the answer."
        ),
    ),
    "A10": Words(
        sv=("Ett tidigare ärende ({case}) återkallades eller avslutades. Bekräfta att fakturan ska skickas igen."),
        en=("An earlier case ({case}) was withdrawn or closed. Confirm that the invoice shall be sent again."),
    ),
    "A11.interest": Words(
        sv="Fakturan avser endast ränta. Bekräfta att den ska skickas.",
        en="The invoice is for interest only. Confirm that it shall be sent.",
    ),
    "A11.fees": Words(
        sv="Det som återstår är bara avgifter eller ränta. Bekräfta att fakturan ska skickas.",
        en="Only fees or interest are left to pay. Confirm that the invoice shall be sent.",
    ),
    "B1": Words(
        sv="Fakturan är i {currency}. Endast fakturor i SEK kan skickas.",
        en="The invoice is in {currency}. Only invoices in SEK can be sent.",
    ),
    "B2.sums": Words(
        sv=(
            "Beloppen går inte ihop: saldo {balance}, totalt {total}, varav bokförda påminnelseavgifter "
            "och räntor {fees}, betalt och krediterat {settled}. Rätta fakturan eller inbetalningarna i "
            "bokföringen."
        ),
        en=(
            "The amounts do not add up: balance {balance}, total {total}, of which booked reminder fees "
            "and interest {fees}, paid and credited {settled}. Correct the invoice or its payments in the"
            " ledger."
        ),
    ),
    "B2.nothing_left": Words(
        sv=("Av saldot {balance} är allt påminnelseavgifter eller ränta; inget kapital återstår att kräva."),
        en="All of the balance {balance} is reminder fees or interest; no capital is left to claim.",
    ),
    "B2.unreadable": Words(
        sv="Beloppet i fältet {name} går inte att läsa på öret. Rätta det i bokföringen; inget avrundas.",
        en=("The amount in the field {name} cannot be read to the öre. Correct it in the ledger; nothing is rounded."),
    ),
    "B3.impossible": Words(
        sv=(
            "Fakturaavgiften {fee} stämmer inte med fakturan på {total}. Kontrollera vilka rader som är fakturaavgift."
        ),
        en=("The invoice fee {fee} does not agree with the invoice of {total}. Check which lines are invoice fees."),
    ),
    "B3.lines": Words(
        sv=(
            "Fakturaraderna blir {lines} men fakturan {total}, så fakturaavgiftens moms är osäker. Kontrollera raderna."
        ),
        en=(
            "The invoice's lines add up to {lines} but the invoice to {total}, so the VAT of the invoice "
            "fee is uncertain. Check the lines."
        ),
    ),
    "B4": Words(
        sv=(
            "Bekräfta att fakturaavgiften på {fee} är avtalad med kunden, eller ange i inställningarna "
            "att den alltid är det."
        ),
        en=(
            "Confirm that the invoice fee of {fee} is agreed with the customer, or state in the settings "
            "that it always is."
        ),
    ),
    "B5": Words(
        sv="Beloppet {amount} är under er gräns {limit}. Bekräfta att fakturan ändå ska skickas.",
        en=("The amount {amount} is below your limit of {limit}. Confirm that the invoice shall be sent anyway."),
    ),
    "B6": Words(
        sv="Beloppet {amount} överstiger er gräns {limit} och kräver attest.",
        en="The amount {amount} is above your limit of {limit} and needs approval.",
    ),
    "B7": Words(
        sv="{settled} av {total} är betalt eller krediterat; {capital} skickas.",
        en="{settled} of {total} is paid or credited; {capital} is sent.",
    ),
    "B8": Words(
        sv=(
            "Fakturan har skattereduktion på {reduction}. Endast kundens del {capital} skickas; bekräfta "
            "att Skatteverkets del inte ingår."
        ),
        en=(
            "The invoice has a tax reduction of {reduction}. Only the customer's part {capital} is sent; "
            "confirm that the Tax Agency's part is not in it."
        ),
    ),
    "B9": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som dröjsmålsränta men räknas som kapital. Ange i"
            " inställningarna att den är ränta; Amili räknar själv ut räntan."
        ),
        en=(
            "The invoice has a line of {amount} that reads like late interest but counts as capital. "
            "State in the settings that it is interest; Amili computes interest itself."
        ),
    ),
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
        sv="Fakturan förfaller först {due}. Den kan skickas tidigast dagen efter.",
        en="The invoice is not due until {due}. It can be sent the day after at the earliest.",
    ),
    "C2.instalments": Words(
        sv=(
            "Fakturan ska betalas i {count} delar. {overdue} har förfallit, men {later} förfaller först senare, "
            "den sista delen {due}. Fakturan kan skickas dagen efter. Har hela fordran förfallit i förtid, ändra "
            "delarnas förfallodag i bokföringen."
        ),
        en=(
            "The invoice is to be paid in {count} parts. {overdue} is overdue, but {later} falls due later, the last"
            " part on {due}. The invoice can be sent the day after. If the whole claim has fallen due early, change"
            " the due date of its parts in the ledger."
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
    "C5": Words(
        sv="Ovanlig betalningstid: {days} dagar. Bekräfta att datumen stämmer.",
        en="Unusual time to pay: {days} days. Confirm that the dates are right.",
    ),
    "D1": Words(
        sv="Påminnelseavgiften är {fee} men får vara högst {maximum}. Sänk den i bokföringen.",
        en="The reminder fee is {fee} but may be at most {maximum}. Lower it in the ledger.",
    ),
    "D2": Words(
        sv="Fakturan har {count} påminnelseavgifter. Endast en får tas ut per fordran; ta bort de andra.",
        en="The invoice has {count} reminder fees. Only one may be charged per claim; remove the others.",
    ),
    "D3": Words(
        sv=("Påminnelsen med avgift är daterad {charged}. Den ska vara daterad efter förfallodagen och senast i dag."),
        en=("The reminder with a fee is dated {charged}. It must be dated after the due date and today at the latest."),
    ),
    "D4": Words(
        sv=(
            "Är påminnelseavgiften på {fee} avtalad med kunden senast när skulden uppkom? Bekräfta, eller"
            " ange i inställningarna att den alltid är det."
        ),
        en=(
            "Was the reminder fee of {fee} agreed with the customer when the debt arose at the latest? "
            "Confirm, or state in the settings that it always is."
        ),
    ),
    "D7": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som påminnelseavgift men räknas som kapital. Ange"
            " i inställningarna att den är påminnelseavgift."
        ),
        en=(
            "The invoice has a line of {amount} that reads like a reminder fee but counts as capital. "
            "State in the settings that it is a reminder fee."
        ),
    ),
    "D8": Words(
        sv=("Påminnelseavgiften på {fee} är redan betald och får inte krävas igen. Ta bort avgiften från påminnelsen."),
        en=(
            "The reminder fee of {fee} is already paid and must not be claimed again. Remove the fee from the reminder."
        ),
    ),
    "E1": Words(
        sv="Kundens namn saknas. Fyll i det på kundkortet.",
        en="The customer's name is missing. Fill it in on the customer card.",
    ),
    "E2": Words(
        sv="Org-/personnummer saknas. Fyll i det på kundkortet; inkassokrav kan inte skickas utan.",
        en=(
            "The organisation or personal number is missing. Fill it in on the customer card; no "
            "collection demand can be sent without it."
        ),
    ),
    "E2.foreign": Words(
        sv=(
            "Kundens nummer är inte svenskt och skickas inte med. Inkassokrav kan inte skickas utan "
            "svenskt org-/personnummer."
        ),
        en=(
            "The customer's number is not Swedish and is not sent. No collection demand can be sent "
            "without a Swedish organisation or personal number."
        ),
    ),
    "E3": Words(
        sv="Org-/personnumret har fel kontrollsiffra eller format. Rätta det på kundkortet.",
        en=("The organisation or personal number has a wrong check digit or format. Correct it on the customer card."),
    ),
    "E4": Words(
        sv="Ange om kunden är företag, enskild firma eller privatperson.",
        en="State whether the customer is a company, a sole trader or a private person.",
    ),
    "E4.conflict": Words(
        sv="Kunden har organisationsnummer men står som privatperson. Rätta numret eller kundtypen.",
        en=(
            "The customer has an organisation number but is entered as a private person. Correct the "
            "number or the customer type."
        ),
    ),
    "E5": Words(
        sv="Det går inte att se i vilket århundrade kunden är född. Ange personnummer med 12 siffror.",
        en=("The century of the customer's birth cannot be told. Enter the personal number with 12 digits."),
    ),
    "E6": Words(
        sv="Kunden var under 18 år på fakturadagen. Utred vem som är rätt betalningsskyldig.",
        en="The customer was under 18 on the invoice date. Find out who is liable to pay.",
    ),
    "E9": Words(
        sv="Skyddade uppgifter: kontakta Amili manuellt.",
        en="Protected personal data: contact Amili by hand.",
    ),
    "E10": Words(
        sv="Adressen är ofullständig eller felaktig: {parts_sv}. Rätta den på fakturan eller kundkortet.",
        en=("The address is incomplete or wrong: {parts_en}. Correct it on the invoice or the customer card."),
    ),
    "E11": Words(
        sv=("Fakturans adress skiljer sig från kundkortet. Fakturans adress skickas; bekräfta att den gäller."),
        en=(
            "The invoice's address differs from the customer card's. The invoice's is sent; confirm that "
            "it is the right one."
        ),
    ),
    "E12": Words(
        sv="Kunden finns utanför Sverige ({country}). Stäm av med Amili innan fakturan skickas.",
        en="The customer is outside Sweden ({country}). Agree with Amili before the invoice is sent.",
    ),
    "F1.empty": Words(
        sv=("Beskriv vad fakturan avser: raderna saknar text. Fyll i fakturaraderna eller mallen i inställningarna."),
        en=(
            "Describe what the invoice is for: its lines have no text. Fill in the lines, or the template"
            " in the settings."
        ),
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
        sv="Fakturakopian är inte en PDF-fil. Skapa om den i bokföringen.",
        en="The copy of the invoice is not a PDF file. Make it again in the ledger.",
    ),
    "F2.number": Words(
        sv="Fakturakopian gäller faktura {found}, inte {wanted}. Byt bilaga på fakturan.",
        en="The copy is of invoice {found}, not {wanted}. Replace the invoice's attachment.",
    ),
    "F2.size": Words(
        sv="Fakturakopian är {size} byte; den får vara högst {maximum} och inte tom.",
        en="The copy of the invoice is {size} bytes; it may be at most {maximum}, and not empty.",
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


def finding(key: str, severity: Severity, *, field: str = "", value: str = "", **facts: Fact) -> Finding:
    """The finding that `key` of `TEXTS` words. `facts` fill its placeholders; amounts are in kronor."""
    words = TEXTS[key]
    return Finding(
        code=code_of(key),
        severity=severity,
        field=field,
        value=value,
        sv=words.sv.format_map({name: _swedish(fact) for name, fact in facts.items()}),
        en=words.en.format_map({name: _english(fact) for name, fact in facts.items()}),
    )


def code_of(key: str) -> str:
    """The check's code in a key of its texts."""
    return key.partition(".")[0]


def _swedish(fact: Fact) -> str:
    if isinstance(fact, Words):
        return fact.sv
    return f"{as_text(fact)} kr" if isinstance(fact, Decimal) else str(fact)


def _english(fact: Fact) -> str:
    if isinstance(fact, Words):
        return fact.en
    return f"SEK {fact:,.2f}" if isinstance(fact, Decimal) else str(fact)
