"""The lock file for those who deploy: whole, hashed, within the bounds that are declared, and free of addresses."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.source import ROOT

LOCK = ROOT / "connector" / "requirements.lock"
_PIN = re.compile(r"^([a-z0-9.-]+)==([^ ;\\]+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)


def pinned() -> dict[str, str]:
    """The version of each package."""
    return {name: version for name, version, _ in _PIN.findall(LOCK.read_text(encoding="utf-8"))}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(one) for one in project["dependencies"]]


def wanted_by(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed package wants here."""
    found = [Requirement(text) for text in metadata.requires(name) or ()]
    environments = [default_environment() | {"extra": extra} for extra in ("", *extras)]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate(environment) for environment in environments)  # type: ignore[arg-type]
    ]


def test_every_line_is_a_pin_with_its_hashes() -> None:
    rest = _PIN.sub("", LOCK.read_text(encoding="utf-8"))
    assert [line for line in rest.splitlines() if not line.startswith("#")] == []
    assert len(pinned()) > 20


def test_no_address_of_an_index_is_in_it() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index|--find-links|--trusted-host|@", text)


@pytest.mark.parametrize("requirement", declared(), ids=lambda one: one.name)
def test_each_dependency_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    version = pinned()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version, prereleases=True)


def test_what_the_dependencies_want_is_pinned_too() -> None:
    waiting = [(canonicalize_name(one.name), frozenset(one.extras)) for one in declared()]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        name, extras = one
        waiting += [(canonicalize_name(each.name), frozenset(each.extras)) for each in wanted_by(name, set(extras))]
    assert {name for name, _ in seen} - set(pinned()) == set()


def test_those_who_deploy_and_those_who_renew_it_are_told() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install --require-hashes -r connector/requirements.lock" in readme
    developers = (ROOT / "connector" / "README.md").read_text(encoding="utf-8")
    assert "pip-audit --strict --require-hashes --disable-pip -r connector/requirements.lock" in developers
