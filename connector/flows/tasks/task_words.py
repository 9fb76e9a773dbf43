"""What is said of tasks, in Swedish and English. No customer is named: these words go into mails too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from connector.domain.checks.words import Words
from connector.domain.plan import Brake
from connector.flows import troubles
from connector.flows.operations import AT_AMILI
from connector.store.troubles import Failing


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
    """No one knows yet whether the registration arrived."""
    return Words(
        f"Det är oklart om faktura {number} kom fram till Amili",
        f"It is not known whether invoice {number} reached Amili",
    )


def taken_without_case(number: str) -> Words:
    """Amili took a registration, and shows no case."""
    return Words(
        f"Amili har tagit emot faktura {number} men visar inget ärende",
        f"Amili has taken invoice {number} but shows no case",
    )


def posted_often(number: str) -> Words:
    """As many registrations were posted as may be, and none was answered."""
    return Words(
        f"Faktura {number} har skickats flera gånger utan att Amili svarat",
        f"Invoice {number} was sent several times without an answer of Amili",
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


_STEPS: Final[Mapping[str, Words]] = {
    troubles.REGISTER: Words("skicka fakturor", "sending invoices"),
    troubles.UPLOAD: Words("ladda upp fakturakopior", "uploading invoice copies"),
    troubles.WRITE_BACK: Words("skriva ärendet i bokföringen", "writing the case into the ledger"),
    troubles.FOLLOW_UP: Words("rapportera betalningar och krediteringar", "reporting payments and credits"),
    troubles.PAYOUT_GUARD: Words(
        "jämföra betalningar med Amilis utbetalningar", "comparing payments with Amili's payouts"
    ),
    troubles.HINT: Words("läsa det som bokföringen säger till om", "reading what the ledger tells of"),
    troubles.POLL: Words("läsa vad som ändrats i bokföringen", "reading what changed in the ledger"),
    troubles.KEY: Words("kontrollera nyckeln till bokföringen", "checking the key to the ledger"),
    troubles.STANDINGS: Words("läsa fakturorna i bokföringen", "reading the invoices in the ledger"),
    troubles.CASES: Words("läsa hur ärendena står hos Amili", "reading how the cases stand at Amili"),
    troubles.PAYOUTS: Words("läsa vad Amili betalar ut", "reading what Amili pays out"),
    troubles.RESTORED: Words(
        "se efter vad Amili redan har fått, efter en återställning",
        "looking up what Amili has already, after a restore",
    ),
    troubles.COMPARE: Words("stämma av bokföringen med Amili", "comparing the ledger with Amili"),
}


def failing(step: str, *, refused: bool) -> Words:
    """A step of the work is refused, or has failed for long."""
    what = _STEPS.get(step, Words("ett arbetssteg", "a step of the work"))
    if refused:
        return Words(f"Amili nekar kopplingen: det går inte att {what.sv}", f"Amili refuses the connector: {what.en}")
    return Words(f"Det har inte gått att {what.sv} på länge", f"For long it has failed: {what.en}")


def failure(failing: Failing, numbers: Sequence[str], count: int) -> tuple[Words, ...]:
    """Return what failed, and for which invoices."""
    operation, status = failing.operation, failing.status
    said_sv = f"svarade HTTP {status}" if status is not None else "gav inget helt svar, eller inget som gick att läsa"
    said_en = f"answered HTTP {status}" if status is not None else "gave no whole answer, or none that could be read"
    sv = f" på: {AT_AMILI[operation]}" if operation in AT_AMILI else ""
    en = f" to: {operation}" if operation in AT_AMILI else ""
    system_sv = "Kopplingen själv" if failing.system == "connector" else failing.system
    system_en = "The connector itself" if failing.system == "connector" else failing.system
    found = [Words(f"{system_sv} {said_sv}{sv}.", f"{system_en} {said_en}{en}.")]
    if failing.system == "connector":
        found = [Words("Ett fel i kopplingen; loggen säger mer.", "A fault in the connector; the log says more.")]
    named = ", ".join(numbers) + (" …" if count > len(numbers) else "")
    if count == 1:
        found.append(Words(f"Det gäller faktura {named}.", f"It concerns invoice {named}."))
    elif count:
        found.append(Words(f"Det gäller {count} fakturor: {named}.", f"It concerns {count} invoices: {named}."))
    return tuple(found)


def what_helps(step: str, system: str, *, refused: bool) -> Words:
    """Return what a person can do about it."""
    if step == troubles.PAYOUT_GUARD:
        return Words(
            "Betalningar rapporteras ändå. Be Amili om rätt att läsa utbetalningarna, och se efter att ingen betalning "
            "som rapporteras är Amilis egen utbetalning.",
            "Payments are reported all the same. Ask Amili for the right to read the payouts, and see that no payment "
            "that is reported is Amili's own payout.",
        )
    if refused:
        return Words(
            "Fråga Amili vilka rättigheter kopplingens API-användare har. Kopplingen försöker vidare av sig själv. "
            "Det som måste fram under tiden gör du hos Amili.",
            "Ask Amili which rights the connector's API user has. The connector keeps trying by itself. "
            "What cannot wait, do at Amili.",
        )
    if system == "connector":
        return Words("Kontakta den som driver kopplingen.", "Tell whoever runs the connector.")
    return Words(
        f"Se efter att {system} fungerar. Kopplingen försöker vidare av sig själv.",
        f"See that {system} works. The connector keeps trying by itself.",
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
    Brake.BANK_UNKNOWN: Words(
        "Det är okänt till vilken dag inbetalningarna är bokförda. Ange det på sidan Inbetalningar.",
        "It is not known through which day receipts are booked. Say it on the page Receipts.",
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
AMILI_KEY_REFUSED: Final = Words(
    "Amili godtar inte kopplingens nyckel; inget skickas eller rapporteras för företaget",
    "Amili does not accept the connector's key; nothing of the company is sent or reported",
)
NEW_AMILI_KEY: Final = Words(
    "Fråga Amili varför. Behövs en ny nyckel skapas den på sidan Amilis nycklar, av den som installerade kopplingen.",
    "Ask Amili why. If a new key is needed, whoever installed the connector makes it on the page Keys to Amili.",
)
NEW_CONSENT: Final = Words("Låt företaget godkänna kopplingen igen.", "Have the company approve the connector again.")
WAIT_OR_LOOK: Final = Words(
    "Inget skickas igen förrän det är klarlagt. Se efter hos Amili om fakturan har ett ärende, och fråga dem annars.",
    "Nothing is sent again until it is known. Look at Amili whether the invoice has a case, and ask them otherwise.",
)
ASK_FOR_CASE: Final = Words(
    "Inget skickas igen. Fråga Amili efter ärendet; kopplingen letar vidare efter det.",
    "Nothing is sent again. Ask Amili for the case; the connector goes on looking for it.",
)
ASK_THEN_ALLOW: Final = Words(
    "Fråga Amili om de har fakturan. Har de den inte, tillåt ett försök till på fakturans sida.",
    "Ask Amili whether they have the invoice. If not, allow one more attempt on the invoice's page.",
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
