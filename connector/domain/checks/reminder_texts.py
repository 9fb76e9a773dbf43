"""What the checks say of which reminder fee is claimed (D2, D3), in Swedish and English."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "D2.level": Words(
        sv=(
            "Påminnelseavgiften på {fee} från den {charged} krävs: den senaste av {count} påminnelser som tog ut någon "
            "avgift. Endast en avgift får krävas per fordran, och en senare påminnelse utan avgift tar inte bort den."
        ),
        en=(
            "The reminder fee of {fee} of {charged} is claimed: the latest of {count} reminders that charged one. Only "
            "one fee may be claimed per claim, and a later reminder without a fee does not take it away."
        ),
    ),
    "D2.letter": Words(
        sv=(
            "Påminnelsen den {charged} gällde flera fakturor och ger en enda avgift. Dess {fee} hör till faktura "
            "{number} och krävs inte här."
        ),
        en=(
            "The reminder of {charged} was about several invoices and gives one fee. Its {fee} belongs to invoice "
            "{number} and is not claimed here."
        ),
    ),
    "D3.no_reminder": Words(
        sv=(
            "Er påminnelseavgift på {fee} krävs inte: bokföringen visar inga påminnelser, och avgiften får bara krävas "
            "för en påminnelse som har skickats. Börja med Amilis påminnelse om en avgift ska tas ut."
        ),
        en=(
            "Your reminder fee of {fee} is not claimed: the ledger shows no reminders, and the fee may only be claimed "
            "for one that was sent. Begin with Amili's reminder if a fee shall be charged."
        ),
    ),
}
