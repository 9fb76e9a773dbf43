"""What the checks say, in Swedish and English: what is wrong and what to do about it.

A key is a check's code, with a suffix where one check has several things to say. Amounts and dates are
given as `Decimal` and `date` and written as each language does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connector.domain.checks import (
    content_texts,
    date_texts,
    fee_row_texts,
    invoiced_texts,
    money_texts,
    reminder_texts,
    special_debtor_texts,
)
from connector.domain.checks.words import Words
from connector.domain.findings import Finding, Severity
from connector.domain.money import as_text

Fact = str | int | Decimal | date | Words


_OTHERS: dict[str, Words] = {
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
            "först, så att ingen krävs på det som redan är betalt. Har inget kommit in sedan dess, ange på sidan "
            "Inbetalningar till vilken dag de är bokförda."
        ),
        en=(
            "Bank receipts are booked up to {booked}. Book them up to {needed} first, so that nobody is "
            "claimed for what is already paid. If none has come in since, say on the page Receipts through which day "
            "they are booked."
        ),
    ),
    "A3.unknown": Words(
        sv=(
            "Bokföringen visar ingen inbetalning från kunder de senaste 90 dagarna. Bokför inbetalningarna till och "
            "med {needed}, eller ange på sidan Inbetalningar till vilken dag de är bokförda."
        ),
        en=(
            "The ledger shows no receipt from customers in the last 90 days. Book the receipts up to {needed}, or "
            "say on the page Receipts through which day they are booked."
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
    "B8.left": Words(
        sv=(
            "Kundens del är betald. Återstående {capital} är skattereduktionen på {reduction}, helt eller delvis: "
            "antingen är Skatteverket ännu skyldigt den, och då ska inget krävas av kunden, eller så har Skatteverket "
            "nekat den och den faktureras kunden här. Ange vilket innan fakturan skickas."
        ),
        en=(
            "The customer's part is paid. What is left, {capital}, is the tax reduction of {reduction} or a part of "
            "it: either the Tax Agency still owes it, and then nothing is to be claimed from the customer, or the "
            "Agency has refused it and it is billed to the customer here. Say which before the invoice is sent."
        ),
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
    "D1": Words(
        sv="Påminnelseavgiften är {fee} men får vara högst {maximum}. Sänk den i bokföringen.",
        en="The reminder fee is {fee} but may be at most {maximum}. Lower it in the ledger.",
    ),
    "D2": Words(
        sv="Fakturan har {count} påminnelseavgifter. Endast en får tas ut per fordran; ta bort de andra.",
        en="The invoice has {count} reminder fees. Only one may be charged per claim; remove the others.",
    ),
    "D2.again": Words(
        sv=(
            "En påminnelseavgift på {fee} krävs redan, och Amilis påminnelse tar ut en till. Börja med inkassokrav, ta "
            "bort avgiften, eller bekräfta."
        ),
        en=(
            "A reminder fee of {fee} is claimed already, and Amili's reminder charges another. Begin with a collection "
            "demand, remove the fee, or confirm."
        ),
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
}

TEXTS: Mapping[str, Words] = (
    _OTHERS
    | date_texts.TEXTS
    | special_debtor_texts.TEXTS
    | content_texts.TEXTS
    | fee_row_texts.TEXTS
    | reminder_texts.TEXTS
    | invoiced_texts.TEXTS
    | money_texts.TEXTS
)


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
