"""`init`: the first command on a new machine."""

from __future__ import annotations

import re
import stat

import pytest
from cryptography.fernet import Fernet

from tests.cli.people import EMAIL, may_sign_in, shown_password
from tests.cli.terminal import Terminal


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
    secrets = re.findall(r"^\w+=(.+)$", (terminal.folder / ".env").read_text(encoding="utf-8"), re.MULTILINE)

    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in said.out + said.err]


def test_init_names_what_a_proxy_in_front_needs(terminal: Terminal) -> None:
    said = terminal.run("init")

    assert "TRUSTED_PROXY" in said.out
    assert re.findall(r"^# (TRUSTED_PROXY|PUBLIC_URL)=", (terminal.folder / ".env").read_text("utf-8"), re.MULTILINE)


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
