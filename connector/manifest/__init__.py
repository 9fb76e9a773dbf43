"""The connector's machine-readable description, `manifest.json`, as typed data.

The code reads it: the collector's environments come from here. Tests hold the rest of
it to the code. `python -m connector.manifest` renews its generated parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.resources import manifest_path


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Key(_Described):
    """A key that a host is opened with. `kept` says whether the connector stores it, encrypted."""

    id: str
    use: str
    groups: tuple[str, ...]
    kept: bool


class Authentication(_Described):
    """How a host knows us."""

    method: str
    keys: tuple[Key, ...]


class Right(_Described):
    """What a key's user must be allowed: an operation on one of the host's models."""

    key: str
    model: str
    operation: str
    purpose: str


class Event(_Described):
    """What a host tells us of. An event is a hint; polling is the guarantee."""

    id: str
    transport: Literal["webhook", "poll", "socket"]
    trigger: str
    carries: str


class AddedField(_Described):
    """A field that the connector adds to one of the host's models."""

    model: str
    name: str
    type: str
    purpose: str


class HostDescription(_Described):
    """One kind of accounting system. `settings` is the JSON Schema of a connection's `host` part."""

    id: str
    name: str
    versions: str
    status: Literal["available", "planned"]
    authentication: Authentication
    rights: tuple[Right, ...]
    scopes: tuple[str, ...]
    events: tuple[Event, ...]
    fields: tuple[AddedField, ...]
    settings: Mapping[str, Any]


class CollectorEnvironment(_Described):
    """Where one of the collector's environments is: `setting` in the deployment, `url` if it is known."""

    setting: str
    url: str


class Collector(_Described):
    """To whom cases go."""

    id: str
    name: str
    authentication: str
    environments: Mapping[str, CollectorEnvironment]


class Endpoint(_Described):
    """An address that the connector's web server answers."""

    method: Literal["GET", "POST"]
    path: str
    access: Literal["everyone", "webhook token", "webhook signature", "signed in", "signed in, every company"]
    purpose: str


class PersonalData(_Described):
    """Data about people that the connector handles."""

    what: str
    why: str
    where: str
    retention: str


class Manifest(_Described):
    """The whole description. `connection_settings` is the JSON Schema of a connection's settings."""

    id: str
    name: str
    version: str
    description: str
    documentation: str
    licence: str
    hosts: tuple[HostDescription, ...]
    collector: Collector
    connection_settings: Mapping[str, Any] = Field(repr=False)
    endpoints: tuple[Endpoint, ...]
    personal_data: tuple[PersonalData, ...]


@lru_cache(maxsize=1)
def load() -> Manifest:
    """The manifest that travels with this code. Raises `pydantic.ValidationError` if it is not one."""
    return Manifest.model_validate_json(manifest_path().read_bytes())
