"""What the checks say of debtors who must not be claimed like anybody, in Swedish and English."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "E7": Words(
        sv="Kunden är ett dödsbo. Utred vem som företräder det och stäm av med Amili innan fakturan skickas.",
        en=(
            "The customer is the estate of somebody deceased. Find out who represents it, and agree with Amili before "
            "the invoice is sent."
        ),
    ),
    "E8": Words(
        sv=(
            "Kunden är i konkurs, likvidation, rekonstruktion eller skuldsanering. Anmäl fordran till den som "
            "förvaltar boet i stället."
        ),
        en=(
            "The customer is in bankruptcy, liquidation, reconstruction or debt relief. File the claim with whoever "
            "administers the estate instead."
        ),
    ),
    "E13": Words(
        sv="Kunden är en myndighet, kommun eller region. Bekräfta att fakturan är rätt adresserad och ska skickas.",
        en=(
            "The customer is a public authority, municipality or region. Confirm that the invoice is addressed to the "
            "right unit and shall be sent."
        ),
    ),
    "E14": Words(
        sv="Kundens nummer är ert eget eller ett koncernbolags. Bekräfta att fakturan ändå ska skickas.",
        en="The customer's number is your own or a group company's. Confirm that the invoice shall be sent anyway.",
    ),
    "E15": Words(
        sv="Samma org-/personnummer står på kundkort {cards} med ett annat namn. Bekräfta att rätt kund krävs.",
        en=(
            "The same organisation or personal number is on customer card {cards} with another name. Confirm that the "
            "right customer is claimed."
        ),
    ),
}
