"""`reseal`: a key that has been replaced can be given up."""

from __future__ import annotations

from cryptography.fernet import Fernet

from tests.cli.conftest import House


def test_after_a_new_key_the_old_one_can_be_removed(house: House) -> None:
    old, new = house.terminal.env["SECRET_KEYS"], Fernet.generate_key().decode()

    early = house.terminal.run("check", env={"SECRET_KEYS": new})
    said = house.terminal.run("reseal", env={"SECRET_KEYS": f"{new},{old}"})
    late = house.terminal.run("check", env={"SECRET_KEYS": new})

    assert (early.status, said.status, late.status) == (3, 0, 0), (early.err, said.err, late.err)
    assert "SECRET_KEYS" in early.err
    assert "sealed under the newest key" in said.out
    assert new not in said.out + said.err
