"""A missing or malformed setting stops the start with one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.domain.errors import ConfigurationError
from connector.settings import load_settings, setting_fields
from tests.cli.terminal import Terminal

GOOD = {"SECRET_KEYS": f"{'k' * 43}=", "SESSION_SECRET": "s" * 64}
MALFORMED = {
    "SECRET_KEYS": ["", ",", "not-a-key", f"{GOOD['SECRET_KEYS']},short"],
    "SESSION_SECRET": ["", "short"],
    "PUBLIC_URL": [
        "ftp://company.example",
        "company.example",
        "https://",
        "https://company.example/inkasso",
        "https://company.example/inkasso/",
        "https://company.example//a/b",
        "https://company.example/?of=us",
        "https://company.example?",
        "https://company.example#here",
        "https://user:secret@company.example",
    ],
    "LISTEN": ["8080", ":8080", "127.0.0.1:http", "127.0.0.1:0", "127.0.0.1:65536"],
    "DATA_DIR": ["file/data"],
    "DATABASE_URL": ["mysql://user@host/name", "host/name", "postgresql://host:port/name"],
    "AMILI_SANDBOX_URL": ["api-sandbox.amili.se"],
    "AMILI_PRODUCTION_URL": ["production", "http://api.amili.example"],
    "FORTNOX_CLIENT_ID": ["an id", "id-without-a-secret"],
    "FORTNOX_CLIENT_SECRET": ["a secret", "secret-without-an-id"],
    "FORTNOX_WEBHOOK_SECRET": ["a secret"],
    "FORTNOX_AUTHORISATION_URL": ["apps.fortnox.se"],
    "FORTNOX_API_URL": ["api.fortnox.se", "https://"],
    "FORTNOX_EVENTS_URL": ["https://ws.fortnox.se/topics-v1"],
    "FORTNOX_RECEIPTS": ["perhaps"],
    "SMTP_HOST": ["host-without-a-sender"],
    "SMTP_PORT": ["0", "65536", "smtp"],
    "SMTP_USER": ["user-without-a-password"],
    "SMTP_PASSWORD": ["password-without-a-user"],
    "SMTP_SECURITY": ["ssl", ""],
    "MAIL_FROM": ["sender", "a@b.example, c@d.example", "Amili <a@b.example>"],
    "DIGEST_HOUR": ["24", "-1", "early"],
    "RECONCILE_HOUR": ["24", "-1", "late"],
    "TRUSTED_PROXY": ["proxy.example", "10.0.0"],
    "SESSION_IDLE_S": ["0", "59", "soon"],
    "WORKER_CONCURRENCY": ["0", "65", "many", "1.5"],
    "CONNECTION_CONCURRENCY": ["0", "65", "few"],
    "CONNECT_TIMEOUT_S": ["0", "-1", "soon"],
    "READ_TIMEOUT_S": ["0", "never"],
    "ATTEMPT_S": ["0", "long"],
    "SETTLE_S": ["0", "35", "a while"],
    "PAGE_WAIT_S": ["0", "soon"],
    "STOP_WAIT_S": ["-1", "601", "soon"],
    "POLL_INTERVAL_S": ["0", "often"],
    "CASES_INTERVAL_S": ["0", "daily"],
    "RETENTION_DAYS": ["0", "ever"],
    "ALLOW_PRIVATE_ADDRESSES": ["perhaps"],
    "LOG_LEVEL": ["LOUD", "debug"],
}
REQUIRED = [name.upper() for name, field in setting_fields().items() if field.is_required()]


def test_every_setting_is_tried() -> None:
    assert {name.lower() for name in MALFORMED} == set(setting_fields())


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_is_named(terminal: Terminal, name: str) -> None:
    env = {other: value for other, value in GOOD.items() if other != name}
    said = terminal.run("list", env=env)

    assert said.status == 3
    assert said.out == ""
    assert said.sentence == f"The setting {name} is missing; `amili-connector init` writes a .env with fresh secrets."


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values])
def test_a_malformed_setting_is_named(terminal: Terminal, name: str, value: str) -> None:
    (terminal.folder / "file").touch()
    said = terminal.run("list", env=GOOD | {name: value})

    assert said.status == 3
    assert said.out == ""
    assert name in said.sentence
    assert GOOD["SECRET_KEYS"] not in said.err


@pytest.mark.parametrize("url", ["https://company.example", "https://company.example/", "http://127.0.0.1:8080/"])
def test_the_address_of_a_whole_server_is_taken(terminal: Terminal, url: str) -> None:
    assert terminal.run("list", env=GOOD | {"PUBLIC_URL": url}).status == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_starts_with_a_malformed_setting(terminal: Terminal, command: str) -> None:
    said = terminal.run(command, env=GOOD | {"SETTLE_S": "1"})

    assert said.status == 3
    assert "SETTLE_S" in said.sentence


def test_the_environment_wins_over_the_file(terminal: Terminal) -> None:
    terminal.run("init")
    with (terminal.folder / ".env").open("a", encoding="utf-8") as file:
        file.write("RETENTION_DAYS=ever\n")

    assert terminal.run("list").status == 3
    assert terminal.run("list", env={"RETENTION_DAYS": "30"}).status == 0


def test_a_file_that_is_no_text(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_bytes(b"SECRET_KEYS=\xff\xfe\n")
    said = terminal.run("list")

    assert said.status == 3
    assert said.sentence.startswith(".env cannot be read")


SECRET = "canary-pa55word"
DATABASE = f"postgresql://user:{SECRET}@db.example/name"
SLIPS = {
    f"DATABASE_URL='{DATABASE}": "quote",
    f'DATABASE_URL="{DATABASE}': "quote",
    f"DATABASE_URL='{DATABASE}\nSMTP_HOST='": "quote",
    f"DATABASE_URL='{DATABASE}' and more": "quote",
    f"DATABASE_URL: {DATABASE}": "NAME=VALUE",
    f"DATABASE_URL:{DATABASE}": "NAME=VALUE",
    f"DATABASE_URL:={DATABASE}": "NAME=VALUE",
    f"DATABASE_URL {DATABASE}": "NAME=VALUE",
    f"DATABASE-URL={DATABASE}": "NAME=VALUE",
    f"{DATABASE}": "NAME=VALUE",
    "DATABASE_URL": "NAME=VALUE",
    f"DATABSE_URL={DATABASE}": "DATABASE_URL is probably meant",
    f"DATABASE_URI={DATABASE}": "DATABASE_URL is probably meant",
    f"DATABASE_ULR={DATABASE}": "DATABASE_URL is probably meant",
    f"export DATABASES_URL={DATABASE}": "DATABASE_URL is probably meant",
    "DATA_DIR=${HOME}/data": "single quotes",
    f'SMTP_PASSWORD="{SECRET}${{x}}"': "single quotes",
    f'SMTP_PASSWORD="{SECRET}\\n"': "line break",
}


@pytest.mark.parametrize("before", ["", "\n\n# a remark\n\n"])
@pytest.mark.parametrize("line", SLIPS)
def test_a_line_that_cannot_be_read_stops_the_start(tmp_path: Path, line: str, before: str) -> None:
    file = tmp_path / ".env"
    secrets = "".join(f"{name}={value}\n" for name, value in GOOD.items())
    file.write_text(f"{secrets}{before}{line}\nRETENTION_DAYS=30\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)
    said = f"{caught.value.message} {caught.value.advice}"
    assert f"{file} cannot be read: line {7 if before else 3} " in said
    assert SLIPS[line] in said
    assert "canary" not in said
    assert "user" not in said


@pytest.mark.parametrize(
    ("line", "password"),
    [
        ("SMTP_PASSWORD='pa${x}ss'", "pa${x}ss"),
        ("SMTP_PASSWORD = 'pa${HOME}ss'  # a remark", "pa${HOME}ss"),
        ("SMTP_PASSWORD=pa$xss", "pa$xss"),
        ('SMTP_PASSWORD="pa #ss"', "pa #ss"),
        ("SMTP_PASSWORD=pa#ss", "pa#ss"),
        (r"SMTP_PASSWORD='pa\'ss\\'", "pa'ss\\"),
        ('SMTP_PASSWORD=pa"ss', 'pa"ss'),
        ("export SMTP_PASSWORD=passé\r", "passé"),
        ("DATABASE_USER=of-another-program\nFOO=\nSMTP_PASSWORD=first\nsmtp_password=pass", "pass"),
    ],
)
def test_a_value_is_read_as_it_is_written(tmp_path: Path, line: str, password: str) -> None:
    file = tmp_path / ".env"
    lines = [*(f"{name}={value}" for name, value in GOOD.items()), "SMTP_USER=us", line, ""]
    file.write_text("\ufeff" + "\n".join(lines), encoding="utf-8", newline="")
    read = load_settings(file)
    assert read.smtp_password is not None
    assert read.smtp_password.get_secret_value() == password


def test_a_file_with_a_slip_starts_nothing(terminal: Terminal) -> None:
    terminal.run("init")
    written = (terminal.folder / ".env").read_text(encoding="utf-8").count("\n")
    with (terminal.folder / ".env").open("a", encoding="utf-8") as file:
        file.write(f"DATABASE_URL='{DATABASE}\n")
    said = terminal.run("list")
    assert said.status == 3
    assert said.sentence.startswith(f".env cannot be read: line {written + 1} ")
    assert "canary" not in said.out + said.err
    assert not (terminal.folder / "data").exists()
