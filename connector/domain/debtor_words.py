"""What a name says of who owes: an estate, someone insolvent, a public body.

Bookkeepers write it into the name or the c/o line, since ledgers have no field for it. Only whole words count, and a
trade that carries such a word in its firm ("Dödsboservice Syd AB") is a company like any other.
"""

from __future__ import annotations

import re
import unicodedata

_LEGAL_FORM = re.compile(
    r"(?<!\w)(?:ab|aktiebolag(?:et)?s?|hb|handelsbolag(?:et)?s?|kb|kommanditbolag(?:et)?s?|ek\.? ?for"
    r"|ekonomisk forening|ltd|limited|inc|llc|gmbh|oy|aps|plc)(?!\w)"
)

_ESTATE = re.compile(r"(?<!\w)(?:(?:dodsbo|sterbhus)(?:et|en|ena|n|na)?s?|(?<!real )estate of)(?![\w-])")
_ESTATE_OF_SOMEBODY = re.compile(r"(?<!\w)(?:dodsbo|sterbhus)(?:et)?s? (?:efter|after)(?!\w)")
_AND_MORE = r"\s*(?:&|\+|och|and)(?!\w)"
_ESTATES_AS_A_TRADE = re.compile(rf"^(?:dodsbo|sterbhus|konkursbo){_AND_MORE}")

_INSOLVENT_ESTATE = re.compile(r"(?<!\w)(?:konkursbo(?:et|n|na)?s?|bankruptcy estate)(?![\w-])")
_STATE = (
    r"(?:konkurs(?:en)?s?|(?:tvangs)?likvidation(?:en)?s?|(?:foretags)?rekonstruktion(?:en)?s?|skuldsanering(?:en)?s?"
    r"|bankruptcy|(?:compulsory |voluntary )?liquidation|receivership|reconstruction|restructuring"
    r"|(?:company )?reorgani[sz]ation|debt (?:relief|restructuring|reconstruction)|insolvency)(?![\w-])"
)
_IN_A_STATE = re.compile(rf"(?<!\w)(?:i|under|in) (?:frivillig )?{_STATE}")
_IN_BRACKETS = re.compile(rf"[(\[][^()\[\]]*(?<!\w)(?:{_STATE}|(?:bankrupt|insolvent)(?!\w))[^()\[\]]*[)\]]")
_BEHIND_THE_NAME = re.compile(rf"[\w.)]\s*[,-]\s*(?:{_STATE}|(?:bankrupt|insolvent)(?!\w))")

_REGIONS = """
    blekinge dalarna gavleborg gotland halland jamtland jonkopings kalmar kronoberg norrbotten skane stockholm
    sormland uppsala varmland vasterbotten vasternorrland vastmanland vastra orebro ostergotland
"""
_CITIES = """
    boras goteborgs haparanda helsingborgs landskrona lidingo malmo mariestads solna stockholms sundbybergs
    trollhattans vaxholms vasteras
"""
_AGENCIES = """
    arbetsformedlingen arbetsmiljoverket bolagsverket boverket domstolsverket ekobrottsmyndigheten finansinspektionen
    fortifikationsverket forsakringskassan forsvarsmakten jordbruksverket kammarkollegiet konsumentverket
    kriminalvarden kronofogden lantmateriet livsmedelsverket luftfartsverket lakemedelsverket migrationsverket
    naturvardsverket patentverket riksantikvarieambetet riksgalden sjofartsverket skatteverket skogsstyrelsen
    skolverket socialstyrelsen statskontoret trafikverket transportstyrelsen tullverket
"""


def _any_of(words: str) -> str:
    return "|".join(words.split())


_PUBLIC = re.compile(
    r"(?<!\w)(?:kommun(?:en)?s?|municipality|landsting(?:et)?s?|county council|lansstyrelse(?:n|ns)?"
    r"|county administrative board|\w*myndighet(?:en)?s?|\w+namnden|(?:\w*tings|hov|kammar|forvaltnings)ratt(?:en)?"
    rf"|region (?:{_any_of(_REGIONS)})|\w+sregionen|(?:{_any_of(_CITIES)}) stad|(?:{_any_of(_AGENCIES)})"
    r"|swedish (?:\w+ ){1,3}(?:agency|administration|authority|board))(?![\w-])"
)

_CARE_OF = re.compile(r"(?<!\w)c/o(?!\w)")


def names_an_estate(text: str, *, is_firm: bool) -> bool:
    """Return whether a name or c/o line says that an estate owes. `is_firm`: the number is an organisation's, not an
    estate's.

    An estate has no firm: where there is one, only "dödsboet efter …" says so.
    """
    plain = _plain(text)
    if _ESTATE_OF_SOMEBODY.search(plain):
        return True
    in_a_firm = is_firm or _LEGAL_FORM.search(plain) or _ESTATES_AS_A_TRADE.search(plain)
    return bool(_ESTATE.search(plain)) and not in_a_firm


def names_insolvency(text: str) -> bool:
    """Return whether a name or c/o line says bankruptcy, liquidation, reconstruction or debt relief."""
    plain = _plain(text)
    if _INSOLVENT_ESTATE.search(plain) and not _ESTATES_AS_A_TRADE.search(plain):
        return True
    if _IN_BRACKETS.search(plain):
        return True
    return any(not _inside_a_firm(match) for form in (_IN_A_STATE, _BEHIND_THE_NAME) for match in form.finditer(plain))


def names_a_public_body(text: str) -> bool:
    """Return whether a name is a municipality's, a region's or an agency's."""
    plain = _plain(text)
    return bool(_PUBLIC.search(plain)) and not _LEGAL_FORM.search(plain)


def is_care_of(line: str) -> bool:
    """Return whether an address line says who takes the post for someone."""
    return bool(_CARE_OF.search(_plain(line)))


def _inside_a_firm(match: re.Match[str]) -> bool:
    """Return whether what was found stands before the name's only legal form: "Juristerna i Konkurs AB"."""
    before, after = match.string[: match.start() + 1], match.string[match.end() :]
    return not _LEGAL_FORM.search(before) and bool(_LEGAL_FORM.search(after))


def _plain(text: str) -> str:
    """`text` in small letters without accents, every dash a hyphen, every run of spaces one space."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(
        "-" if unicodedata.category(character) == "Pd" else character
        for character in decomposed
        if unicodedata.category(character) not in {"Mn", "Cf"}
    )
    return " ".join(kept.casefold().split())
