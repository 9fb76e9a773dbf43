"""Finding the kinds of hosts that are installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from connector.domain.errors import ConfigurationError
from connector.hosts import kinds


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """What stands in the group, in place of what is installed here."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(kinds, "entry_points", lambda *, group: [one for one in found if one.group == group])
    kinds._installed.cache_clear()
    kinds.kind.cache_clear()
    yield found
    kinds._installed.cache_clear()
    kinds.kind.cache_clear()


def test_the_hosts_of_the_product_are_found() -> None:
    assert {"odoo", "fortnox"} <= set(kinds.ids())
    assert [kinds.kind(host).id for host in kinds.ids()] == list(kinds.ids())


def test_a_product_without_its_hosts_says_so_and_what_to_do(installed: list[EntryPoint]) -> None:
    assert not installed
    with pytest.raises(
        ConfigurationError, match=r"No host is installed.*amili_connector\.hosts.*empty.*Install"
    ) as raised:
        kinds.every()
    assert raised.value.advice


def test_what_is_no_kind_is_refused_by_its_name(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("strange", "json:dumps", kinds.GROUP))
    with pytest.raises(ConfigurationError, match="strange"):
        kinds.kind("strange")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("connector.hosts.odoo.kind:A_NAME_OF_AN_EARLIER_RELEASE", r"is no HostKind.*Install"),
        ("a_module_that_nobody_has:KIND", r"needs the module a_module_that_nobody_has.*Install"),
    ],
)
def test_what_cannot_be_loaded_says_what_to_install(installed: list[EntryPoint], where: str, words: str) -> None:
    installed.append(EntryPoint("odoo", where, kinds.GROUP))
    with pytest.raises(ConfigurationError, match=words):
        kinds.kind("odoo")


def test_a_host_that_is_not_installed_any_more_is_still_told_of(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("odoo", "connector.hosts.odoo.kind:KIND", kinds.GROUP))
    assert kinds.name_of("gone") == "gone"
    assert kinds.by_consent("gone") is None
    assert kinds.name_of("odoo") == "Odoo"
