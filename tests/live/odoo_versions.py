"""What a real Odoo of each version calls otherwise, where the tests keep its books. `ODOO_MAJOR` says which one it is.

No package index has 17 or 18: whoever has one at hand sets ODOO_MAJOR beside the other variables that
`odoo19.sh env` prints, with two keys made there. Source: odoo/API.md, "Rights and companies" and "Versions".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Names:
    """`groups` is the field of a user or an action that holds its groups, `members` the one of a group.

    `bank_group` may keep bank statements, `lists` is the kind of view that a list is. `disputes` says that an invoice
    has a state for a dispute, `exempts` names model and field of the mark *No Follow-up*, None where there is none.
    `invoice_page` is the address of an invoice in the web client.
    """

    groups: str
    members: str
    bank_group: str
    lists: str
    disputes: bool
    exempts: tuple[str, str] | None
    invoice_page: str


NAMES: Mapping[int, Names] = {
    17: Names(
        "groups_id",
        "users",
        "account.group_account_user",
        "tree",
        disputes=False,
        exempts=("account.move.line", "blocked"),
        invoice_page="/web#model=account.move&view_type=form&id={}",
    ),
    18: Names(
        "groups_id",
        "users",
        "account.group_account_basic",
        "list",
        disputes=True,
        exempts=None,
        invoice_page="/odoo/m-account.move/{}",
    ),
    19: Names(
        "group_ids",
        "user_ids",
        "account.group_account_basic",
        "list",
        disputes=True,
        exempts=("account.move", "no_followup"),
        invoice_page="/odoo/m-account.move/{}",
    ),
}


def odoo_major() -> int:
    """The major version of the real Odoo; the one that `odoo19.sh` starts is a 19."""
    return int(os.environ.get("ODOO_MAJOR") or 19)


def names() -> Names:
    """The names of the real Odoo's version."""
    return NAMES[odoo_major()]


def needs(*majors: int, why: str) -> pytest.MarkDecorator:
    """Leave a test out where the real Odoo is of another version; `why` that version has nothing to try."""
    return pytest.mark.skipif(odoo_major() not in majors, reason=f"Odoo {odoo_major()}: {why}")
