"""What kind of fee, cost or interest a row of an invoice is, by the words that bookkeepers give it.

Read are Swedish and English, in any case, with or without å, ä and ö, with hyphens or apart, abbreviated, plural
or definite. Words count whole. A row of another trade that only mentions such a thing (a course about interest, a
service that reminds) is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from connector.domain.invoice import Line, LineKind


class FeeRow(StrEnum):
    """What a row charges for other than goods and work."""

    REMINDER_FEE = "reminder_fee"
    """Of a payment reminder: 60 kronor at most (lag 1981:739, 2 and 4 §§)."""
    LATE_COMPENSATION = "late_compensation"
    """For paying late: 450 kronor at most, from businesses and authorities only (lag 1981:739, 4 a §)."""
    COLLECTION_COST = "collection_cost"
    """Of a collection demand, an instalment plan or the Enforcement Authority: Amili charges its own."""
    INTEREST = "interest"
    """For the time since the due date: Amili computes it."""
    INVOICE_FEE = "invoice_fee"
    """For making out the invoice: part of the capital, and told apart in it."""


def fee_row(description: str) -> FeeRow | None:
    """Return what kind of fee, cost or interest a row of this text is; None for goods and work."""
    text = _plain(description)
    for kind, pattern, elsewhere in _WORDINGS:
        for match in pattern.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            if not (_is_denied(before) or _is_subject(before, after) or (elsewhere and elsewhere.search(text))):
                return kind
    return None


def charged_in_capital(lines: Iterable[Line]) -> tuple[tuple[Line, FeeRow], ...]:
    """The lines that count as capital and read like a fee, cost or interest, and what each is.

    Lines that the company's settings know for what they are do not count, nor what another line takes back.
    """
    counted = [
        (line, kind)
        for line in lines
        if line.kind in {LineKind.GOODS, LineKind.INVOICE_FEE} and (kind := fee_row(line.description))
    ]
    nets: dict[FeeRow, Decimal] = {}
    for line, kind in counted:
        nets[kind] = nets.get(kind, Decimal("0.00")) + line.amount
    return tuple((line, kind) for line, kind in counted if line.amount > 0 and nets[kind] > 0)


def _plain(text: str) -> str:
    """The words of `text` without accents, in small letters, one space between them and around all."""
    letters = unicodedata.normalize("NFKD", text)
    kept = "".join(one for one in letters if unicodedata.category(one) not in {"Mn", "Cf"}).casefold()
    for written, meant in (("aa", "a"), ("ae", "a"), ("oe", "o")):
        kept = kept.replace(written, meant)
    return f" {' '.join(re.findall(r'[a-z0-9]+', kept))} "


_FORM = r"(?:e?n|e?ns|e?r|e?rna|e?rnas|s)?"
"""How a Swedish noun ends in plural and definite form."""

_CHARGE = rf"(?:avgift{_FORM}|avg|kostnad{_FORM}|kostn|ersattning(?:en|ar|arna)?|ers|arvode(?:t|n)?|tillagg(?:et|en)?)"
_CHARGES = r"(?:fees?|charges?|costs?|expenses?|penalty|penalties|compensation|surcharges?)"
_REMINDER = rf"(?:(?:betalnings?|bet) ?)?(?:paminnelse{_FORM}|paminn?|pam|kravbrev(?:et|en|s)?)"
_LATE = r"(?:forsenings?|forsen|fors|drojsmals?|drojsm|senbetalnings)"
_LATE_PAYMENT = r"(?:sen|sena|forsenad|forsenade|for sen|utebliven) (?:(?:in)?betalning(?:en|ar|arna)?|bet)"
_COLLECTION = r"(?:inkasso(?:krav)?(?:s|et)?|ink|indrivnings?|kravkostnads?|kronofogde(?:n|ns)?|kfm|utmatnings?)"
_ABOUT_AN_INVOICE = (
    r"(?: (?:\d+|nr|no|fakt|faktura|fakturan|invoice|inv|avs|avseende|for|av|till|on|den|datum|kr|sek|st|enl|enligt"
    r"|lag|avtal|forfallen|overdue|obetald|unpaid|per|t|o|m|tom|from|until|to|pa|rantelagen|vid))*"
)
_ORDER = r"(?:(?:\d+(?: [ae])?|1a|2a|3e|forsta|andra|tredje|first|second|third|1st|2nd|3rd|skriftlig|payment) )?"

_INTEREST_WORDS = r"(?:ranta|rantan|rantor|rantorna)"
_MONTHS = (
    r"jan(?:uari)?|feb(?:r|ruari)?|mars|apr(?:il)?|maj|jun[ia]?|jul[ia]?|aug(?:usti)?|sept?(?:ember)?|okt(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|kvartal|q[1-4]"
)


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<= )(?:{pattern})(?= )" for pattern in patterns))


def _row_of(*patterns: str) -> re.Pattern[str]:
    """Rows that hold nothing else."""
    return re.compile("|".join(rf"^ {_ORDER}(?:{pattern}){_ABOUT_AN_INVOICE} $" for pattern in patterns))


_OTHER_REMINDERS = _words(
    r"sms|kallelse\w*|bokning\w*|besok\w*|\w*kort|utskick\w*|manad(?:en|svis)?|manads\w*|appointments?|monthly|bokade"
)
_OTHER_DELAYS = _words(
    r"bibliotek\w*|retur\w*|aterlamn\w*|hamtning\w*|leverans\w*|uthyr\w*|incheckning|utcheckning|flyg\w*|tag\w*|resa|"
    r"resor|library|returns?|returned|rental|check ?(?:out|in)|checkout|pick ?up|delivery|deliveries|train|flights?"
)
_OTHER_INTEREST = _words(
    r"lan|lanet|skuldebrev(?:et)?|revers(?:en)?|kredit\w*|leasing|loans?|mortgage|groups?|points?|expressions?|swap"
)

_WORDINGS = (
    (
        FeeRow.LATE_COMPENSATION,
        _words(
            rf"{_LATE} ?{_CHARGE}",
            rf"(?:{_CHARGE}|kompensation(?:en)?) (?:for|vid|pga|avseende|p g a) {_LATE_PAYMENT}",
            rf"{_LATE_PAYMENT} {_CHARGE}",
            rf"{_CHARGE} (?:for |vid )?(?:forsening(?:en)?|drojsmal(?:et)?)",
            rf"(?:late|overdue|delayed|past due|default)(?: invoice)?(?: payments?)? {_CHARGES}",
            rf"{_CHARGES} (?:for|on|due to) (?:late|overdue|delayed) (?:payments?|invoices?)",
            rf"delay {_CHARGES}",
        ),
        _OTHER_DELAYS,
    ),
    (FeeRow.LATE_COMPENSATION, _row_of(_LATE_PAYMENT, r"late payment", r"forsening"), _OTHER_DELAYS),
    (
        FeeRow.COLLECTION_COST,
        _words(
            rf"{_COLLECTION} ?(?:{_CHARGE}|e?rsattning(?:en)?)",
            rf"{_CHARGE} (?:for |till |av )?(?:inkasso|inkassokrav(?:et)?|kronofogden|betalningsforelaggande(?:t)?)",
            rf"(?:amorterings|avbetalnings|betalnings)plans? ?{_CHARGE}",
            rf"(?:{_CHARGE}|\w+avgift{_FORM}) (?:for )?(?:amorterings|avbetalnings)plan(?:en)?",
            rf"(?:ansoknings|grund)avgift{_FORM} (?:till |hos |betalningsforelaggande )?(?:kronofogden|kfm)?",
            rf"betalningsforelaggande ?{_CHARGE}",
            rf"(?:debt (?:collection|recovery)|collection agency|recovery|instal?lment plan) {_CHARGES}",
            rf"{_CHARGES} (?:for|of) (?:debt )?(?:collection|recovery)",
            r"enforcement (?:fees?|costs?)",
        ),
        _words(r"kurs|waste|garbage|data|parcels?|disaster"),
    ),
    (
        FeeRow.COLLECTION_COST,
        _row_of(
            r"inkasso(?:krav(?:et)?)?",
            rf"collection {_CHARGES}",
            r"debt collection",
            r"betalningsforelaggande|kravatgard(?:en|er|erna)?",
        ),
        None,
    ),
    (
        FeeRow.REMINDER_FEE,
        _words(
            rf"{_REMINDER} ?{_CHARGE}",
            rf"krav{_CHARGE}",
            rf"{_CHARGE} (?:for |avseende |vid |av )?{_ORDER}{_REMINDER}",
            rf"(?:reminder|dunning|overdue notice)(?: letter| notice)? {_CHARGES}",
            rf"{_CHARGES} (?:for |of )?(?:a |the )?{_ORDER}reminders?",
        ),
        _OTHER_REMINDERS,
    ),
    (
        FeeRow.REMINDER_FEE,
        _row_of(
            _REMINDER,
            r"paminnelsefaktura(?:n)?",
            r"reminders?",
            r"(?:reminder|dunning) (?:letter|notice)s?",
            r"dunning",
        ),
        _OTHER_REMINDERS,
    ),
    (
        FeeRow.INTEREST,
        _words(
            rf"(?:drojsmals?|drojsm|drojs|drj|droj|dr|drm|mora|forsenings?|straff|overtids|forfallo) ?"
            rf"(?:{_INTEREST_WORDS}|rta)",
            r"rante(?:kostnad(?:er|en|erna)?|avgift(?:en|er|erna)?|faktura(?:n)?|ersattning(?:en)?|kompensation(?:en)?"
            r"|tillagg(?:et)?|krav(?:et)?|belopp(?:et)?|debitering)",
            r"(?:late|overdue|default|penalty|penal|accrued|statutory|arrears|moratory|delayed?)"
            r"(?: invoice| payments?)? interest",
            rf"interest (?:{_CHARGES}|invoice|due)",
            r"interest (?:on|for) (?:the )?(?:late|overdue|arrears|invoice|unpaid|outstanding|delayed|payments?)",
            r"interest (?:according to|under|pursuant to|per) (?:the )?(?:interest act|law|rantelagen)",
            rf"(?:upplupen|upplupna|lagstadgad|debiterad) {_INTEREST_WORDS}",
            rf"{_INTEREST_WORDS} (?:enligt|enl|en|pa|for|avseende|avs|fran|from|t o m|tom|till|per|\d+|efter|vid"
            rf"|pga|p g a|{_MONTHS})",
        ),
        _OTHER_INTEREST,
    ),
    (
        FeeRow.INTEREST,
        _row_of(rf"{_INTEREST_WORDS}(?: {_INTEREST_WORDS})?", r"interest", r"rta", r"faktura ranta"),
        _OTHER_INTEREST,
    ),
    (
        FeeRow.INVOICE_FEE,
        _words(
            rf"(?:fakturerings?|faktur|faktura|fakt|pappersfaktura|avi|aviserings?) ?{_CHARGE}",
            rf"fakturavgift{_FORM}|pappersfakturavgift{_FORM}",
            rf"{_CHARGE} for (?:pappers)?faktura(?:n)?",
            rf"(?:invoice|invoicing|billing|paper invoice) {_CHARGES}",
        ),
        None,
    ),
)
"""FeeRow <- the words that tell it, unless words of another trade stand in the row."""

_DENIED = re.compile(
    r" (?:ingen|inga|inget|utan|ej|inte|fri fran|befriad fran|slopade?|borttagen|no|without|not|never|exkl|exklusive|"
    r"excl|excluding|free of|waived|efterskank\w*|ater(?:betald|betalning av)|kreditering av|nedsattning av)"
    r"(?: (?:nagon|nagra|any|den|the|extra))? $"
)

_SUBJECTS = (
    r"(?:utbildning|kurs|forelasning|seminari|webbinari|workshop|bok|handbok|litteratur|laromedel|radgivning|utredning|"
    r"timmar|timme|tim|tjanst|abonnemang|prenumeration|modul|system|program|analys|genomgang|granskning|rapport|"
    r"training|course|book|seminar|webinar|advice|advisory|hours?|subscription|software|module|service|report|review|"
    r"study|handbook)"
)
_SUBJECT_BEFORE = (
    rf"(?:{_SUBJECTS}|konsult|juridi|mall|utveckl|integration|implement|tryck|kalkyl|support|installation|konfigur|"
    r"oversatt|policy|rutin|artikel|consult|develop|template|printing|translat|legal|audit|design|text)"
)
_ABOUT = re.compile(rf" {_SUBJECT_BEFORE}\w*(?: \w+)*? (?:i|om|kring|av|for|pa|over|about|in|on|of|to)(?: \w+)* $")
_BESIDE = re.compile(r" (?:och|samt|inkl|inklusive|plus|med|incl|including|and|with|jamte) $")
_BEFORE = re.compile(rf" \w*{_SUBJECT_BEFORE}\w*(?= )")
_AFTER = re.compile(rf"^ (?!\w*fakt)\w*{_SUBJECTS}\w*(?= )")


def _is_denied(before: str) -> bool:
    return bool(_DENIED.search(before))


def _is_subject(before: str, after: str) -> bool:
    """Return whether the words stand in a row about them: work on such fees, or a text or course that explains them."""
    if _ABOUT.search(before) or _AFTER.search(after):
        return True
    return bool(_BEFORE.search(before)) and not _BESIDE.search(before)
