"""What the checks say of money that the ledger shows in two ways, in Swedish and English."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "A2.taken_back": Words(
        sv=(
            "Bokföringen räknar av {amount} från fakturan för en betalning eller kredit som är avvisad eller åter ett "
            "utkast. Att {balance} är öppet är därför osäkert. Bekräfta den i bokföringen, eller ta bort den från "
            "fakturan."
        ),
        en=(
            "The ledger takes {amount} off the invoice for a payment or credit that is rejected, or a draft again. "
            "That {balance} is open is therefore uncertain. Confirm it in the ledger, or take it off the invoice."
        ),
    ),
    "A4.hidden": Words(
        sv=(
            "Företaget är en filial till {company}, och pengar kan ha kommit in där. Kopplingens användare får inte se "
            "det: lägg till det för användaren, eller bekräfta att inget för fakturan har kommit in där."
        ),
        en=(
            "The company is a branch of {company}, and money may have come in there. The connector's user may not see "
            "it: add it to the user's companies, or confirm that nothing for the invoice has come in there."
        ),
    ),
    "A4.reversed": Words(
        sv=(
            "En betalning på {amount} är registrerad på fakturan, men dess verifikation är vänd i bokföringen. "
            "Bekräfta att pengarna inte har kommit."
        ),
        en=(
            "A payment of {amount} is registered on the invoice, but its entry was reversed in the ledger. Confirm "
            "that the money has not come."
        ),
    ),
}
