"""People who may sign in: who they are, what they may see, and no password at rest."""

from __future__ import annotations

from datetime import date

import pytest

from connector.domain.errors import ConfigurationError
from connector.store import digests, users
from connector.store.database import Databases, reading
from connector.store.tables import users as table

PASSWORD = "canary-password-åäö"


@pytest.fixture
def eva(databases: Databases) -> users.User:
    """A person who may see one company."""
    return users.add(
        databases.main, email=" Eva@Bolaget.example ", name="Eva", password=PASSWORD, connections=("bolaget",)
    )


def test_the_right_password_gives_the_person(databases: Databases, eva: users.User) -> None:
    assert users.verify(databases.main, "eva@bolaget.example", PASSWORD) == eva
    assert users.verify(databases.main, "EVA@bolaget.example ", PASSWORD) == eva, "people type as they like"
    assert users.get(databases.main, "eva@bolaget.example") == eva
    assert (eva.email, eva.language, eva.connections) == ("eva@bolaget.example", "sv", ("bolaget",))


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), PASSWORD + " "])
def test_a_wrong_password_gives_nobody(databases: Databases, eva: users.User, password: str) -> None:
    assert users.verify(databases.main, eva.email, password) is None


@pytest.mark.parametrize("password", ["", "x", PASSWORD])
def test_an_unknown_address_gives_nobody(databases: Databases, eva: users.User, password: str) -> None:
    assert users.verify(databases.main, "olle@bolaget.example", password) is None
    assert users.get(databases.main, "olle@bolaget.example") is None


def test_only_a_hash_of_the_password_is_kept(databases: Databases, eva: users.User) -> None:
    with reading(databases.main) as connection:
        (row,) = connection.execute(table.select()).all()
    assert PASSWORD not in repr(row)
    assert row.password_hash.startswith("scrypt:")
    assert row.password_hash not in repr(eva)


def test_two_people_with_one_password_have_different_hashes(databases: Databases, eva: users.User) -> None:
    users.add(databases.main, email="olle@bolaget.example", name="Olle", password=PASSWORD, connections=())
    with reading(databases.main) as connection:
        hashes = connection.execute(table.select().with_only_columns(table.c.password_hash)).scalars().all()
    assert len(set(hashes)) == 2


def test_a_new_password_ends_the_old_one_and_its_sessions(databases: Databases, eva: users.User) -> None:
    before = users.get(databases.main, eva.email)
    users.set_password(databases.main, " EVA@bolaget.example", "another password")
    after = users.get(databases.main, eva.email)
    assert users.verify(databases.main, eva.email, PASSWORD) is None
    assert users.verify(databases.main, eva.email, "another password") == eva
    assert before is not None
    assert after is not None
    assert before.mark != after.mark


def test_an_address_is_taken_once(databases: Databases, eva: users.User) -> None:
    with pytest.raises(ConfigurationError, match="already a user"):
        users.add(databases.main, email="EVA@bolaget.example", name="Eve", password="x", connections=("*",))
    assert users.verify(databases.main, eva.email, PASSWORD) == eva


def test_a_removed_person_is_unknown_from_then_on(databases: Databases, eva: users.User) -> None:
    digests.begin(databases.main, eva.email, date(2026, 3, 2))

    users.remove(databases.main, " EVA@bolaget.example")

    assert users.get(databases.main, eva.email) is None
    assert users.verify(databases.main, eva.email, PASSWORD) is None
    assert digests.of_day(databases.main, date(2026, 3, 2)) == {}
    with pytest.raises(ConfigurationError, match="no user"):
        users.remove(databases.main, eva.email)


def test_a_password_for_an_unknown_address_is_refused(databases: Databases) -> None:
    with pytest.raises(ConfigurationError, match="no user"):
        users.set_password(databases.main, "olle@bolaget.example", "x")


def test_people_see_their_own_companies() -> None:
    assert users.User("e", "Eva", "sv", ("bolaget",)).may_use("bolaget")
    assert not users.User("e", "Eva", "sv", ("bolaget",)).may_use("annat-bolag")
    assert users.User("e", "Eva", "sv", (users.ALL_CONNECTIONS,)).may_use("annat-bolag")
    assert not users.User("e", "Eva", "sv").may_use("bolaget")
