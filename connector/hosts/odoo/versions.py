"""The versions of Odoo, and all that differs between them as far as the connector is concerned: one table.

Everything above the wire asks the `Dialect` for a name instead of asking which version it is. Source:
API.md, "Versions", and what stands at each row of `DIFFERENCES`; "inferred" marks what was not seen: there it is what
stands in that version's own source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo.transport import SYSTEM

Record = Mapping[str, Any]

SEND_WIZARD = "account.move.send.wizard"
"""The wizard by which 18 and 19 send one invoice (API.md, "PDF")."""

_VERSION = re.compile(r"(?P<online>saas~)?(?P<major>\d+)(?:\.(?P<minor>\d+))?")


@dataclass(frozen=True)
class Version:
    """A release of Odoo. `online` marks those between two major ones, which run on odoo.com only ("saas~19.1")."""

    major: int
    minor: int = 0
    online: bool = False

    def __str__(self) -> str:
        return f"{'saas~' if self.online else ''}{self.major}.{self.minor}"


def parsed_version(text: str) -> Version | None:
    """The release that `text` names ("18.0", "19.0+e", "17.0-20240101", "saas~19.1+e", "20"), `None` for no version."""
    found = _VERSION.match(text)
    return Version(int(found["major"]), int(found["minor"] or 0), bool(found["online"])) if found else None


@dataclass(frozen=True)
class AccessCheck:
    """A method that tells whether the key's user may do an `operation`, with its other `arguments`.

    `of_the_model` says that it takes no ids; else it is called for no record in particular.
    """

    method: str
    of_the_model: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PdfWizard:
    """Odoo's own wizard that makes and keeps an invoice's PDF, and the values with which it sends to no one.

    Left out, `sending_methods` would default to the customer's way of delivery, and Odoo would mail it; with a
    template, 18 fails for customers who read Swedish (API.md, "PDF").
    """

    model: str
    to_nobody: Mapping[str, Any]


@dataclass(frozen=True)
class Dialect:
    """What one version of Odoo calls things.

    `access_check` tells whether the key's user may do an operation on a model. `groups_field` names the groups of a
    user or an action, `members_field` and `privilege_field` are fields of a group; the latter is "" where no one may
    make what it names. `pdf_wizard` makes an invoice's PDF, `None` where none is known to mail no one. `list_view` is
    the element and the view mode of a list, and `status_column` the column of the invoice list that shows the payment
    state. `group_key_duration` says that a group sets how long its members' API keys may last, `hooks_after_commit`
    that webhooks are sent only once what they tell of is saved. `litigation_field` is the mark on an invoice's lines
    that exempts it from follow-up, "" where lines have none; `exempt` asks for that mark in code that runs in Odoo, of
    an invoice `move`. `names_language` says that a request must name an active language, or Odoo reads from the
    customers' table to find one and holds it. `notes_need_address` says that a note needs an author with an e-mail
    address, `confirm_label` is what a view puts on the button by which its user confirms, "" where it would stay
    English, and `makes_keys` that a later release may make API keys by a call. `absent` are the fields that other
    versions have, by model, with what their absence means.
    """

    access_check: AccessCheck
    groups_field: str
    members_field: str
    privilege_field: str
    pdf_wizard: PdfWizard | None
    list_view: str
    status_column: str
    group_key_duration: bool
    hooks_after_commit: bool
    litigation_field: str
    exempt: str
    names_language: bool
    notes_need_address: bool
    confirm_label: str
    makes_keys: bool
    absent: Mapping[str, Mapping[str, Any]]

    def known(self, model: str, names: Sequence[str]) -> list[str]:
        """Those of the fields `names` that `model` has in this version."""
        return [name for name in names if name not in self.absent.get(model, {})]

    def completed(self, model: str, record: Record, names: Sequence[str]) -> dict[str, Any]:
        """`record`, read with the `known` ones of `names`, with the others as their absence means."""
        absent = self.absent.get(model, {})
        return {**record, **{name: absent[name] for name in names if name in absent}}


DIFFERENCES: Mapping[str, tuple[Any, Any, Any]] = {
    # name:                  17, 18, 19
    "access_check": (
        # 19: seen. 17 and 18: inferred.
        AccessCheck("check_access_rights", of_the_model=True, arguments={"raise_exception": False}),
        AccessCheck("has_access"),
        AccessCheck("has_access"),
    ),
    # API.md, "Versions", for 18 and 19; 17 inferred to be as 18.
    "groups_field": ("groups_id", "groups_id", "group_ids"),
    "members_field": ("users", "users", "user_ids"),
    # API.md, "Versions": no one may make a category (`ir.module.category`) in 17 and 18. A group of ours that
    # joined one of Odoo's would change how that one's groups are chosen, so that it has none.
    "privilege_field": ("", "", "privilege_id"),
    # API.md, "PDF". That of 17 sends by a switch for each way of delivery that is installed, which no one
    # has tried: it is not used.
    "pdf_wizard": (
        None,
        PdfWizard(SEND_WIZARD, {"sending_methods": [], "mail_template_id": False}),
        PdfWizard(SEND_WIZARD, {"sending_methods": [], "template_id": False}),
    ),
    # 18 and 19: seen; 17 inferred.
    "list_view": ("tree", "list", "list"),
    "status_column": ("payment_state", "status_in_payment", "status_in_payment"),
    # API.md, "Keys"; 17 inferred: its keys never end.
    "group_key_duration": (False, True, True),
    # API.md, "Webhooks"; 17 inferred to be as 18.
    "hooks_after_commit": (False, False, True),
    # Inferred: account.move.line of 17, "No Follow-up". 18 has such a mark nowhere; 19 has it on the invoice.
    "litigation_field": ("blocked", "", ""),
    "exempt": ("any(move.line_ids.mapped('blocked'))", "False", "move.no_followup"),
    # These four: API.md, "Versions" on 17.0, 18.0 and 19.0; keys: "Keys".
    "names_language": (True, False, False),
    "notes_need_address": (True, True, False),
    "confirm_label": ("", "", ' confirm-label="Withdraw the case"'),
    "makes_keys": (False, False, True),
    "absent": (
        # no_followup: API.md, "Versions". The others inferred.
        {
            "account.move": {"no_followup": False, "matched_payment_ids": []},
            "res.users.apikeys": {"expiration_date": False},
        },
        {"account.move": {"no_followup": False}},
        # API.md, "Versions".
        {"res.partner": {"mobile": False}, "res.company": {"mobile": False}},
    ),
}

DIALECTS: Mapping[int, Dialect] = MappingProxyType(
    {
        major: Dialect(**{name: by_version[column] for name, by_version in DIFFERENCES.items()})
        for column, major in enumerate((17, 18, 19))
    }
)
"""The dialect of each major version that the connector knows."""


def dialect_of(version: Version, accepted: Version | None = None) -> Dialect:
    """The dialect of `version`. Raises `ConfigurationError` for one that is not known to work.

    `accepted` is a version that the installer takes on his own responsibility; it is spoken to as the newest
    known one that is not newer. The releases on odoo.com after 19.0 are spoken to as 19 (inferred); those
    before it have the names of neither neighbour for certain, so they are not known.
    """
    if version.major in DIALECTS and (version.major == max(DIALECTS) or not version.online):
        return DIALECTS[version.major]
    if version == accepted:
        return DIALECTS[max((major for major in DIALECTS if major <= version.major), default=min(DIALECTS))]
    *others, last = map(str, DIALECTS)
    raise ConfigurationError(
        f"This is Odoo {version}; the connector is known to work with {', '.join(others)} and {last}.",
        system=SYSTEM,
        advice=f'To use it all the same, on your own responsibility, set accept_version to "{version}" in the'
        " connection's Odoo settings.",
    )
