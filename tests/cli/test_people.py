"""`user`: the people who may sign in."""

from __future__ import annotations

import pytest

from connector.store import tasks, users
from tests.cli.conftest import House
from tests.cli.people import EMAIL, may_sign_in, shown_password
from tests.cli.terminal import Terminal
from tests.flows.stage import CONNECTION


def test_a_user_is_added_once_and_gets_a_new_password(terminal: Terminal) -> None:
    terminal.run("init")
    old = shown_password(terminal.run("user", "add", EMAIL, "--name", "Eva Lund").out)
    again = terminal.run("user", "add", EMAIL.upper())

    assert again.status == 3
    assert "already a user" in again.sentence
    assert may_sign_in(terminal, old)

    new = shown_password(terminal.run("user", "password", EMAIL).out)

    assert new != old
    assert may_sign_in(terminal, new)
    assert not may_sign_in(terminal, old)


def test_a_password_from_standard_input_is_used_and_not_shown(terminal: Terminal) -> None:
    terminal.run("init")
    first, second = "rätt häst batteri häftklammer", "en helt annan mening"
    added = terminal.run("user", "add", EMAIL, "--password-stdin", typed=f"{first}\n")

    assert added.status == 0
    assert first not in added.out
    assert may_sign_in(terminal, first)

    changed = terminal.run("user", "password", EMAIL, "--password-stdin", typed=f"{second}\n")

    assert changed.status == 0
    assert second not in changed.out
    assert may_sign_in(terminal, second)


@pytest.mark.parametrize("typed", ["", "\n", "elva tecken\n"])
def test_a_short_password_is_refused(terminal: Terminal, typed: str) -> None:
    terminal.run("init")
    said = terminal.run("user", "add", EMAIL, "--password-stdin", typed=typed)

    assert said.status == 2
    assert "shorter than 12" in said.err
    assert not (terminal.folder / "data").exists()


def test_a_new_password_for_nobody(terminal: Terminal) -> None:
    terminal.run("init")
    said = terminal.run("user", "password", "nobody@byran.example")

    assert said.status == 3
    assert said.sentence == "There is no user nobody@byran.example. `amili-connector user list` lists them."


def test_a_user_of_a_company_that_is_not_connected(terminal: Terminal) -> None:
    terminal.run("init")
    said = terminal.run("user", "add", EMAIL, "--connection", "bolaget")

    assert said.status == 3
    assert "bolaget" in said.sentence
    assert terminal.run("user", "password", EMAIL).status == 3


def test_people_are_listed_with_what_they_may_use(house: House) -> None:
    terminal = house.terminal
    password = shown_password(terminal.run("user", "add", EMAIL, "--name", "Eva Lund").out)
    terminal.run("user", "add", "olle@byran.example", "--connection", CONNECTION, "--language", "en")
    terminal.run("user", "digest", "olle@byran.example", "--off")

    said = terminal.run("user", "list")
    listed = terminal.run("user", "list", "--json").json

    assert password not in said.out
    eva, olle = said.out.splitlines()[-2:]
    assert eva.split() == [EMAIL, "Eva", "Lund", "sv", "daily", "every", "company"]
    assert olle.split() == ["olle@byran.example", "olle@byran.example", "en", "none", CONNECTION]
    assert [(one["email"], one["may_use_all"], one["connections"], one["digest"]) for one in listed] == [
        (EMAIL, True, [], True),
        ("olle@byran.example", False, [CONNECTION], False),
    ]


def test_a_list_of_nobody_says_how_to_enter_a_person(terminal: Terminal) -> None:
    terminal.run("init")

    said = terminal.run("user", "list")

    assert (said.status, said.out) == (0, "")
    assert "user add" in said.sentence
    assert terminal.run("user", "list", "--json").json == []


def test_a_person_is_given_other_companies(house: House) -> None:
    house.terminal.run("user", "add", EMAIL)
    one = house.terminal.run("user", "companies", EMAIL, "--connection", CONNECTION)
    limited = users.get(house.on.deployment.databases.main, EMAIL)
    every = house.terminal.run("user", "companies", EMAIL.upper(), "--all")
    free = users.get(house.on.deployment.databases.main, EMAIL)

    assert (one.out.strip(), every.out.strip()) == (
        f"{EMAIL} may use {CONNECTION}.",
        f"{EMAIL.upper()} may use every company.",
    )
    assert limited is not None
    assert free is not None
    assert (limited.connections, free.may_use_all) == ((CONNECTION,), True)


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ((), 2, "--connection"),
        (("--all", "--connection", CONNECTION), 2, "--connection"),
        (("--connection", "elsewhere"), 3, "elsewhere"),
    ],
)
def test_companies_that_cannot_be_given_change_nothing(
    house: House, given: tuple[str, ...], status: int, says: str
) -> None:
    house.terminal.run("user", "add", EMAIL, "--connection", CONNECTION)

    said = house.terminal.run("user", "companies", EMAIL, *given)

    eva = users.get(house.on.deployment.databases.main, EMAIL)
    assert eva is not None
    assert (said.status, eva.connections) == (status, (CONNECTION,))
    assert says in said.err


def test_a_removed_person_cannot_sign_in_and_what_they_did_stays_on_record(house: House) -> None:
    password = shown_password(house.terminal.run("user", "add", EMAIL).out)
    tasks.assign(house.on.deployment.databases.main, "key/company", CONNECTION, to=EMAIL, by=EMAIL)

    said = house.terminal.run("user", "remove", EMAIL)

    assert (said.status, said.out.strip()) == (0, f"{EMAIL} may not sign in any more.")
    assert not may_sign_in(house.terminal, password)
    assert tasks.decided(house.on.deployment.databases.main, None).owners == {"key/company": EMAIL}
    assert house.terminal.run("user", "remove", EMAIL).status == 3
    assert house.terminal.run("user", "add", EMAIL).status == 0
