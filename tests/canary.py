"""Canaries: fixed secrets and personal numbers that the tests use, and a watch that fails a test which lets one out.

What may be where:

- a debtor's personal number: in the ledger's answers, the body of a registration sent to Amili, and the registration
  that `map` prints;
- a key or code (the ledger's, Amili's), an access token, the signed token: in headers of requests to their own system;
- the private key, a stored key, code or token: in the store, encrypted;
- a webhook token: in the ledger, in the address that `connect` prints once, and in the store, as a digest;
- the secrets of `.env`: there, and in the environment.

Nowhere else: no log line or exception in it, nothing on standard output or error, no page or header of an answer, no
byte of the databases (the store, the inbox, the engine), whether SQLite or PostgreSQL.

This module is a plugin of pytest. After every test it looks at what the test logged, on every logger, with texts and
traces of exceptions; at what it and its processes wrote to standard output and error; and at the databases, logs and
answers of commands that it left in its folder. `tests.flows.stage` looks at its databases, `tests.web.visitor` at
pages.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import Engine, MetaData, inspect, select
from werkzeug.test import TestResponse

PERSON = "19900101-1239"
"""The personal number of the private person in ledgers and claims."""

LEDGER_KEY = "canary-ledger-key-0f3c5a9d7e"
API_CODE = "canary-api-code-4b1e8d2f"
CLIENT_SECRET = "canary-client-secret-7d2e9b6a41"
LIFE_CYCLE_SECRET = "canary-life-cycle-secret-3a8c5e1f90"

_PEOPLE = (PERSON, "19811218-9876")
_BETWEEN = r"\s{0,3}(?:[-+\u2010-\u2015\u2212\u00ad./]|%2[Dd]|%E2%80%9[0-5]|\\u201[0-5])?\s{0,3}"
_SIGNS = {
    "a personal number": tuple(
        ((number[2:8], number[-4:]), rf"(?:{number[:2]})?{number[2:8]}{_BETWEEN}{number[-4:]}") for number in _PEOPLE
    ),
    "a canary": ((("canary-",), r"canary-[a-z]"),),
    "a private key": (
        (("AgEAMBMGByqGSM49AgEGCCqGSM49AwEHB",), r"MI[GI][A-Za-z0-9+/]{1,4}AgEAMBMGByqGSM49AgEGCCqGSM49AwEHB"),
        (("PRIVATE KEY",), r"BEGIN (?:EC )?PRIVATE KEY"),
    ),
    "a signed token": ((("eyJ",), r"eyJ[\w-]{8,}\.[\w-]{8,}"),),
    "a bearer token": ((("bearer",), r"(?i:bearer)\s+(?!•)[\w.~+/-]{8,}"),),
}
"""What each kind looks like: patterns, each with parts that stand in every match, in small or in capital letters.

Those parts are looked for first, because a pattern takes its time on databases of megabytes.
"""
_PATTERNS = [
    (kind, tuple(part.lower().encode("ascii") for part in parts), re.compile(pattern))
    for kind, signs in _SIGNS.items()
    for parts, pattern in signs
]
_LEFT_BEHIND = ("*.db", "*.db-wal", "*.log", "log", "*.out", "*.err")
_planted: dict[str, str] = {}


def leaks(text: str) -> list[str]:
    """What in `text` must not be there, by its kind and never by itself, so that a report leaks nothing either."""
    small = text.encode("utf-8", "replace").lower()
    found = {
        kind for kind, parts, pattern in _PATTERNS if all(part in small for part in parts) and pattern.search(text)
    }
    found |= {kind for value, kind in _planted.items() if value in text}
    return sorted(found)


@contextmanager
def planted(secrets: Mapping[str, str | SecretStr]) -> Iterator[None]:
    """Watch for `secrets` too, made for one test, by what each of them is. Short ones say nothing and are refused."""
    values = {
        value.get_secret_value() if isinstance(value, SecretStr) else value: kind for kind, value in secrets.items()
    }
    if short := [kind for value, kind in values.items() if len(value) < 12]:
        raise ValueError(f"too short to be watched for: {', '.join(short)}")
    _planted.update(values)
    try:
        yield
    finally:
        for value in values:
            _planted.pop(value, None)


def body_of(private_key: SecretStr) -> str:
    """The middle of a private key in PEM, without the lines that every key has."""
    return private_key.get_secret_value().splitlines()[2]


def leaks_in_files(folder: Path) -> list[str]:
    """Which databases, logs and answers of commands below `folder` hold what they must not."""
    paths = sorted({path for pattern in _LEFT_BEHIND for path in folder.rglob(pattern) if path.is_file()})
    return [
        f"{kind} in {path.relative_to(folder)}"
        for path in paths
        for kind in leaks(path.read_bytes().decode("utf-8", "replace"))
    ]


def leaks_in_tables(db: Engine) -> list[str]:
    """Which tables of a database hold what they must not, the engine's own included."""
    found = []
    with db.connect() as connection:
        for schema in inspect(connection).get_schema_names():
            if schema == "information_schema":
                continue
            known = MetaData()
            known.reflect(connection, schema=schema)
            for table in known.sorted_tables:
                text = "\n".join(str([_readable(cell) for cell in row]) for row in connection.execute(select(table)))
                found += [f"{kind} in {table.fullname}" for kind in leaks(text)]
    return found


def _readable(cell: object) -> object:
    return bytes(cell).decode("utf-8", "replace") if isinstance(cell, (bytes, memoryview)) else cell


class WatchedClient(FlaskClient):
    """A client of the pages that reads every answer for what must not be in it."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Ask, and fail if body or headers of the answer give something away."""
        response = super().open(*arguments, **options)
        # An answer may name its own address, which its reader typed: the link to the other language does.
        own = response.request.path
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
        assert leaks(headers.replace(own, "").replace(quote(own, safe=""), "")) == []
        assert leaks(response.get_data(as_text=True).replace(own, "")) == []
        return response


class _Watch(logging.Handler):
    """Reads every log record, formatted as a log would show it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found += [f"{kind} in a log line of {record.name}" for kind in leaks(self.format(record))]


_WATCH = pytest.StashKey[_Watch]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hear every logger for the whole of a test, and our own down to DEBUG."""
    watch = item.stash[_WATCH] = _Watch()
    ours = logging.getLogger("connector")
    level = ours.level
    logging.getLogger().addHandler(watch)
    ours.setLevel(logging.DEBUG)
    try:
        return (yield)
    finally:
        ours.setLevel(level)
        logging.getLogger().removeHandler(watch)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After a test, fail it if it let something out."""
    report = yield
    if report.when == "teardown":
        found = list(item.stash[_WATCH].found)
        found += [f"{kind} in {name}" for name, text in report.sections for kind in leaks(text)]
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(folder, Path) and folder.is_dir():
            found += leaks_in_files(folder)
        told = "what must not get out got out: " + "; ".join(dict.fromkeys(found))
        if found and report.failed:
            report.sections.append(("Canaries", told))
        elif found:
            report.outcome = "failed"
            report.longrepr = told
    return report
