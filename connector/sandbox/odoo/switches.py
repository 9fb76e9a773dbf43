"""How the imitation of Odoo can be made to behave, as its versions and set-ups do, and when something goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.sandbox.shared.switches import Fault


class OdooVersion(StrEnum):
    """The version that the imitation of Odoo is."""

    V17 = "17.0"
    V18 = "18.0"
    V19 = "19.0"


class MakesKeys(StrEnum):
    """Whether API keys can be made by a call: not in 19.0.0, in later releases for some (odoo/API.md, "Keys")."""

    ABSENT = "absent"
    REFUSED = "refused"
    ALLOWED = "allowed"


@dataclass(frozen=True)
class LedgerSwitches:
    """How the imitation of Odoo behaves. `custom_fields` says whether the x_amili_ fields are installed, `requests`
    whether people's requests have a model of their own beside them, as since release 0.5.0,
    `reminder_module` and `reminder_fees` whether the modules are that keep reminders and their fees,
    `overdue_reminder_module` whether another one is that keeps reminders (17 and 18 alone), `identification_module`
    whether the one is that keeps lists of customers' numbers.

    With `commit_after_s`, webhooks are sent before the change they tell of is saved, which ends so much later. With
    `minds_database_name`, a call by JSON-2 that names its database finds nothing, as was reported of Odoo Online.
    `takes_messages` is false where a message has no author that Odoo accepts (odoo/API.md, "Rights and companies").
    Changing `version` while it runs is an upgrade.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 1
    slow_s: float = 0.0
    slow_operations_s: Mapping[str, float] = field(default_factory=dict)

    custom_fields: bool = True
    requests: bool = True
    takes_messages: bool = True
    commit_after_s: float = 0.0
    minds_database_name: bool = False
    version: OdooVersion = OdooVersion.V19
    reminder_module: bool = False
    reminder_fees: bool = False
    overdue_reminder_module: bool = False
    identification_module: bool = False
    makes_keys: MakesKeys = MakesKeys.ABSENT
