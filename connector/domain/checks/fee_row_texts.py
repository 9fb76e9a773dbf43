"""What the checks say of rows that put a fee, a cost or interest into the capital."""

from __future__ import annotations

from connector.domain.checks.words import Words

TEXTS: dict[str, Words] = {
    "B3.row": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som fakturaavgift men räknas som annat kapital. Ange i "
            "inställningarna att den är fakturaavgift, så att Amili inte räknar ränta på den."
        ),
        en=(
            "The invoice has a line of {amount} that reads like an invoice fee but counts as other capital. State in "
            "the settings that it is an invoice fee, so that Amili computes no interest on it."
        ),
    ),
    "D5.row": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som förseningsersättning och räknas som kapital. Kreditera "
            "raden, eller ange varför den ska krävas så; Amili kan då inte ta ut egna avgifter därutöver."
        ),
        en=(
            "The invoice has a line of {amount} that reads like late-payment compensation and counts as capital. "
            "Credit the line, or say why it shall be claimed so; Amili can then charge no fees of its own beside it."
        ),
    ),
    "D5.row_not_owed": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som förseningsersättning. Den får tas ut med högst {maximum}, "
            "och inte av konsument. Kreditera raden."
        ),
        en=(
            "The invoice has a line of {amount} that reads like late-payment compensation. It may be {maximum} at "
            "most, and is not owed by consumers. Credit the line."
        ),
    ),
    "D6.row": Words(
        sv=(
            "Fakturan har både förseningsersättning och påminnelseavgift, och bara en av dem får tas ut. Kreditera "
            "den ena."
        ),
        en=(
            "The invoice has both late-payment compensation and a reminder fee, of which only one may be charged. "
            "Credit one of them."
        ),
    ),
    "D7.collection": Words(
        sv=(
            "Fakturan har en rad på {amount} som ser ut som inkassokostnad men räknas som kapital. Kreditera raden; "
            "Amili tar själv ut kostnaderna för inkasso."
        ),
        en=(
            "The invoice has a line of {amount} that reads like a collection cost but counts as capital. Credit the "
            "line; Amili charges the costs of collection itself."
        ),
    ),
}
