"""Opening the deployment for a command, and choosing the connection it is about."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from connector.cli.private import keep_private
from connector.domain.errors import ConfigurationError, ConnectorError, Unavailable
from connector.flows.deployment import Deployment, open_deployment
from connector.settings import Settings, load_settings
from connector.store import connections
from connector.store.connections import StoredConnection

ENV_FILE = Path(".env")

_FOREIGN = ("alembic", "charset_normalizer", "psycopg", "pypdf", "requests", "sqlalchemy", "urllib3", "waitress.queue")
"""Loggers of libraries whose lines would show addresses with tokens, or statements with their values."""


def set_up_logging(settings: Settings) -> None:
    """Log to standard error at the deployment's level; the libraries' own loggers only what went wrong."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in (*_FOREIGN, "werkzeug"):
        logging.getLogger(name).setLevel(logging.ERROR)


def log_only_what_goes_wrong(settings: Settings) -> None:
    """Logging for a command that a person watches: only errors, unless the deployment asks for everything."""
    set_up_logging(settings)
    if settings.log_level != "DEBUG":
        logging.getLogger().setLevel(logging.ERROR)


def deployment_settings() -> Settings:
    """Return what the environment and `.env` say. Raises `ConfigurationError`, one sentence that names what is
    wrong.
    """
    try:
        return load_settings(ENV_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{ENV_FILE} cannot be read ({type(error).__name__}).") from None


def start_of_a_process(settings: Settings) -> None:
    """Do what a process that runs all the time does first: log, and keep its secrets from others on the machine.

    Raises `ConfigurationError` where others may read them and that cannot be fixed.
    """
    set_up_logging(settings)
    keep_private(ENV_FILE, str(ENV_FILE))
    if settings.database_url is None:
        keep_private(settings.data_dir, f"The folder in DATA_DIR ({settings.data_dir})")


@contextmanager
def opened(*, first: Callable[[Settings], None] = log_only_what_goes_wrong) -> Iterator[Deployment]:
    """The deployment that the environment and `.env` describe, closed again afterwards; `first` comes before.

    Raises what `first` does, and `ConfigurationError` or `Unavailable` for a database that cannot be used, now or
    later.
    """
    settings = deployment_settings()
    first(settings)
    try:
        deployment = _opened(settings)
        try:
            yield deployment
        finally:
            deployment.close()
    except SQLAlchemyError as error:
        raise _database_error(error, settings) from None


def _opened(settings: Settings) -> Deployment:
    if settings.database_url:
        _require_readable(settings.database_url)
    try:
        return open_deployment(settings)
    except OSError as error:
        raise ConfigurationError(
            f"The folder in DATA_DIR ({settings.data_dir}) cannot be made: {error.strerror or type(error).__name__}."
        ) from None
    except CommandError:
        raise ConfigurationError(
            "The database was last used by another, probably newer version of the connector.",
            advice="Start that version again, or restore the backup made before it.",
        ) from None


def _require_readable(url: SecretStr) -> None:
    try:
        make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "The setting DATABASE_URL is malformed.", advice="It is postgresql://user:password@host/name."
        ) from None


def _database_error(error: SQLAlchemyError, settings: Settings) -> ConnectorError:
    """The error in words. The statement and its values stand in SQLAlchemy's text, which is never shown."""
    cause = getattr(error, "orig", None)
    if settings.database_url is None:
        # SQLite's own texts name tables and files, never values.
        problem = str(cause) if cause else type(error).__name__
        return ConfigurationError(f"The database in DATA_DIR ({settings.data_dir}) cannot be used: {problem}.")
    # A statement was on its way: then the server's text may quote the row.
    says = "" if cause is None or getattr(error, "statement", None) else str(cause).strip().partition("\n")[0]
    return Unavailable(
        f"the database in DATABASE_URL does not answer as it should ({says or type(error).__name__}).",
        system="PostgreSQL",
        advice="Check that it runs, and the address, the user and the password in DATABASE_URL.",
    )


def chosen(deployment: Deployment, connection_id: str | None) -> StoredConnection:
    """The connection named, or the only one there is. Raises `ConfigurationError`."""
    if connection_id:
        return deployment.connection(connection_id)
    every = connections.every(deployment.databases.main, deployment.vault)
    if len(every) == 1:
        return every[0]
    if not every:
        raise ConfigurationError("No company is connected yet.", advice="`amili-connector connect` connects one.")
    names = ", ".join(connection.id for connection in every)
    raise ConfigurationError("Several companies are connected.", advice=f"Choose one with --connection: {names}.")
