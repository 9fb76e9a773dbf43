"""Customer cards that have a debtor's identity number under another name: two who have been taken for one (E15)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from connector.domain.invoice import Customer
from connector.domain.invoiced import Named, comparable_number, same_name, who_was_invoiced
from connector.domain.redaction import without_personal_numbers


@dataclass(frozen=True)
class NumberedCard:
    """Another customer card. `number` is what the ledger's people call it by; `id_numbers` are in its own spelling."""

    number: str
    name: str = field(repr=False)
    id_numbers: tuple[str, ...] = field(repr=False)


def number_to_search(customer: Customer, *, today: date) -> str:
    """The last ten digits of the number of the one who is claimed, by which cards are searched; "" if none is valid."""
    return comparable_number(who_was_invoiced(customer, today=today)[0].id_number, today)


def cards_of_another_name(customer: Customer, others: Iterable[NumberedCard], *, today: date) -> tuple[str, ...]:
    """The numbers of those of `others` that have the debtor's number and not its name, each once.

    Where the customer's own card is the debtor's, the name on it is a name of the debtor too. `others` may have other
    numbers: a ledger finds parts of one. A customer number that is a personal number is masked.
    """
    debtor, named = who_was_invoiced(customer, today=today)
    wanted = comparable_number(debtor.id_number, today)
    names = (debtor.name, customer.name) if named is Named.SAME else (debtor.name,)
    found = (
        without_personal_numbers(card.number, mask="…")
        for card in others
        if wanted
        and any(comparable_number(number, today) == wanted for number in card.id_numbers)
        and not any(same_name(card.name, name) for name in names)
    )
    return tuple(dict.fromkeys(found))
