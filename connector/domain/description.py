"""What the debt concerns, in the words of the invoice's own lines.

A demand must state clearly what it rests on (inkassolagen 5 §, RULES.md, "Content of a demand"), and personal numbers
have no business in free text (RULES.md, "Personal data").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from connector.domain.assessment import CreditorStatus
from connector.domain.invoice import Invoice, InvoiceKind, LineKind
from connector.domain.redaction import without_personal_numbers

DEBT_DESCRIPTION_MAX_CHARACTERS = 200
"""How long a description may be. Amili's limit is unknown, so this is unconfirmed."""

SEPARATOR = ", "
ELLIPSIS = "…"

_VAGUE = """
    faktura fakturan fakturor kundfaktura invoice invoices bill
    tjänst tjänster tjänsten service services
    vara varor varan artikel artiklar produkt produkter goods product products item items article articles
    diverse div övrigt övriga blandat various misc miscellaneous sundry sundries other
    enligt avtal avtalet kontrakt överenskommelse order beställning offert
    according agreement agreed contract ordered quote
    arbete arbeten utfört work works performed leverans delivery köp purchase
    belopp amount kostnad kostnader cost costs avgift avgifter fee fees skuld debt fordran betalning payment
    avser avseende gällande se bifogad bilaga ovan nedan see attached
    och av för till på med per som den det en ett and of for to on as the a an by in our your vår er
    nr no nummer number datum date kr sek st pcs
"""

VAGUE_WORDS = frozenset(_VAGUE.split())
"""Words that say nothing of what was sold; a description made of these alone is vague (F1)."""

_PLACEHOLDER = re.compile(r"\{(lines|invoice_number|invoice_date)\}")
_WORD = re.compile(r"[^\W_]+")


def describe_debt(invoice: Invoice, template: str) -> str:
    """The text after "The debt concerns", at most `DEBT_DESCRIPTION_MAX_CHARACTERS` long; "" if there is none.

    `template` is the connection's, with the placeholders {lines}, {invoice_number} and {invoice_date}. Only
    the lines are shortened to make the text fit, unless the template alone is too long.
    """
    lines = SEPARATOR.join(_line_texts(invoice))
    text = _fill(invoice, template, lines)
    excess = len(text) - DEBT_DESCRIPTION_MAX_CHARACTERS
    if excess > 0:
        uses = max(template.count("{lines}"), 1)
        room = max(len(lines) - -(-excess // uses), 0)
        text = _fill(invoice, template, _shortened(lines, room))
    return _shortened(text, DEBT_DESCRIPTION_MAX_CHARACTERS)


def debtor_reads(description: str, creditor: CreditorStatus | None) -> str:
    """The text after "The debt concerns" as Amili will have it: `description`, or the creditor's own standard text.

    Amili takes the standard text always if the creditor is set so; where there is no description, it is sent as ours.
    """
    standard = creditor.standard_debt_description.strip() if creditor else ""
    always = creditor is not None and creditor.always_use_standard_debt_description
    return standard if standard and (always or not description) else description


def is_vague(description: str, *, invoice_number: str = "") -> bool:
    """Return whether `description` says nothing about what was sold: only general words, numbers and dates."""
    words = _WORD.findall(description.replace(invoice_number, " ") if invoice_number else description)
    telling = (word for word in words if not any(character.isdigit() for character in word))
    return all(word.casefold() in VAGUE_WORDS or len(word) == 1 for word in telling)


def _line_texts(invoice: Invoice) -> Iterable[str]:
    sold = LineKind.INTEREST if invoice.kind is InvoiceKind.INTEREST else LineKind.GOODS
    goods = [line for line in invoice.lines if line.kind is sold]
    # Discounts and text rows say little about the debt; they serve only where nothing else does.
    charged = [line for line in goods if line.amount > 0] or goods
    texts = (_tidy(without_personal_numbers(line.description)) for line in charged)
    return dict.fromkeys(text for text in texts if text)


def _fill(invoice: Invoice, template: str, lines: str) -> str:
    values = {
        "lines": lines,
        "invoice_number": invoice.number,
        "invoice_date": invoice.invoice_date.isoformat() if invoice.invoice_date else "",
    }
    clean_template = without_personal_numbers(template)
    return _tidy(_PLACEHOLDER.sub(lambda match: values[match[1]], clean_template))


def _tidy(text: str) -> str:
    without_empty_brackets = re.sub(r"\(\s*\)|\[\s*\]", " ", text)
    return " ".join(without_empty_brackets.split()).strip(" ,;:-")


def _shortened(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    if room <= len(ELLIPSIS):
        return ""
    cut = text[: room - len(ELLIPSIS)]
    at_word = cut.rsplit(" ", 1)[0]
    # A single long word is better cut than lost.
    kept = at_word if len(at_word) > len(cut) // 2 else cut
    return kept.rstrip(" ,;:-") + ELLIPSIS
