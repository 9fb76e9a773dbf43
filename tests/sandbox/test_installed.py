"""Imitations are found by their entry points, and what is wrong with an installation is said in a sentence."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from connector.cli import demo_ledgers
from connector.domain.errors import ConfigurationError
from connector.sandbox import installed
from connector.sandbox.installed import GROUP, NoImitation


def with_points(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    """Let these be all that is installed, by the name of each and where it is said to be."""
    there = EntryPoints(EntryPoint(name, where, GROUP) for name, where in points.items())
    monkeypatch.setattr(installed, "entry_points", lambda *, group: there.select(group=group))


def test_every_imitation_of_ours_is_there() -> None:
    assert {name: installed.imitation(name).help != "" for name in installed.names()} == {"fortnox": True, "odoo": True}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("connector.sandbox.odoo.demo:a_name_of_an_earlier_release", "Install it again"),
        ("connector.sandbox.odoo.demo:create_odoo", "Install it again"),
        ("a_module_that_nobody_has:IMITATION", "needs the module a_module_that_nobody_has.*pip install"),
    ],
)
def test_what_cannot_be_loaded_says_what_to_install(monkeypatch: pytest.MonkeyPatch, where: str, words: str) -> None:
    with_points(monkeypatch, odoo=where)

    with pytest.raises(NoImitation, match=words):
        installed.imitation("odoo")
    with pytest.raises(ConfigurationError, match=words):
        demo_ledgers.served("odoo", "http://127.0.0.1:1")


def test_the_same_way_finds_one_that_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with_points(monkeypatch, odoo="connector.sandbox.odoo.demo:IMITATION")

    assert installed.imitation("odoo") is installed.imitation("odoo")
    assert demo_ledgers.names() == ("odoo",)


WITHOUT_IMITATIONS = """
from importlib import metadata
found = metadata.entry_points
metadata.entry_points = lambda **sought: () if sought["group"] == "amili_connector.sandboxes" else found(**sought)
from connector.cli import main
main(["demo", *{more}])
"""


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [(["--once"], 3, "No imitation of a ledger is installed. Install amili-connector again"), (["--help"], 0, "")],
)
def test_without_any_imitation_the_demo_says_so(more: list[str], status: int, words: str) -> None:
    command = [sys.executable, "-c", WITHOUT_IMITATIONS.format(more=more)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == status, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_host_that_nobody_imitates_is_named() -> None:
    with pytest.raises(NoImitation, match="moonbook"):
        installed.imitation("moonbook")
