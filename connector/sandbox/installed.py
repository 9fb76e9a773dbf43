"""The imitations there are: what is installed in the entry-point group `amili_connector.sandboxes`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from connector.sandbox.shared.imitation import Imitation

GROUP = "amili_connector.sandboxes"


class NoImitation(Exception):
    """There is no imitation of that name, or it cannot be loaded; the text says what to do."""


def names() -> tuple[str, ...]:
    """The ids of the hosts that an imitation is installed of, sorted."""
    return tuple(sorted(point.name for point in entry_points(group=GROUP)))


def imitation(host: str) -> Imitation:
    """The imitation of a host. Raises `NoImitation`."""
    point = next((one for one in entry_points(group=GROUP) if one.name == host), None)
    if point is None:
        raise NoImitation(f"There is no imitation of a host called {host!r}.")
    try:
        found = point.load()
    except ModuleNotFoundError as error:
        raise NoImitation(_missing(point, error.name or "")) from None
    except AttributeError:
        found = None
    if not isinstance(found, Imitation):
        raise NoImitation(
            f"What is installed as the imitation of {host!r}, {point.value}, is none: {_package(point)} changed after "
            "it was installed, or is broken. Install it again; in a checkout, `pip install --editable .` does."
        )
    return found


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "its package"


def _missing(point: EntryPoint, module: str) -> str:
    return (
        f"The imitation of {point.name!r} needs the module {module}, which is not installed: "
        f"`pip install '{_package(point)}[demo]'` installs what imitations need."
    )
