"""Runs the code of our actions as Odoo does, on records of a small Odoo of one version.

It has what the code uses and no more: attributes of records, `filtered`, `mapped`, `write`, `sudo`, `message_post`,
and the model of requests. What its users may is not asked (tests/live does that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from string import Template
from types import SimpleNamespace
from typing import Any

from connector.hosts.odoo.versions import DIALECTS
from connector.resources import read_template


class UserError(Exception):
    """What Odoo tells its user."""


class Records:
    """Some records of a model. The values of several are `filtered` and `mapped`; those of one are attributes."""

    def __init__(self, odoo: Odoo, rows: Iterable[dict[str, Any]], *, su: bool = False) -> None:
        self.__dict__.update(_odoo=odoo, _rows=list(rows), _su=su)

    def __getattr__(self, name: str) -> Any:
        if not self._rows:
            return False
        (row,) = self._rows
        if name not in row:
            raise AttributeError(name)
        value = row[name]
        return Records(self._odoo, value, su=self._su) if isinstance(value, list) else value

    def __iter__(self) -> Iterator[Records]:
        return (Records(self._odoo, [row], su=self._su) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int | slice) -> Records:
        rows = self._rows[place] if isinstance(place, slice) else [self._rows[place]]
        return Records(self._odoo, rows, su=self._su)

    def __sub__(self, other: Records) -> Records:
        gone = {id(row) for row in other._rows}
        return Records(self._odoo, [row for row in self._rows if id(row) not in gone], su=self._su)

    def __contains__(self, other: Records) -> bool:
        return all(any(row is mine for mine in self._rows) for row in other._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and self in other and other in self

    __hash__ = None  # type: ignore[assignment]

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self._rows]

    def filtered(self, fits: str | Callable[[Records], Any]) -> Records:
        chosen = [one for one in self if (getattr(one, fits) if isinstance(fits, str) else fits(one))]
        return Records(self._odoo, [one._rows[0] for one in chosen], su=self._su)

    def mapped(self, name: str) -> Any:
        return [row[name] for row in self._rows]

    def sudo(self) -> Records:
        return Records(self._odoo, self._rows, su=True)

    def write(self, values: dict[str, Any]) -> bool:
        for row in self._rows:
            row.update(values)
        return True

    def message_post(self, *, body: str) -> None:
        if self._odoo.major < 19 and not self._su and not self._odoo.user.email:
            raise UserError("Unable to send message, please configure the sender's email address.")
        self._odoo.notes.append((self._odoo.user.name, body))


@dataclass
class Odoo:
    """The user who runs an action in one version of Odoo, and what came of it."""

    major: int
    user: Any = field(
        default_factory=lambda: SimpleNamespace(name="Ekonom Ek", email="", lang="sv_SE", has_group=lambda _: True)
    )
    notes: list[tuple[str, str]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def invoices(self, *changes: dict[str, Any]) -> Records:
        """An invoice that may be sent for each of `changes`."""
        return Records(self, [self._invoice(number, change) for number, change in enumerate(changes, 1)])

    def run(self, template: str, records: Records) -> Any:
        """Run one of our actions on records; gives the action that its user's browser gets."""
        text = Template(read_template(f"odoo/{template}")).substitute(exempt=DIALECTS[self.major].exempt)
        known = {"env": self, "records": records, "UserError": UserError, "action": None}
        exec(compile(text, template, "exec"), known)
        return known["action"]

    # What the code finds in `env`

    @property
    def cr(self) -> Any:
        return SimpleNamespace(now=lambda: datetime(2026, 11, 30, 12, tzinfo=UTC))

    def __getitem__(self, model: str) -> Any:
        assert model == "x_amili_request"
        return SimpleNamespace(sudo=lambda: self._of_requests)

    @property
    def _of_requests(self) -> Any:
        def create(values: Any) -> None:
            self.requests.extend(values if isinstance(values, list) else [values])

        return SimpleNamespace(create=create, search_count=lambda _: 0)

    def _invoice(self, number: int, changes: dict[str, Any]) -> dict[str, Any]:
        card = {"id": 9, "lang": "sv_SE", "x_amili_never_send": False}
        line: dict[str, Any] = {"blocked": False} if self.major == 17 else {}
        invoice = {
            "id": number,
            "name": f"INV/2026/{number:05}",
            "state": "posted",
            "move_type": "out_invoice",
            "payment_state": "not_paid",
            "partner_id": [card],
            "commercial_partner_id": [card],
            "company_id": [{"id": 1, "partner_id": [card]}],
            "line_ids": [line],
            **dict.fromkeys(_OURS, False),
            **({"no_followup": False} if self.major == 19 else {}),
        }
        return {**invoice, **changes}


_OURS = (
    "x_amili_case_id",
    "x_amili_disputed",
    "x_amili_ended",
    "x_amili_first_action",
    "x_amili_requested_at",
    "x_amili_withdrawal_reason",
)
