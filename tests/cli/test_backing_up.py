"""`backup` and `restore`: what they do, what they refuse, and what they say of what is not in a backup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from connector.store import hand_overs, restores
from connector.store.restores import IN_A_BACKUP
from tests.cli.conftest import House
from tests.cli.terminal import Terminal
from tests.flows.stage import CONNECTION


def stored(house: House) -> int:
    return len(hand_overs.listing(house.on.deployment.databases.main, connection_id=CONNECTION))


def test_a_backup_is_made_and_put_back(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    house.on.deployment.close()
    made = house.terminal.run("backup", str(kept))
    assert made.status == 0, made.err
    assert "1 company, 0 hand-overs, 0 people" in made.out
    assert "Not among them: .env with its keys" in made.out
    secret = house.terminal.env["SECRET_KEYS"]
    assert not [file for file in kept.iterdir() if secret.encode() in file.read_bytes()]

    assert house.terminal.run("send", house.on.number(house.on.invoice()), "--yes").status == 0
    house.on.deployment.close()
    refused = house.terminal.run("restore", str(kept))
    assert (refused.status, refused.out) == (3, "")
    assert "--replace" in refused.err

    looked = house.terminal.run("restore", str(kept), "--check")
    assert looked.status == 0
    assert "The keys fit." in looked.out

    done = house.terminal.run("restore", str(kept), "--replace")
    assert done.status == 0, done.err
    assert "Put back: 1 company, 0 hand-overs" in done.out
    assert "What lay there is in" in done.out
    assert "nothing is sent before it is looked up what Amili has already" in done.out
    assert stored(house) == 0
    found = restores.last(house.on.deployment.databases.main)
    assert found is not None
    assert found.place == IN_A_BACKUP


def test_nothing_is_put_back_beside_a_process_that_is_at_work(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert house.terminal.run("backup", str(kept)).status == 0
    assert stored(house) == 0, "this process has the database open"

    said = house.terminal.run("restore", str(kept), "--replace")

    assert said.status == 3
    assert "is in use" in said.err
    assert "Stop it first" in said.err


def test_the_keys_of_another_deployment_are_refused(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert house.terminal.run("backup", str(kept)).status == 0
    house.on.deployment.close()

    said = house.terminal.run("restore", str(kept), "--check", env={"SECRET_KEYS": Fernet.generate_key().decode()})

    assert said.status == 3
    assert "SECRET_KEYS do not open" in said.err


def test_into_an_empty_folder_nothing_must_be_said(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert house.terminal.run("backup", str(kept)).status == 0

    done = house.terminal.run("restore", str(kept), "--json", env={"DATA_DIR": str(tmp_path / "elsewhere")})

    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert (told["connections"], told["moved_to"]) == (1, None)
    assert (tmp_path / "elsewhere" / "connector.db").exists()


def test_a_restore_by_other_means_is_said(house: House) -> None:
    house.on.deployment.close()
    said = house.terminal.run("restore", "--done-otherwise")
    assert said.status == 0, said.err
    assert "nothing is sent before" in said.out
    assert house.terminal.run("restore", "--done-otherwise", "x").status == 2
    assert house.terminal.run("restore").status == 2


@pytest.mark.parametrize(("command", "tool"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_on_postgresql_its_own_tools_are_named(terminal: Terminal, tmp_path: Path, command: str, tool: str) -> None:
    env = {
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SESSION_SECRET": "s" * 64,
        "DATABASE_URL": "postgresql://connector:canary-pa55@db.example/amili",
    }
    said = terminal.run(command, str(tmp_path / "kept"), env=env)

    assert said.status == 3
    assert tool in said.err
    assert "canary-pa55" not in said.err
