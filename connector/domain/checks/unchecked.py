"""What the checks say of what they could not look at."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.checks.texts import code_of
from connector.domain.checks.words import Words
from connector.domain.findings import Finding, Severity

_NOT_IN_LEDGER = Words("uppgiften finns inte i bokföringssystemet", "the ledger has no data for it")
_NOT_ASKED = Words("Amili har inte tillfrågats", "Amili was not asked")
_NOT_FOR_US = Words(
    "kopplingens användare i bokföringssystemet får inte läsa den", "the connector's user in the ledger may not read it"
)
_NOT_SEARCHED = Words("kundkorten har inte sökts igenom", "the customer cards were not searched")
_NOT_FETCHED = Words("den har inte hämtats", "it was not fetched")
_NO_NUMBER = Words("giltigt personnummer saknas", "there is no valid personal number to tell it")
_NOT_STATED = Words("Amili anger det inte", "Amili does not state it")

NOT_CHECKED: Mapping[str, tuple[Words, Words]] = {
    "A3": (Words("att inbetalningarna är bokförda", "that bank receipts are booked"), _NOT_IN_LEDGER),
    "A4": (Words("omatchade inbetalningar", "unmatched receipts"), _NOT_IN_LEDGER),
    "A5": (Words("okvittade krediter", "unapplied credits"), _NOT_IN_LEDGER),
    "A6": (Words("om fakturan är bestridd eller spärrad", "disputes and holds"), _NOT_IN_LEDGER),
    "A6.policies": (
        Words("om kunden eller fakturan har en policy som undantar den", "a policy that exempts customer or invoice"),
        _NOT_FOR_US,
    ),
    "A7": (Words("anstånd och avbetalning", "respites and instalment plans"), _NOT_IN_LEDGER),
    "A8": (Words("om fakturan är såld eller pantsatt", "whether it is sold or pledged"), _NOT_IN_LEDGER),
    "B8": (Words("skattereduktion (rot, rut, grön teknik)", "tax reductions"), _NOT_IN_LEDGER),
    "C4": (Words("om en egen påminnelse är skickad", "whether a reminder of your own was sent"), _NOT_IN_LEDGER),
    "D3": (
        Words("påminnelseavgiftens datum; den krävs inte", "the reminder fee's date; it is not claimed"),
        _NOT_IN_LEDGER,
    ),
    "D8": (Words("om påminnelseavgiften är betald", "whether the reminder fee is paid"), _NOT_IN_LEDGER),
    "E6": (Words("kundens ålder", "the customer's age"), _NO_NUMBER),
    "E9": (Words("skyddade personuppgifter", "protected personal data"), _NOT_IN_LEDGER),
    "E15": (
        Words("om numret står på en annan kunds kort", "whether the number is on another customer's card"),
        _NOT_SEARCHED,
    ),
    "F2": (Words("fakturakopian", "the copy of the invoice"), _NOT_FETCHED),
    "G1": (Words("borgenären hos Amili", "the creditor at Amili"), _NOT_ASKED),
    "G2": (Words("avtalet med Amili", "the agreement with Amili"), _NOT_ASKED),
    "G2.payout": (Words("borgenärens utbetalningskonto", "the creditor's payout account"), _NOT_STATED),
}
"""What was not checked, and why."""


def not_checked(key: str, *, field: str = "", right: str = "") -> Finding:
    """The finding that a check could not be made, worded by `key` of `NOT_CHECKED`.

    `right` is what would let us look, as the ledger calls it.
    """
    what, why = NOT_CHECKED[key]
    if right:
        why = Words(f"{why.sv}; lägg till {right}", f"{why.en}; add {right}")
    return Finding(
        code=code_of(key),
        severity=Severity.INFO,
        field=field,
        sv=f"Inte kontrollerat: {what.sv} ({why.sv}).",
        en=f"Not checked: {what.en} ({why.en}).",
    )
