"""People who may sign in: who they are, what they may see, and no password at rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update
from werkzeug.security import generate_password_hash

from connector.domain.errors import ConfigurationError
from connector.store import digests, sessions, users
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
    assert row.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert row.password_hash not in repr(eva)


def test_two_people_with_one_password_have_different_hashes(databases: Databases, eva: users.User) -> None:
    users.add(databases.main, email="olle@bolaget.example", name="Olle", password=PASSWORD, connections=())
    with reading(databases.main) as connection:
        hashes = connection.execute(table.select().with_only_columns(table.c.password_hash)).scalars().all()
    assert len(set(hashes)) == 2


BEFORE = {
    "scrypt": generate_password_hash(PASSWORD, method="scrypt:1024:8:1"),
    "pbkdf2": generate_password_hash(PASSWORD, method="pbkdf2:sha256:1000"),
}
"""What earlier releases kept of `PASSWORD`, made quicker."""


def kept_hash(databases: Databases, email: str) -> str:
    with reading(databases.main) as connection:
        return str(connection.execute(select(table.c.password_hash).where(table.c.email == email)).scalar_one())


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_a_hash_of_an_earlier_release_opens_and_is_replaced_by_the_right_password_alone(
    databases: Databases, eva: users.User, before: str
) -> None:
    with databases.main.begin() as connection:
        connection.execute(update(table).values(password_hash=before))

    assert users.verify(databases.main, eva.email, "wrong") is None
    assert users.verify(databases.main, "nobody@bolaget.example", PASSWORD) is None
    assert kept_hash(databases, eva.email) == before

    assert users.verify(databases.main, eva.email, PASSWORD) == eva
    after = kept_hash(databases, eva.email)
    assert after.startswith("$argon2id$")
    assert users.verify(databases.main, eva.email, PASSWORD) == eva
    assert kept_hash(databases, eva.email) == after, "what is new is left alone"
    assert users.verify(databases.main, eva.email, "wrong") is None


def test_what_is_no_hash_opens_to_nobody(databases: Databases, eva: users.User) -> None:
    for kept in ("", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$$"):
        with databases.main.begin() as connection:
            connection.execute(update(table).values(password_hash=kept))
        assert users.verify(databases.main, eva.email, kept) is None


def test_a_new_password_ends_the_old_one_and_its_sessions(databases: Databases, eva: users.User) -> None:
    olle = users.add(databases.main, email="olle@bolaget.example", name="Olle", password=PASSWORD, connections=())
    session, other = (sessions.begin(databases.main, one.email, idle_s=60.0) for one in (eva, olle))
    users.set_password(databases.main, " EVA@bolaget.example", "another password")
    assert users.verify(databases.main, eva.email, PASSWORD) is None
    assert users.verify(databases.main, eva.email, "another password") == eva
    assert sessions.holder(databases.main, session, idle_s=60.0) is None
    assert sessions.holder(databases.main, other, idle_s=60.0) == olle.email


def test_an_address_is_taken_once(databases: Databases, eva: users.User) -> None:
    with pytest.raises(ConfigurationError, match="already a user"):
        users.add(databases.main, email="EVA@bolaget.example", name="Eve", password="x", connections=("*",))
    assert users.verify(databases.main, eva.email, PASSWORD) == eva


def test_a_removed_person_is_unknown_from_then_on(databases: Databases, eva: users.User) -> None:
    digests.begin(databases.main, eva.email, date(2026, 3, 2))
    session = sessions.begin(databases.main, eva.email, idle_s=60.0)

    users.remove(databases.main, " EVA@bolaget.example")

    assert users.get(databases.main, eva.email) is None
    assert users.verify(databases.main, eva.email, PASSWORD) is None
    assert digests.of_day(databases.main, date(2026, 3, 2)) == {}
    assert sessions.holder(databases.main, session, idle_s=60.0) is None
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


def test_a_language_is_chosen_for_a_person_or_by_them(databases: Databases) -> None:
    unasked = users.add(databases.main, email="a@bolaget.example", name="A", password=PASSWORD, connections=())
    named = users.add(
        databases.main, email="b@bolaget.example", name="B", password=PASSWORD, connections=(), language="sv"
    )
    assert [(one.language, one.language_chosen) for one in (unasked, named)] == [("sv", False), ("sv", True)]
    assert users.every(databases.main) == (unasked, named)
    users.choose_language(databases.main, "A@bolaget.example", "en")
    changed = users.get(databases.main, unasked.email)
    assert changed == replace(unasked, language="en", language_chosen=True)
    with pytest.raises(ConfigurationError, match=r"nobody@bolaget\.example"):
        users.choose_language(databases.main, "nobody@bolaget.example", "en")
