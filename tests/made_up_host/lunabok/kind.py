"""The made-up system as the connector knows it: with a key, and with a webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from connector.domain.errors import ConfigurationError
from connector.hosts.base import ApiKey, AskedSetting, Hints, Host, HostKind, Quality, QualityList
from connector.remote.policy import HttpPolicy

from .ledger import LunabokHost
from .translate import SYSTEM, translate


class LunabokSettings(BaseModel):
    """Where a company's ledger is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = ""


class _Key(ApiKey):
    asked = (AskedSetting("url", "Address of the ledger.", "The ledger's address"),)

    def open(self, settings: Mapping[str, Any], key: SecretStr, http: HttpPolicy) -> Host:
        if not settings.get("url"):
            raise ConfigurationError("The settings of Lunabok need a url.")
        return LunabokHost(str(settings["url"]), lambda: key, http)


def _same_books(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.get("url") == other.get("url")


def hints(body: bytes) -> Hints:
    """The invoice that a webhook names; or that something changed."""
    try:
        told = json.loads(body)
    except ValueError:
        return Hints()
    if not isinstance(told, dict):
        return Hints()
    return Hints((str(told["invoice"]),)) if told.get("invoice") else Hints(changes=told.get("changed") is True)


KIND = HostKind(
    id="lunabok",
    name=SYSTEM,
    settings=LunabokSettings,
    opened_by=_Key(),
    translate=translate,
    same_books=_same_books,
    hints=hints,
    quality=QualityList(
        keeps=frozenset({Quality.HAS_A_DEMO, Quality.ASKED_INSIDE, Quality.TELLS_OF_CHANGES, Quality.SHOWS_THE_CASE}),
        lacks={Quality.SHOWS_THE_STATUS: "nobody has thought of a place"},
    ),
)
