"""Opening the deployment for a command, and choosing the connection it is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment, open_deployment
from connector.settings import Settings, load_settings
from connector.store import connections
from connector.store.connections import StoredConnection

ENV_FILE = Path(".env")


def set_up_logging(settings: Settings) -> None:
    """Log to standard error; the HTTP libraries' own logs would show addresses with tokens and stay off."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in ("urllib3", "requests", "waitress.queue", "werkzeug", "alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def opened(*, logs: bool = False) -> Iterator[Deployment]:
    """The deployment that the environment and `.env` describe, closed again afterwards."""
    settings = load_settings(ENV_FILE)
    if logs:
        set_up_logging(settings)
    deployment = open_deployment(settings)
    try:
        yield deployment
    finally:
        deployment.close()


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
