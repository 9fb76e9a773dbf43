"""`init` and `user`: the first commands on a new machine."""

from __future__ import annotations

import re
import stat

import pytest
from cryptography.fernet import Fernet

from connector.store import users
from connector.store.database import open_databases
from tests.cli.terminal import Terminal

EMAIL = "eva@byran.example"


def shown_password(out: str) -> str:
    (password,) = re.findall(r"Password, shown once: (\S+)", out)
    return str(password)


def may_sign_in(terminal: Terminal, password: str, email: str = EMAIL) -> bool:
    databases = open_databases(data_dir=terminal.folder / "data", database_url=None)
    try:
        return users.verify(databases.main, email, password) is not None
    finally:
        databases.dispose()


def test_init_writes_secrets_that_only_the_owner_may_read(terminal: Terminal) -> None:
    assert terminal.run("init").status == 0
    file = terminal.folder / ".env"
    written = dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert written.keys() == {"SECRET_KEYS", "SESSION_SECRET"}
    Fernet(written["SECRET_KEYS"])
    assert len(written["SESSION_SECRET"]) >= 64


def test_two_inits_share_no_secret(terminal: Terminal) -> None:
    terminal.run("init")
    first = set((terminal.folder / ".env").read_text(encoding="utf-8").splitlines())
    (terminal.folder / ".env").unlink()
    terminal.run("init")
    second = set((terminal.folder / ".env").read_text(encoding="utf-8").splitlines())

    assert not [line for line in first & second if not line.startswith("#")]


def test_init_prints_no_secret(terminal: Terminal) -> None:
    said = terminal.run("init")
    secrets = re.findall(r"=(.+)$", (terminal.folder / ".env").read_text(encoding="utf-8"), re.MULTILINE)

    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in said.out + said.err]


def test_init_never_overwrites(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("SECRET_KEYS=kept\n", encoding="utf-8")
    said = terminal.run("init", "--email", EMAIL)

    assert said.status == 3
    assert said.sentence.startswith(".env exists already")
    assert (terminal.folder / ".env").read_text(encoding="utf-8") == "SECRET_KEYS=kept\n"
    assert not (terminal.folder / "data").exists()


def test_init_follows_no_link(terminal: Terminal) -> None:
    (terminal.folder / ".env").symlink_to(terminal.folder / "elsewhere")
    said = terminal.run("init")

    assert said.status == 3
    assert not (terminal.folder / "elsewhere").exists()


def test_init_with_an_address_enters_the_first_user_and_shows_the_password_once(terminal: Terminal) -> None:
    said = terminal.run("init", "--email", EMAIL)
    password = shown_password(said.out)

    assert said.status == 0
    assert said.out.count(password) == 1
    assert may_sign_in(terminal, password)


@pytest.mark.parametrize("address", ["eva", "eva@", "@byran.example", "eva lund@byran.example", "eva@byran"])
def test_what_is_no_address_is_refused_before_anything_is_written(terminal: Terminal, address: str) -> None:
    said = terminal.run("init", "--email", address)

    assert said.status == 2
    assert "no e-mail address" in said.err
    assert not (terminal.folder / ".env").exists()


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
    assert said.sentence == "There is no user nobody@byran.example."


def test_a_user_of_a_company_that_is_not_connected(terminal: Terminal) -> None:
    terminal.run("init")
    said = terminal.run("user", "add", EMAIL, "--connection", "bolaget")

    assert said.status == 3
    assert "bolaget" in said.sentence
    assert terminal.run("user", "password", EMAIL).status == 3
