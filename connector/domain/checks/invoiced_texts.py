"""What the checks say of whom the invoice names, and of how to reach them."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "E16.name": Words(
        sv=(
            "Fakturan är ställd till {invoiced}, men kundkortet är {card}. Den som fakturan är ställd till krävs, och "
            "inget från kundkortet skickas. Bekräfta att det är rätt, eller rätta kundkortet."
        ),
        en=(
            "The invoice is made out to {invoiced}, but the customer card is {card}. The one on the invoice is "
            "claimed, and nothing from the card is sent. Confirm that this is right, or correct the card."
        ),
    ),
    "E16.number": Words(
        sv=(
            "Fakturan är ställd till {invoiced} och kundkortet är {card}, med olika org-/personnummer. Utred vem som "
            "är skyldig. Rätta sedan kundkortet, eller kreditera fakturan och ställ ut den på nytt."
        ),
        en=(
            "The invoice is made out to {invoiced} and the customer card is {card}, with different organisation or "
            "personal numbers. Find out who owes. Then correct the card, or credit the invoice and make it out anew."
        ),
    ),
    "E16.addressee": Words(
        sv=(
            "Den som fakturan skickades till hör inte längre till kunden i bokföringen. Kundkortets adress skickas, "
            "och inget av mottagarens uppgifter. Bekräfta att adressen gäller."
        ),
        en=(
            "The one whom the invoice was sent to belongs to the customer no longer in the ledger. The customer card's "
            "address is sent, and nothing of the addressee's. Confirm that the address is right."
        ),
    ),
    "E16.changed": Words(
        sv=(
            "Fakturan har en annan kund i bokföringen än när den först lästes, till exempel för att kundkort har "
            "slagits ihop eller kunden har fått ett företag. Se på fakturan vem som är skyldig, och bekräfta."
        ),
        en=(
            "The invoice has another customer in the ledger than when it was first read, as when customer cards are "
            "merged or the customer was given a company. See on the invoice who owes, and confirm."
        ),
    ),
    "E10.second": Words(
        sv="Adressens andra rad skickas inte: den första har gatan eller boxen, och Amili tar emot en rad.",
        en="The address's second line is not sent: the first has the street or box, and Amili takes one line.",
    ),
    "E17.unreadable": Words(
        sv="Kundens telefonnummer skickas inte: det går inte att läsa som ett enda nummer. Rätta det på kundkortet.",
        en="The customer's telephone number is not sent: it cannot be read as one number. Correct it on the card.",
    ),
    "E17.abroad": Words(
        sv="Kundens telefonnummer skickas inte: det är inte svenskt.",
        en="The customer's telephone number is not sent: it is not Swedish.",
    ),
    "E17.not_mobile": Words(
        sv="Kundens telefonnummer skickas inte: det är inget mobilnummer, och Amili tar bara emot sådana.",
        en="The customer's telephone number is not sent: it is no mobile number, and Amili takes no others.",
    ),
}
