"""Where the texts are read from: once in a process and language, when the first of them is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from connector.domain.text import Fact
from connector.resources import templates_path
from connector.words.catalogue import Catalogue
from connector.words.languages import LANGUAGES

HOSTS = "amili_connector.hosts"
"""The entry-point group of hosts: each may bring a folder `locale` beside the module that it names."""


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalogue:
    """All texts in `language`: ours and those of every host installed. Raises `MissingText` for one we do not speak."""
    # Babel takes as long to import as the rest of a command, and many a process says nothing.
    from connector.words.reading import read_catalogue  # noqa: PLC0415

    return read_catalogue(language, tuple(_folders()))


def say(fact: Fact, language: str) -> str:
    """Return what is to be said, in `language`. Raises `MissingText`."""
    return catalogue(language).say(fact)


def _folders() -> Iterator[Path]:
    """The folders of catalogues. A host's is found without the host being loaded, so that its texts are there for
    those who show them.
    """
    yield templates_path() / "locale"
    for point in sorted(entry_points(group=HOSTS)):
        package = find_spec(point.module.rpartition(".")[0])
        for place in (package and package.submodule_search_locations) or ():
            yield Path(place) / "locale"
