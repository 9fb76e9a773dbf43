"""The kinds of hosts there are: what is installed in the entry-point group `amili_connector.hosts`."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from connector.domain.errors import ConfigurationError
from connector.hosts.base.kind import Consent, HostKind

GROUP = "amili_connector.hosts"


@lru_cache(maxsize=1)
def _installed() -> dict[str, EntryPoint]:
    found = {point.name: point for point in entry_points(group=GROUP)}
    if not found:
        raise ConfigurationError(
            f"No host is installed: the entry-point group {GROUP} is empty.",
            advice="Install amili-connector again; in a checkout, `make` does, or `pip install --editable .`.",
        )
    return found


def ids() -> tuple[str, ...]:
    """The ids of all kinds, sorted. Raises `ConfigurationError` if none is installed."""
    return tuple(sorted(_installed()))


@lru_cache
def kind(host: str) -> HostKind:
    """The kind with this id. Raises `ConfigurationError` if it is not installed, or is none."""
    point = _installed().get(host)
    if point is None:
        raise ConfigurationError(f"There is no host called {host!r}.")
    try:
        found = point.load()
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The host {host!r} needs the module {error.name}, which is not installed.",
            advice="Install its package again, with what it needs.",
        ) from None
    except AttributeError:
        found = None
    if not isinstance(found, HostKind) or found.id != host:
        raise ConfigurationError(
            f"What is installed as the host {host!r}, {point.value}, is no HostKind of that id.",
            advice="Install its package again; in a checkout, `make` does, or `pip install --editable .`.",
        )
    return found


def every() -> tuple[HostKind, ...]:
    """All kinds, by their ids. Raises as `kind`."""
    return tuple(map(kind, ids()))


def by_key_first() -> tuple[str, ...]:
    """The ids of all kinds as they are offered to people: those that are opened by a key first."""
    return tuple(sorted(ids(), key=lambda host: (kind(host).by_consent is not None, host)))


def article(name: str) -> str:
    """`name` of a kind with its article, as in “an example”."""
    return f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}"


def is_known(host: str) -> bool:
    """Return whether a kind with this id is installed."""
    return host in _installed()


def name_of(host: str) -> str:
    """Return what people call the kind; its id where it is not installed any more."""
    return kind(host).name if is_known(host) else host


def approves_rights(system: str) -> bool:
    """Return whether `system`, as an error names who spoke, is a kind whose companies approve what we may do."""
    return any(one.name == system and one.opened_by.APPROVES_RIGHTS for one in every())


def own_creditor_only(host: str) -> bool:
    """Return whether a ledger of the kind is joined to no creditor but one with its own organisation number."""
    return is_known(host) and kind(host).opened_by.OWN_CREDITOR_ONLY


def by_consent(host: str) -> Consent | None:
    """Return how companies of the kind approve an app; None for one that is opened by a key, or is not installed
    any more.
    """
    return kind(host).by_consent if is_known(host) else None
