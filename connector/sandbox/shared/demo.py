"""A served imitation of a ledger with five overdue invoices, as the demo plays it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DemoLedger:
    """A ledger that is served. `labels` names its invoices' ids, `pay` lets a customer pay one.

    It is opened by `api_key` with `host_settings`; where that is "", by a consent which the imitation gives to anyone
    who asks for it, and `deployment_settings` hold the app that it knows. `is_written` says whether the case id can be
    written back, and `place` says so in words.
    """

    host: str
    organization_number: str
    labels: Mapping[str, str]
    pay: Callable[[str], object]
    place: str
    is_written: bool
    host_settings: Mapping[str, object] = field(default_factory=dict, repr=False)
    api_key: str = field(default="", repr=False)
    deployment_settings: Mapping[str, object] = field(default_factory=dict, repr=False)
