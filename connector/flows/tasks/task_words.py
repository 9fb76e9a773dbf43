"""What is said of tasks, in Swedish and English. No customer is named: these words go into mails too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from connector.domain.plan import Brake


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    sv: str
    en: str

    def within(self, language: str) -> str:
        """The words in this language."""
        return self.sv if language == "sv" else self.en


def key_refused(system: str) -> Words:
    """The ledger does not accept our key."""
    return Words(
        f"{system} godtar inte kopplingens nyckel; allt för företaget väntar",
        f"{system} does not accept the connector's key; everything of the company waits",
    )


def key_ends(system: str, expires: date | None) -> Words:
    """The key ends soon."""
    return Words(f"Kopplingens nyckel till {system} gäller till {expires}", f"The key to {system} ends on {expires}")


def consent_refused(system: str) -> Words:
    """The company's consent does not hold any more."""
    return Words(
        f"{system} släpper inte in kopplingen längre; allt för företaget väntar",
        f"{system} does not let the connector in any more; everything of the company waits",
    )


def unknown(number: str) -> Words:
    """Nobody knows yet whether the registration arrived."""
    return Words(
        f"Det är oklart om faktura {number} kom fram till Amili",
        f"It is not known whether invoice {number} reached Amili",
    )


def follow_up(number: str) -> Words:
    """Something after the hand-over asks for a decision."""
    return Words(
        f"Något har hänt med faktura {number}, som är hos Amili, och ditt beslut behövs",
        f"Something happened to invoice {number}, which is at Amili, and needs your decision",
    )


def blocked(number: str) -> Words:
    """Findings stop an invoice."""
    return Words(f"Faktura {number} stoppades och är inte skickad", f"Invoice {number} was stopped and is not sent")


def remark(number: str) -> Words:
    """Something beside a case failed."""
    return Words(f"Ärendet för faktura {number} har en anmärkning", f"The case of invoice {number} has a remark")


def delayed(number: str, *, has_case: bool) -> Words:
    """A hand-over waits for another system."""
    if has_case:
        return Words(
            f"Ärendet för faktura {number} är ännu inte färdigt", f"The case of invoice {number} is not complete yet"
        )
    return Words(f"Faktura {number} väntar ännu på att skickas", f"Invoice {number} still waits to be sent")


def difference(number: str) -> Words:
    """Ledger and Amili do not agree."""
    return Words(
        f"Bokföringen och Amili stämmer inte överens om faktura {number}",
        f"The ledger and Amili do not agree about invoice {number}",
    )


def unknown_cases(count: int) -> Words:
    """Open cases at Amili that nothing here has sent."""
    if count == 1:
        return Words(
            "Ett öppet ärende hos Amili är inte skickat härifrån", "An open case at Amili was not sent from here"
        )
    return Words(
        f"{count} öppna ärenden hos Amili är inte skickade härifrån",
        f"{count} open cases at Amili were not sent from here",
    )


def plan(count: int) -> Words:
    """A rule's plan does not go by itself."""
    if count == 1:
        return Words("Regelns förslag om en faktura väntar på dig", "The rule's plan of one invoice waits for you")
    return Words(
        f"Regelns förslag om {count} fakturor väntar på dig", f"The rule's plan of {count} invoices waits for you"
    )


BRAKES: Final[Mapping[Brake, Words]] = {
    Brake.FIRST: Words(
        "Inget är skickat för företaget förut: den första gången bestämmer en person.",
        "Nothing of this company was sent before: a person decides the first time.",
    ),
    Brake.TOO_MANY: Words(
        "Det är fler fakturor än regeln får skicka på en gång.", "It is more invoices than the rule may send at once."
    ),
    Brake.TOO_MUCH: Words(
        "Det är ett större belopp än regeln får skicka på en gång.",
        "It is a larger sum than the rule may send at once.",
    ),
}
CHOOSE_FROM_PLAN: Final = Words(
    "Gå igenom förslaget och skicka de fakturor som ska skickas.",
    "Look through the plan, and send the invoices that are to be sent.",
)
NOT_COMPARED: Final = Words(
    "Avstämningen med Amili har misslyckats flera nätter i rad",
    "The comparison with Amili has failed for several nights",
)
SEE_COMPARISON: Final = Words(
    "Beloppen, och vad som löser det, står på sidan Avstämning.",
    "The amounts, and what resolves it, are on the page Reconciliation.",
)
COMPARE_AGAIN: Final = Words(
    "Läs vad som hindrar på sidan Avstämning, åtgärda det och jämför på nytt.",
    "Read what hinders it on the page Reconciliation, mend that and compare anew.",
)
NEW_KEY: Final = Words("Lägg in en ny nyckel.", "Enter a new key.")
NEW_CONSENT: Final = Words("Låt företaget godkänna kopplingen igen.", "Have the company approve the connector again.")
WAIT_OR_LOOK: Final = Words(
    "Inget skickas igen förrän det är klarlagt. Se efter hos Amili om fakturan har ett ärende, och fråga dem annars.",
    "Nothing is sent again until it is known. Look at Amili whether the invoice has a case, and ask them otherwise.",
)
REPORT_OR_CLOSE: Final = Words(
    "Rapportera det till Amili om det gäller ärendet, eller avsluta frågan med ett skäl.",
    "Report it to Amili if it concerns the case, or close the question with a reason.",
)
DO_AND_CLOSE: Final = Words(
    "Gör det som behövs hos Amili eller i bokföringen, och avsluta sedan frågan.",
    "Do what is needed at Amili or in the ledger, then close the question.",
)
MEND_OR_DECLINE: Final = Words(
    "Rätta det som hindrar och skicka igen, eller välj Skicka inte.",
    "Mend what stops it and send again, or choose Do not send.",
)
MEND_REMARK: Final = Words(
    "Gör det som anmärkningen säger, och bocka sedan av.", "Do what the remark says, then tick it off."
)
FIND_OUT: Final = Words(
    "Kopplingen försöker vidare av sig själv. Öppna och se vad den väntar på.",
    "The connector keeps trying by itself. Open it and see what it waits for.",
)
